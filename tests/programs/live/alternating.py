"""Two ways through a program that never rests: one handles an exception all the time, the other never does."""

import sys


def inside():
    for _ in range(100):
        pass


def outside():
    for _ in range(100):
        pass


def handling():
    try:
        raise ValueError("handled")
    except ValueError:
        inside()


sys.stdout.write("ready\n")
sys.stdout.flush()
while True:
    handling()
    outside()
