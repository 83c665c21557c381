"""Many short functions that are first called when the recording has been going on for a while.

One function has most of the time, the others equal small parts of it: argv[1] is the CPU time of all, in seconds.
"""

import sys
import time


def early(until):
    while time.process_time() < until:
        pass


def common():
    total = 0
    for number in range(400):
        total += number
    return total


def define(name):
    scope = {}
    exec(f"def {name}():\n    total = 0\n    for number in range(200):\n        total += number\n    return total\n", scope)
    return scope[name]


LATE = [define(f"late_{index}") for index in range(12)]


def in_turn():
    for late in LATE:
        common()
        late()


def main():
    end = time.process_time() + float(sys.argv[1])
    early(end - float(sys.argv[1]) * 0.75)
    while time.process_time() < end:
        in_turn()


main()
