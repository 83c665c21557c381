"""Runs functions that are compiled anew all the time, so that code objects come and go at the same addresses."""

import time

SOURCE = """
def inner_{i}(end):
    while clock() < end:
        pass


def outer_{i}(end):
    inner_{i}(end)


outer_{i}(clock() + 0.01)
"""


def main():
    end = time.monotonic() + 60
    number = 0
    print("ready", flush=True)
    while time.monotonic() < end:
        number = (number + 1) % 100
        exec(compile(SOURCE.format(i=number), "new_%d.py" % number, "exec"), {"clock": time.monotonic})


main()
