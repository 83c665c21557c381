"""Four functions that take 50, 30, 15 and 5 % of the program's CPU time, as the program itself measures it.

With the argument "threads", each function has a thread of its own, and they compete for the GIL.

Each line is the time of CLOCK_MONOTONIC in nanoseconds, which other processes can compare with their own,
the calls so far, and the CPU time that each function has had so far, in nanoseconds.
"""

import os
import random
import sys
import threading
import time

SHARES = (50, 30, 15, 5)
REPORT_NS = 50_000_000
# A call lasts this long. A sampler at 1,000 Hz meets most calls once or twice, or not at all.
SLICE_MS = (1, 3)
# In threads: how far a function may be ahead of its share. So far, it competes with the others.
AHEAD_NS = 5_000_000

FUNCTION = """
def share_{0}(count):
    total = 0
    for number in range(count):
        total += number * number
    return total
"""

for share in SHARES:
    exec(compile(FUNCTION.format(share), "known_shares.py", "exec"))
functions = [globals()["share_%d" % share] for share in SHARES]
spent = [0] * len(SHARES)
calls = [0] * len(SHARES)


def loops_per_ms():
    fastest = float("inf")
    for _ in range(5):
        started = time.thread_time_ns()
        functions[0](20_000)
        fastest = min(fastest, time.thread_time_ns() - started)
    return 20_000 / fastest * 1_000_000


LOOPS_PER_MS = loops_per_ms()


def call(index):
    count = int(LOOPS_PER_MS * random.uniform(*SLICE_MS))
    # The thread's own time: neither other programs nor a stop by a profiler count.
    started = time.thread_time_ns()
    functions[index](count)
    spent[index] += time.thread_time_ns() - started
    calls[index] += 1


def report():
    print(time.monotonic_ns(), sum(calls), *spent, flush=True)


def run_in_turn():
    parent = os.getppid()
    # Shuffled like cards: no sampler keeps step with it, and the shares hold for every short while.
    deck = [index for index, share in enumerate(SHARES) for _ in range(share // 5)]
    next_report = 0
    while True:
        random.shuffle(deck)
        for index in deck:
            if time.monotonic_ns() >= next_report:
                report()
                next_report = time.monotonic_ns() + REPORT_NS
                if os.getppid() != parent:  # whoever started this has gone
                    return
            call(index)


def run_one(index):
    while True:
        # By the CPU time of all: a target that is slowed down keeps its shares.
        if spent[index] - sum(spent) * SHARES[index] / 100 > AHEAD_NS:
            time.sleep(0.002)
        else:
            call(index)


def run_in_threads():
    parent = os.getppid()
    for index in range(len(SHARES)):
        threading.Thread(target=run_one, args=(index,), daemon=True).start()
    while os.getppid() == parent:
        report()
        time.sleep(REPORT_NS / 1e9)


if sys.argv[1:] == ["threads"]:
    run_in_threads()
else:
    run_in_turn()
