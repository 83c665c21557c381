# Needs Python 3.6.
"""Blocked while exceptions are on their way: handlers, finally blocks, exits, chained exceptions."""

import contextlib
import sys
import traceback

import report


def fails(depth=3):
    if depth:
        fails(depth - 1)
    raise ValueError("on purpose")


def in_handler():
    try:
        fails()
    except ValueError:
        report.block()


def in_finally_after_exception():
    try:
        try:
            fails()
        finally:
            report.block()
    except ValueError:
        pass


def in_finally_after_return():
    try:
        return 1
    finally:
        report.block()


def in_finally_of_loop():
    for _ in range(3):
        try:
            continue
        finally:
            report.block()


def in_else():
    try:
        pass
    except ValueError:
        pass
    else:
        report.block()


def in_handler_of_handler():
    try:
        fails()
    except ValueError:
        try:
            fails()
        except ValueError:
            try:
                raise KeyError("third")
            except KeyError as error:
                str(error)
                report.block()


def in_expression_after_except():
    def kinds():
        report.block()
        return (ValueError,)

    try:
        fails()
    except kinds():
        pass


def in_exit_with_exception():
    class Manager:
        def __enter__(self):
            return self

        def __exit__(self, *failure):
            report.block()
            return True

    with Manager():
        fails()


def in_exit_stack():
    with contextlib.ExitStack() as stack:
        stack.callback(report.block)
        fails()


def in_generator_with_exception():
    @contextlib.contextmanager
    def managed():
        try:
            yield
        except ValueError:
            report.block()

    with managed():
        fails()


def in_constructor_of_exception():
    class Failure(Exception):
        def __init__(self):
            report.block()

    raise Failure from ValueError("cause")


def with_traceback_kept():
    # Frames that a traceback keeps alive are no part of the stack.
    try:
        fails()
    except ValueError as error:
        kept = error.__traceback__
    traceback.format_tb(kept)
    assert sys.exc_info() == (None, None, None)
    report.block()


def after_handler():
    try:
        fails()
    except ValueError:
        pass
    report.block()


report.run(
    in_handler,
    in_finally_after_exception,
    in_finally_after_return,
    in_finally_of_loop,
    in_else,
    in_handler_of_handler,
    in_expression_after_except,
    in_exit_with_exception,
    in_exit_stack,
    in_generator_with_exception,
    in_constructor_of_exception,
    with_traceback_kept,
    after_handler,
)
