"""Two phases in turn, each of some 0.15 ms: `calls` does nothing but call tiny functions, `loop` calls none.

A profiler reads the first one badly: its stack changes while it is read. If it drops such reads, or puts what
comes right after in their place, it sees too little of `calls`.

Times are wall time: what interrupts a phase, be it other programs or a profiler, belongs to it.

Each line is the time of CLOCK_MONOTONIC in nanoseconds, which other processes can compare with their own,
the rounds so far, and the time so far of each phase.
"""

import os
import time

REPORT_NS = 50_000_000
PHASE_NS = 150_000
TREES = 20

# Three levels of calls, each of them known by its caller only.
TREE = """
def leaf_{0}(number):
    return number + 1

def middle_{0}(number):
    return leaf_{0}(number) + leaf_{0}(number)

def top_{0}(number):
    return middle_{0}(number) + leaf_{0}(number)
"""

for tree in range(TREES):
    exec(compile(TREE.format(tree), "short_phases.py", "exec"))
tops = [globals()["top_%d" % tree] for tree in range(TREES)]

now_ns = time.perf_counter_ns


def calls(count):
    for _ in range(count):
        for top in tops:
            top(count)


def loop(count):
    total = 0
    for number in range(count):
        total += number * number
    return total


def count_for(phase, count):
    fastest = float("inf")
    for _ in range(50):
        started = now_ns()
        phase(count)
        fastest = min(fastest, now_ns() - started)
    return max(1, round(count * PHASE_NS / fastest))


def run():
    parent = os.getppid()
    calls_count, loop_count = count_for(calls, 5), count_for(loop, 1000)
    rounds = calls_ns = loop_ns = 0
    next_report = 0
    while True:
        now = time.monotonic_ns()
        if now >= next_report:
            print(now, rounds, calls_ns, loop_ns, flush=True)
            next_report = now + REPORT_NS
            if os.getppid() != parent:  # whoever started this has gone
                return
        for _ in range(20):
            started = now_ns()
            calls(calls_count)
            between = now_ns()
            loop(loop_count)
            calls_ns += between - started
            loop_ns += now_ns() - between
            rounds += 1


run()
