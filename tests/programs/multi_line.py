# Needs Python 3.8.
"""Statements over several lines: which line is the current one while a call in them is running?"""

import report


def identity(*values, **keywords):
    return values


class Chain:
    def first(self, value=None):
        return self

    def second(self, value=None):
        return self

    def blocks(self, value=None):
        report.block()
        return self


def argument_first():
    identity(
        report.block(),
        1,
        2,
    )


def argument_last():
    identity(
        1,
        2,
        key=report.block(),
    )


def chained():
    return (
        Chain()
        .first()
        .second(
            1
        )
        .blocks(
            2
        )
        .first()
    )


def chained_with_backslashes():
    value = Chain() \
        .first() \
        .blocks() \
        .second()
    return value


def binary_operation():
    return (
        1
        + 2 *
        (report.block() or 3)
        - 4
    )


def subscript():
    table = {1: {2: 3}}
    return table[
        1
    ][
        report.block()
    ]


def condition():
    if (
        True
        and not False
        and report.block()
    ):
        pass
    elif True:
        pass


def loop():
    for value in identity(
        1,
        2,
    ):
        while (
            value
            and report.block()
        ):
            pass


def assignment():
    (
        first,
        second,
    ) = [
        1,
        report.block(),
    ]
    return first, second


def returned():
    return identity(
        *identity(
            1,
        ),
        **{
            "key":
            report.block(),
        }
    )


def conditional_expression():
    return (
        1
        if report.block()
        else 2
    )


def format_string():
    return (
        f"first {1} "
        f"second {report.block()} "
        f"third {3}"
    )


def asserted():
    assert (
        1 ==
        report.block()
    ), "message"


def deleted():
    table = {None: 1}
    del table[
        report.block()
    ]


def one_line():
    value = 1; value += 1; report.block(); value += 2  # noqa: E702


def decorated_with_arguments():
    def decorator(*values):
        return lambda function: function

    @decorator(
        1,
    )
    @decorator(
        2,
        report.block(),
    )
    def function():
        pass

    return function


def default_value():
    def function(
        first,
        second=report.block(),
    ):
        return first, second

    return function


def annotated():
    def function(
        first: int,
        second: report.block() = 2,
    ) -> None:
        return first, second

    # From 3.14 on, annotations are evaluated when somebody asks for them.
    return function.__annotations__


def with_block():
    class Manager:
        def __init__(self, name):
            self.name = name

        def __enter__(self):
            if self.name == "second":
                report.block()

        def __exit__(self, *failure):
            pass

    with Manager("first"), \
            Manager("second"):
        pass


def with_exit():
    class Manager:
        def __enter__(self):
            return self

        def __exit__(self, *failure):
            report.block()

    with Manager():
        str(
            1
        )
        str(2)


def raised():
    raise ValueError(
        "a",
        report.block(),
    )


def named_expression():
    while (
        value := report.block()
    ):
        str(value)


def nested_calls():
    identity(
        identity(
            1,
            identity(
                2,
                Chain()
                .first(
                    report.block()
                ),
            ),
        ),
    )


def multi_line_string():
    return """
    %s
    %s
    """ % (
        1,
        report.block(),
    )


report.run(
    argument_first,
    argument_last,
    chained,
    chained_with_backslashes,
    binary_operation,
    subscript,
    condition,
    loop,
    assignment,
    returned,
    conditional_expression,
    format_string,
    asserted,
    deleted,
    one_line,
    decorated_with_arguments,
    default_value,
    annotated,
    with_block,
    with_exit,
    raised,
    named_expression,
    nested_calls,
    multi_line_string,
)
