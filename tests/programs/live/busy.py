"""Computes for a time: python busy.py [SECONDS], by default a minute, so that a test that fails leaves nothing behind."""

import sys
import time


def compute(count):
    total = 0
    for number in range(count):
        total += number * number
    return total


def main():
    end = time.monotonic() + float(sys.argv[1] if len(sys.argv) > 1 else 60)
    print("ready", flush=True)
    while time.monotonic() < end:
        compute(1000)


main()
