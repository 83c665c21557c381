"""One thread, busy at depth 30; says 20 times a second how many loops it has done.

Each line is the time of CLOCK_MONOTONIC in nanoseconds, which other processes can compare with their own, and
the loops so far.
"""

import os
import time

DEPTH = 30
REPORT_NS = 50_000_000


def work():
    total = 0
    for number in range(400):
        total += number * number
    return total


def descend(depth):
    # The depth counts <module>, run, this function's calls and work.
    if depth == 0:
        return work()
    return descend(depth - 1)


def run():
    parent = os.getppid()
    loops = 0
    next_report = 0
    while True:
        now = time.monotonic_ns()
        if now >= next_report:
            print(now, loops, flush=True)
            next_report = now + REPORT_NS
            if os.getppid() != parent:  # whoever started this has gone
                return
        descend(DEPTH - 4)
        loops += 1


run()
