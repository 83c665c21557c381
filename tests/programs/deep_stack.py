"""A stack of 3,000 frames, and one of several kinds of frames in turn."""

import sys

import report

sys.setrecursionlimit(10000)


def descend(depth):
    if depth == 0:
        return report.block()
    return descend(depth - 1)


if __name__ == "__main__":
    report.start()
    descend(3000)
