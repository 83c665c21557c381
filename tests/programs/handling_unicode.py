# Needs Python 3.6.
"""Exceptions whose classes and messages are not ASCII, that come from several classes, or that rename files."""

import os

import report


class Größe(ValueError):
    pass


class Both(AttributeError, KeyError):
    pass


class KeyErrorOfOurs(Exception):
    pass


KeyErrorOfOurs.__name__ = "KeyError"


def raising(error):
    def handles():
        try:
            raise error
        except BaseException:
            report.block()

    return handles


def renaming():
    try:
        os.rename("/nowhere/one", "/nowhere/two")
    except OSError:
        report.block()


async def awaiting():
    try:
        raise ValueError("in a coroutine")
    except ValueError:
        report.block()


def coroutine():
    try:
        raise KeyError("around it")
    except KeyError:
        awaiting().send(None)


errors = [
    Größe("größer"),
    Größe("\u0444\u2028\u200b \U0001f40d \ud800"),
    Both("quoted"),
    KeyErrorOfOurs("not quoted"),
    ImportError("no module", name="x"),
    AttributeError("no attribute"),
    BlockingIOError(11, "blocks", 7),
]
report.run(renaming, coroutine, *(raising(error) for error in errors))
