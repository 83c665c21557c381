"""Line tables at their limits: long functions, long lines, gaps and jumps backwards."""

import report


def compiled(lines, first_line=1):
    """A function made of these lines, under a file name of its own."""
    body = "".join("    " + line + "\n" for line in lines)
    source = "\n" * (first_line - 1) + "def function(call, stop):\n    value = 0\n" + body
    namespace = {}
    exec(compile(source, "<%d lines>" % len(lines), "exec"), namespace)
    return namespace["function"]


def call(*values):
    return 1


def blocked_in(function):
    function(call, report.block)


def late_in_many_lines():
    lines = ["value += call(%d, value)" % number for number in range(900)]
    lines[870] = "stop()"
    blocked_in(compiled(lines))


def early_in_many_lines():
    lines = ["value += call(%d, value)" % number for number in range(900)]
    lines[20] = "stop()"
    blocked_in(compiled(lines))


def after_a_long_line():
    # One line of far more than 255 bytes of bytecode, before and around the call.
    long = " + ".join("call(%d)" % number for number in range(400))
    blocked_in(compiled(["value = " + long, "value = %s + (stop() or 0) + %s" % (long, long), "call()"]))


def after_gaps():
    # Line numbers that rise by more than what fits in one entry of a line table.
    lines = ["value += call()"]
    for gap in (100, 127, 128, 129, 254, 255, 256, 1000, 5000, 40000):
        lines += [""] * gap + ["value += call()"]
    blocked_in(compiled(lines + ["stop()", "call()"], first_line=70000))


def after_jumps_backwards():
    lines = ["value = call("]
    lines += [""] * 300 + ["    call(),"] + [""] * 300 + ["    call(),"] + [""] * 500 + [")"]
    lines += ["value = ("] + [""] * 200 + ["    call()"] + [""] * 200
    lines += ["    + (stop() or 1)", "    + call()", ")"]
    blocked_in(compiled(lines))


def in_a_call_that_starts_far_above():
    lines = ["value = stop("] + ["    # comment"] * 700 + [")"] + ["call()"]
    try:
        blocked_in(compiled(lines))
    finally:
        call()


def in_nested_loops():
    lines = []
    for depth in range(15):
        lines.append("    " * depth + "for name%d in range(2):" % depth)
        lines += ["    " * depth + "    value += call(name%d, %d)" % (depth, line) for line in range(25)]
    lines.append("    " * 15 + "if value > 2000: stop()")
    lines += ["    " * (15 - line) + "value += call()" for line in range(15)]
    blocked_in(compiled(lines))


def in_many_handlers():
    lines = []
    for number in range(100):
        lines += ["try:", "    value += call(%d)" % number, "except KeyError:", "    value -= call()"]
        lines += ["finally:", "    %s" % ("stop()" if number == 77 else "call()")]
    blocked_in(compiled(lines))


def in_wide_columns():
    # Columns beyond what the short entries of the table of 3.11 hold.
    blocked_in(compiled(["value = [" + " " * 3000 + "call()," + " " * 3000 + "stop()," + "]"]))


def with_many_names():
    # Arguments above 255 need EXTENDED_ARG before the instruction.
    lines = ["name%d = call(%d)" % (number, number + 1000) for number in range(600)]
    blocked_in(compiled(lines + ["value = name599 + (stop() or name598)"] + lines))


report.run(
    late_in_many_lines,
    early_in_many_lines,
    after_a_long_line,
    after_gaps,
    after_jumps_backwards,
    in_a_call_that_starts_far_above,
    in_nested_loops,
    in_many_handlers,
    in_wide_columns,
    with_many_names,
)
