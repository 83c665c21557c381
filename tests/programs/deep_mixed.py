"""A deep stack in which Python and C take turns, in a thread with a stack of its own."""

import sys
import threading

import report

sys.setrecursionlimit(10000)
threading.stack_size(256 * 1024 * 1024)


class Node:
    def __init__(self, depth):
        self.depth = depth

    def __len__(self):
        return descend(self.depth - 1)

    def __lt__(self, other):
        return bool(len(self))


def generated(depth):
    yield descend(depth - 1)


def descend(depth):
    if depth <= 0:
        return report.block()
    if depth % 4 == 0:
        return next(generated(depth))
    if depth % 4 == 1:
        return sorted([Node(depth), Node(depth)])
    if depth % 4 == 2:
        return max([depth], key=lambda value: descend(value - 1))
    return [descend(value - 1) for value in [depth]]


def mixed():
    descend(160)


report.run(mixed)
