# Needs Python 3.6.
"""Direct and mutual recursion: the same code objects many times in one stack, at different lines."""

import report


def is_even(number):
    if number == 0:
        return report.block()
    return is_odd(number - 1)


def is_odd(number):
    if number % 3 == 0:
        return is_even(number - 1)
    return is_even(
        number - 1
    )


def mutual():
    is_even(150)


def ackermann(m, n):
    if m == 0:
        if n == 9:
            report.block()
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def direct():
    ackermann(2, 5)


class Tree:
    def __init__(self, depth):
        self.depth = depth
        self.children = [] if depth == 0 else [Tree(depth - 1), Tree(depth - 1)]

    def __iter__(self):
        for child in self.children:
            yield from child
        yield self.depth

    def walk(self, visit):
        for child in self.children:
            child.walk(visit)
        if self.depth == 2:
            visit(self)


def methods():
    Tree(4).walk(lambda tree: report.block())


def iterators():
    for depth in Tree(4):
        if depth == 1:
            break
    tree = iter(Tree(3))
    next(tree)
    tree.close()

    def inner(depth):
        yield from inner(depth - 1) if depth else iter(report.block, None)

    list(inner(40))


report.run(mutual, direct, methods, iterators)
