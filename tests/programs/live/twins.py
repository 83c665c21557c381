"""Loops about as long as a read, each of two ways that never mix; the frames of both lie at the same places.

The argument names the way from one function to the next.
"""

import sys

ONE = [0]


def left_inner(_=0):
    pass


def right_inner(_=0):
    pass


def through(inner):
    inner()


def through_c(inner):
    any(map(inner, ONE))


class Left:
    def __len__(self):
        left_inner()
        return 1


class Right:
    def __len__(self):
        right_inner()
        return 1


LEFT, RIGHT = Left(), Right()


def plain():
    def left():
        left_inner()

    def right():
        right_inner()

    while True:
        left()
        right()


def shared():
    """One function is on both ways."""

    def left():
        through(left_inner)

    def right():
        through(right_inner)

    while True:
        left()
        right()


def shared_by_c():
    def left():
        through_c(left_inner)

    def right():
        through_c(right_inner)

    while True:
        left()
        right()


def both_by_c():
    def left(_):
        any(map(left_inner, ONE))

    def right(_):
        any(map(right_inner, ONE))

    while True:
        any(map(left, ONE))
        any(map(right, ONE))


def skipped():
    """On one way there is a frame more, while the one on the C stack is the same."""

    def left():
        len(LEFT)

    while True:
        left()
        len(RIGHT)


def skipped_generator():
    """As before, but the frame lies on the heap."""

    def left():
        yield any(map(left_inner, ONE))

    while True:
        for _ in left():
            pass
        any(map(right_inner, ONE))


def generators():
    """Generators of two functions, one after the other at one place."""

    def left():
        yield left_inner()

    def right():
        yield right_inner()

    while True:
        for _ in left():
            pass
        for _ in right():
            pass


sys.stdout.write("ready\n")
sys.stdout.flush()
globals()[sys.argv[1]]()
