# Needs Python 3.8.
"""Code without a file: exec, eval and compile, with file names that formats must escape."""

import code
import types

import report

NAMES = [
    "<string>",
    "<stdin>",
    "with;semicolon",
    "two\nlines",
    "tab\there",
    "quote\"d'",
    "<&>",
    "C:\\folder\\file.py",
    "/absolute/path/with space.py",
    "",
    "name (file.py:3)",
    "100%",
    "undecodable-\udcff.py",
    "x" * 300,
]


def chain(names):
    """Runs code under the first name, which calls this function for the names that remain."""
    if not names:
        return eval("[report.block() for _ in 'a']", {"report": report})
    source = "\n" * (len(names) % 5) + "def step():\n    chain(names[1:])\nstep()\n"
    exec(compile(source, names[0], "exec"), {"chain": chain, "names": names})


def odd_names():
    chain(NAMES)


def evaluated():
    eval("eval('(lambda: report.block())()')")


def executed():
    exec("class Made:\n    def method(self):\n        exec('report.block()')\nMade().method()", globals())


def interactive():
    console = code.InteractiveInterpreter({"report": report})
    console.runsource("report.block()", "<console>", "single")


def replaced():
    def original():
        report.block()

    renamed = original.__code__.replace(co_name="a name; with (odd) parts", co_filename="elsewhere.py")
    types.FunctionType(renamed, globals())()


def shifted_first_line():
    def original():
        report.block()

    types.FunctionType(original.__code__.replace(co_firstlineno=100000), globals())()


report.run(odd_names, evaluated, executed, interactive, replaced, shifted_first_line)
