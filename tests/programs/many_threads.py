"""Thirty threads, each at a depth of its own."""

import threading

import report

COUNT = 30


def descend(depth):
    if depth == 0:
        return report.block()
    return descend(depth - 1)


report.start(COUNT + 1)
for number in range(COUNT):
    threading.Thread(target=descend, args=(number,), name="worker-%02d" % number).start()
descend(COUNT)
