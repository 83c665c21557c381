# -*- coding: utf-8 -*-
"""What Python 2 has as well: classes of both kinds, generators, exec, callbacks from C, names that are bytes."""

import functools
import sys
import threading

import report


class Old:
    def __init__(self, depth):
        self.depth = depth

    def __len__(self):
        return self.go()

    def go(self):
        if self.depth == 0:
            report.block()
        return Old(self.depth - 1).go()


class New(object):
    @property
    def value(self):
        return self[1]

    def __getitem__(self, index):
        return report.block()

    @staticmethod
    def static(call):
        return call()

    @classmethod
    def of_class(cls, call):
        return cls.static(call)


def old_classes():
    len(Old(3))


def new_classes():
    New.of_class(lambda: New().value)


def decorated(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@decorated
@decorated
def decorators(call=report.block):
    call()


def numbers(stop):
    for number in range(stop):
        try:
            if number == stop - 1:
                report.block()
            yield number
        finally:
            pass


def sums(stop):
    total = 0
    for number in numbers(stop):
        total += number
        yield total


def generators():
    list(sum(pair) for pair in zip(sums(5), sums(5)))


def sent_into():
    def receiver():
        while True:
            value = yield
            if value == 2:
                report.block()

    generator = receiver()
    next(generator)
    for value in range(5):
        generator.send(value)


def callbacks():
    sorted([3, 1, 2], key=lambda value: report.block() if value == 2 else value)


def mapped():
    list(map(lambda value: report.block(), filter(lambda value: value > 1, [1, 2, 3])))


def executed():
    exec("\n\ndef inside():\n    report.block()\n\n\ninside()\n", {"report": report})


def evaluated():
    eval(
        "(lambda: [report.block() for _ in (1,)])()"
    )


def handled():
    try:
        raise KeyError("missing")
    except KeyError:
        try:
            raise ValueError("again")
        except ValueError:
            report.block()
        finally:
            pass


def several_lines():
    return dict(
        first=1,
        second=max(
            2,
            report.block() or
            3,
        ),
    )


def far_apart():
    first = 1
    # A step of more than 255 lines does not fit one entry of the line table, here by way of exec.
    exec("first = 1\n" + "\n" * 700 + "second = report.block()\n", {"report": report})
    return first


def deleted():
    class Finalized(object):
        def __del__(self):
            report.block()

    one = Finalized()
    del one


def with_block():
    class Manager(object):
        def __enter__(self):
            return self

        def __exit__(self, *_):
            report.block()

    with Manager() as manager:
        manager.used = True


def recursive(depth=60):
    if depth == 0:
        report.block()
    if depth % 2:
        return recursive(depth - 1)
    return recursive(
        depth - 1
    )


def timed():
    report.block()


class Worker(threading.Thread):
    def run(self):
        report.block()


situations = [
    old_classes,
    new_classes,
    decorators,
    generators,
    sent_into,
    callbacks,
    mapped,
    executed,
    evaluated,
    handled,
    several_lines,
    far_apart,
    deleted,
    with_block,
    recursive,
]
threads = [threading.Thread(target=one, name=one.__name__) for one in situations]
threads += [
    threading.Thread(target=report.block, name="größer als ½"),
    threading.Thread(target=report.block, name="with \"quotes\", ; semicolons; and\nlines"),
    threading.Thread(target=report.block, name="long " * 50),
    threading.Timer(0, timed),
    Worker(),
]
report.start(len(threads) + 1)
for thread in threads:
    thread.start()
sys.settrace(None)
report.block()
