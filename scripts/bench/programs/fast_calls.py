"""Calls of microseconds: `call_all` calls one function of 20 µs, with about 64 % of the time, and six others.

These take 0.5 to 3 µs. A profiler that drops or repeats reads during which the program went on sees too
much of the slow one.

Times are taken with a clock that needs no system call: at those a program is interrupted more often than
elsewhere. Whatever was interrupted, be it by other programs or by a profiler that stops this one, counts as
usual, so that the times are those that the program itself needs.

Each line is the time of CLOCK_MONOTONIC in nanoseconds, which other processes can compare with their own,
the rounds so far, and the time so far of the slow function and of everything else in `call_all`.
"""

import os
import time

REPORT_NS = 50_000_000
SLOW_NS = 20_000
FAST_NS = (500, 1_000, 1_500, 2_000, 2_500, 3_000)
ROUNDS = 200
# What takes so much longer than usual was interrupted.
INTERRUPTED_NS = 2_000

FUNCTION = """
def {0}(count):
    total = 0
    for number in range(count):
        total += number * number
    return total
"""

NAMES = ["slow", *("fast_%d" % ns for ns in FAST_NS)]
for name in NAMES:
    exec(compile(FUNCTION.format(name), "fast_calls.py", "exec"))

now_ns = time.perf_counter_ns


def empty(count):
    return count


def fastest_ns(function, count):
    """The time of one call, without what it takes to look at the clock."""
    calls = range(50)
    fastest = float("inf")
    for _ in range(20):
        started = now_ns()
        for _ in calls:
            function(count)
        fastest = min(fastest, now_ns() - started)
    return fastest / len(calls)


def count_for(function, ns):
    least = fastest_ns(function, 0)
    count = 100
    for _ in range(3):  # a loop of small numbers is a little faster than one that goes further
        count = max(1, round(count * (ns - least) / (fastest_ns(function, count) - least)))
    return count


def median(values):
    return sorted(values)[len(values) // 2]


def call_all(counts, times):
    a, b, c, d, e, f, g = counts
    note = times.append
    for _ in range(ROUNDS):
        note(now_ns())
        slow(a)
        note(now_ns())
        fast_500(b)
        fast_1000(c)
        fast_1500(d)
        fast_2000(e)
        fast_2500(f)
        fast_3000(g)


def without_interruptions(times):
    usual = median(times)
    return sum(took if took < usual + INTERRUPTED_NS else usual for took in times)


def overhead_ns():
    """The part of what is measured around the slow function in which that function does not run."""
    global slow
    real, slow = slow, empty
    times = []
    for _ in range(50):
        call_all(COUNTS, times)
    slow = real
    return median([after - before for before, after in zip(times[::2], times[1::2])])


COUNTS = [count_for(globals()[name], ns) for name, ns in zip(NAMES, (SLOW_NS, *FAST_NS))]
OVERHEAD_NS = overhead_ns()


def run():
    parent = os.getppid()
    rounds = slow_ns = other_ns = 0
    next_report = 0
    while True:
        now = time.monotonic_ns()
        if now >= next_report:
            print(now, rounds, round(slow_ns), round(other_ns), flush=True)
            next_report = now + REPORT_NS
            if os.getppid() != parent:  # whoever started this has gone
                return
        times = []
        call_all(COUNTS, times)
        took = [after - before for before, after in zip(times, times[1:])]
        slow_ns += without_interruptions(took[::2]) - ROUNDS * OVERHEAD_NS
        other_ns += without_interruptions(took[1::2]) * ROUNDS / (ROUNDS - 1) + ROUNDS * OVERHEAD_NS
        rounds += ROUNDS


run()
