"""Does nothing until its standard input ends."""

import sys


def wait():
    print("ready", flush=True)
    sys.stdin.read()


wait()
