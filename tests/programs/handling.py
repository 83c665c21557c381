# -*- coding: utf-8 -*-
"""Threads that handle exceptions, in every way in which that can be; the report has what `sys.exc_info()` says there."""

import report


class Plain(Exception):
    pass


class Missing(KeyError):
    pass


class Failed(EnvironmentError):
    pass


class WithText(ValueError):
    def __init__(self, text):
        ValueError.__init__(self, text)
        self.text = text


class WithStr(ValueError):
    def __str__(self):
        return "made by the class"


def nothing():
    report.block()


def nested():
    try:
        raise ValueError("outer")
    except ValueError:
        try:
            raise KeyError("inner")
        except KeyError:
            report.block()


def after_inner():
    try:
        raise ValueError("outer")
    except ValueError:
        try:
            raise TypeError("inner")
        except TypeError:
            pass
        report.block()


def in_called():
    def called():
        report.block()

    try:
        raise ValueError("of the caller")
    except ValueError:
        called()


def in_finally():
    try:
        try:
            raise ValueError("goes on")
        finally:
            report.block()
    except ValueError:
        pass


def in_exit():
    class Context(object):
        def __enter__(self):
            return self

        def __exit__(self, kind, error, where):
            report.block()

    with Context():
        raise ValueError("leaves a context")


def generator_suspended():
    def numbers():
        try:
            raise ValueError("inside")
        except ValueError:
            yield 1

    generator = numbers()
    next(generator)
    report.block()
    return generator


def generator_in_handler():
    def numbers():
        report.block()
        yield 1

    try:
        raise ValueError("of the one who asks")
    except ValueError:
        next(numbers())


def generator_handles():
    def numbers():
        try:
            raise KeyError("inside")
        except KeyError:
            yield 1
            report.block()

    generator = numbers()
    next(generator)
    try:
        raise ValueError("outside")
    except ValueError:
        next(generator)


def generators_in_generators():
    def inner(depth):
        if depth == 0:
            report.block()
            yield 0
        else:
            for number in inner(depth - 1):
                yield number

    try:
        raise ValueError("far out")
    except ValueError:
        next(inner(20))


def no_file():
    try:
        open("/nowhere/at all")
    except EnvironmentError:
        report.block()


def decoding():
    try:
        b"\xff".decode("utf-8")
    except UnicodeError:
        report.block()


def division():
    try:
        1 // 0
    except ZeroDivisionError:
        report.block()


def arguments():
    cycle = [1]
    cycle.append(cycle)
    own = Plain("inside")
    own.args = (own,)
    text_type = type(u"")
    return [
        ValueError(),
        ValueError(None),
        ValueError(""),
        ValueError(42),
        ValueError(1.5, "two", [3]),
        ValueError(("tuple",)),
        ValueError(cycle),
        ValueError(ValueError(KeyError("deep"))),
        KeyError(),
        KeyError("key"),
        KeyError(1, 2),
        Missing("it's"),
        Failed(2, "text"),
        Failed(2, "text", "file"),
        Failed("alone"),
        Failed(),
        Failed(1, 2, 3, 4, 5),
        Plain("escape \x1b[31m and \r\n \0 end"),
        Plain(text_type("text")),
        own,
        type("Class" + "X" * 400, (Exception,), {})("long name"),
        WithText("long " * 2000000),
        WithStr("argument"),
        WithStr(1, [2]),
        ImportError("no module"),
        SystemExit(3),
        KeyboardInterrupt(),
    ]


def thrower(error):
    def raise_it():
        try:
            raise error
        except BaseException:
            report.block()

    return raise_it


situations = [
    nothing,
    nested,
    after_inner,
    in_called,
    in_finally,
    in_exit,
    generator_suspended,
    generator_in_handler,
    generator_handles,
    generators_in_generators,
    no_file,
    decoding,
    division,
]
report.run(*(situations + [thrower(error) for error in arguments()]))
