# Needs Python 3.6.
"""Generators: consumed by Python and by C, delegated, sent to, closed."""

import itertools

import report


def numbers(limit):
    for number in range(limit):
        if number == 3:
            report.block()
        yield number


def delegating(depth):
    if depth == 0:
        yield from numbers(5)
    else:
        yield 0
        yield from delegating(depth - 1)


def delegated():
    for _ in delegating(10):
        pass


def expression_in_sum():
    sum(report.block() if number == 7 else number for number in range(10))


def expression_in_next():
    next(number for number in range(10) if number == 4 and report.block())


def nested_expressions():
    any(
        any(
            report.block()
            for column in range(row)
            if column == 2
        )
        for row in range(5)
    )


def pipeline():
    source = numbers(10)
    doubled = (number * 2 for number in source)
    shifted = map(lambda number: number + 1, doubled)
    chained = itertools.chain([1, 2], shifted)
    list(itertools.islice(chained, 8))


def receiver():
    total = 0
    while True:
        received = yield total
        if received is None:
            report.block()
        total += received


def sent_to():
    generator = receiver()
    next(generator)
    generator.send(1)
    generator.send(None)


def guarded():
    try:
        yield 1
    finally:
        report.block()


def closed():
    generator = guarded()
    next(generator)
    generator.close()


def thrown_into():
    def waiting():
        try:
            yield 1
        except ValueError:
            report.block()

    generator = waiting()
    next(generator)
    generator.throw(ValueError("now"))


def unpacked():
    first, *rest = numbers(6)
    return first, rest


def suspended_elsewhere():
    # A generator that stands still in between must not show up in the stack.
    idle = delegating(4)
    next(idle)
    next(idle)
    report.block()


report.run(
    delegated,
    expression_in_sum,
    expression_in_next,
    nested_expressions,
    pipeline,
    sent_to,
    closed,
    thrown_into,
    unpacked,
    suspended_elsewhere,
)
