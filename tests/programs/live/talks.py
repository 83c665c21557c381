"""Prints to both streams, computes for a time, and ends with code 3: python talks.py [SECONDS]."""

import sys
import time


def compute(end):
    total = 0
    while time.monotonic() < end:
        total += 1
    return total


def main():
    print("said to stdout \x1b[7mloud\x1b[0m", flush=True)
    print("said to stderr", file=sys.stderr, flush=True)
    compute(time.monotonic() + float(sys.argv[1]))
    print("read from stdin:", repr(sys.stdin.read()), flush=True)
    sys.exit(3)


main()
