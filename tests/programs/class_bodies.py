# Needs Python 3.6.
"""Blocked while a class body runs, in nested classes, and in a comprehension within one."""

import enum
import typing

import report


def in_class_body():
    class Outer:
        """Documentation."""

        first = 1

        class Inner:
            second = 2
            third = report.block()

        fourth = 4

    return Outer


def in_comprehension_of_class_body():
    class Table:
        rows = range(3)
        cells = [report.block() for _ in rows]

    return Table


def in_method_called_by_class_body():
    class Registry:
        def register():  # noqa: N805 (called while the body runs)
            return [report.block() for _ in range(1)]

        entries = register()

    return Registry


def in_enum_body():
    class Colour(enum.Enum):
        RED = 1
        BLUE = report.block()

    return Colour


def in_generic_body():
    Value = typing.TypeVar("Value")

    class Box(typing.Generic[Value]):
        size = report.block()

    return Box


def with_keywords():
    class Base:
        def __init_subclass__(cls, **keywords):
            pass

    class Derived(
        Base,
        label="x",
        value=report.block(),
    ):
        pass

    return Derived


class Global:
    report.start(7)
    import threading as _threading

    for _situation in (
        in_class_body,
        in_comprehension_of_class_body,
        in_method_called_by_class_body,
        in_enum_body,
        in_generic_body,
        with_keywords,
    ):
        _threading.Thread(target=_situation, name=_situation.__name__).start()

    class Nested:
        value = report.block()
