"""Comprehensions: frames of their own up to 3.11, inlined from 3.12."""

import report


def in_list():
    return [report.block() for _ in range(3)]


def in_set():
    return {report.block() for _ in range(3)}


def in_dict():
    return {
        key:
        report.block()
        for key in range(3)
    }


def in_condition():
    return [
        number
        for number in range(10)
        if number < 5
        or report.block()
    ]


def in_first_iterable():
    return [number for number in report.block()]


def nested():
    return [
        [
            [
                report.block()
                for x in range(2)
            ]
            for y in range(2)
        ]
        for z in range(2)
    ]


def with_lambda():
    return [(lambda: [report.block() for _ in "a"])() for _ in "b"]


def in_method():
    class Table:
        rows = [(lambda row: row)(row) for row in range(3)]

        def render(self):
            return {row: [self.cell(row) for _ in range(2)] for row in self.rows}

        def cell(self, row):
            return {report.block() for _ in range(row + 1)}

    return Table().render()


report.run(in_list, in_set, in_dict, in_condition, in_first_iterable, nested, with_lambda, in_method)
