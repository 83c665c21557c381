# Needs Python 3.11.
"""Groups of exceptions, and a handler of a part of one."""

import report


def group():
    try:
        raise ExceptionGroup("several", [ValueError(1), KeyError("two")])
    except ExceptionGroup:
        report.block()


def single():
    try:
        raise BaseExceptionGroup("single", [KeyboardInterrupt()])
    except BaseExceptionGroup:
        report.block()


def part():
    try:
        raise ExceptionGroup("several", [ValueError(1), KeyError("two"), ValueError(3)])
    except* ValueError:
        report.block()
    except* KeyError:
        pass


def noted():
    try:
        error = ValueError("with a note")
        error.add_note("the note")
        raise error
    except ValueError:
        report.block()


report.run(group, single, part, noted)
