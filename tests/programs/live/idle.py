"""Does nothing until its standard input ends."""

import sys


def wait():
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


wait()
