"""Records line tables of this interpreter, and the line that it gives for each instruction.

Usage: pythonX.Y record_line_tables.py > tests/fixtures/line_tables/X.Y.json
       pythonX.Y record_line_tables.py --all DIRECTORY     (the whole standard library, for a one-off check)

The lines come from PyCode_Addr2Line, which is what `frame.f_lineno` calls. Runs on 3.8 and later.
"""

import base64
import ctypes
import json
import os
import sys
import sysconfig

LINETABLE = "co_linetable" if sys.version_info >= (3, 10) else "co_lnotab"

if sys.version_info >= (3, 11):
    FORMAT = "locations"
elif sys.version_info >= (3, 10):
    FORMAT = "pep626"
else:
    FORMAT = "lnotab"

# From the standard library: a file, and names of code objects in it ("" is the module itself).
CHOSEN = [
    ("argparse.py", ["_parse_known_args", "consume_optional"]),
    ("ast.py", ["literal_eval", "visit_JoinedStr"]),
    ("asyncio/locks.py", ["wait", "__aenter__"]),
    ("contextlib.py", ["__exit__", "__aexit__"]),
    ("dataclasses.py", ["_process_class"]),
    ("enum.py", ["", "__new__"]),
    ("json/decoder.py", ["JSONObject"]),
    ("subprocess.py", ["_execute_child"]),
    ("this.py", [""]),
    ("types.py", ["", "_g", "_ag"]),
]

# What the standard library has too little of: steps that overflow a byte in either direction.
SYNTHETIC = {
    "far_apart": "x = 1\n" + "\n" * 300 + "y = x\n" + "\n" * 126 + "z = y\n" + "\n" * 127 + "z = z\n",
    "long_line": "x = 1\ny = [" + ", ".join("x + %d" % i for i in range(300)) + "]\nz = y\n",
    "far_back": "x = 1\nx = (x +\n" + "\n" * 200 + "x.real\n" + "\n" * 130 + " + x)\nx = (\n" + "\n" * 140
    + "x\n.\nreal)\n",
    "cleanup": """
def cleanup(a):
    for b in a:
        try:
            with b as c:
                yield c
        except OSError as d:
            if d:
                continue
            raise
        finally:
            del a
    return {
        'k': a,
        **b,
    }
async def wait(a):
    async with a as b, b.c() as d:
        return [e async for e in d if await e]
class Kept(
    list,
):
    a = (lambda:
        1)
"""
}


def code_objects(code):
    yield code
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            yield from code_objects(constant)


def compile_file(path):
    with open(path, "rb") as file:
        return compile(file.read(), os.path.basename(path), "exec", dont_inherit=True)


def describe(code):
    address_to_line = ctypes.pythonapi.PyCode_Addr2Line
    argument = ctypes.py_object(code)
    size = len(code.co_code)
    at = {}
    for offset in range(0, size, 2):
        line = address_to_line(argument, ctypes.c_int(offset))
        at[offset] = None if line < 0 else line
    if hasattr(code, "co_lines"):
        # Two sources of truth must agree, or this script is wrong.
        listed = {i: line for start, end, line in code.co_lines() for i in range(start, min(end, size), 2)}
        assert listed == at, code
    lines = []
    for offset, line in at.items():
        if not lines or lines[-1][1] != line:
            lines.append([offset, line])
    return {
        "name": code.co_name,
        "file": code.co_filename,
        "firstLine": code.co_firstlineno,
        "size": size,
        "table": base64.b64encode(getattr(code, LINETABLE)).decode(),
        "lines": lines,
    }


def chosen():
    library = sysconfig.get_path("stdlib")
    for name, source in SYNTHETIC.items():
        for code in code_objects(compile(source, name, "exec", dont_inherit=True)):
            yield describe(code)
    for name, wanted in CHOSEN:
        for code in code_objects(compile_file(os.path.join(library, name))):
            if ("" if code.co_name == "<module>" else code.co_name) in wanted:
                yield describe(code)


def whole_library():
    for directory, _, files in os.walk(sysconfig.get_path("stdlib")):
        for name in sorted(files):
            if name.endswith(".py"):
                try:
                    module = compile_file(os.path.join(directory, name))
                except (SyntaxError, ValueError, UnicodeError, RecursionError):
                    continue  # test files that are wrong on purpose
                for code in code_objects(module):
                    yield describe(code)


def record(codes, file):
    head = {"version": "%d.%d.%d" % sys.version_info[:3], "format": FORMAT}
    file.write(json.dumps(head)[:-1] + ', "codes": [\n')
    file.write(",\n".join(json.dumps(code) for code in codes))
    file.write("\n]}\n")


if sys.argv[1:2] == ["--all"]:
    with open(os.path.join(sys.argv[2], "%d.%d.%d.json" % sys.version_info[:3]), "w") as out:
        record(whole_library(), out)
else:
    record(chosen(), sys.stdout)
