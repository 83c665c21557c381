# Needs Python 3.7.
"""Blocked in code that runs while a module is imported, several packages deep."""

import importlib
import importlib.util
import os
import runpy
import sys
import tempfile
import threading

import report

FILES = {
    "outermost/__init__.py": "from outermost import middle\n",
    "outermost/middle/__init__.py": "\n\nimport outermost.middle.innermost as innermost\n",
    "outermost/middle/innermost.py": "import report\n\nvalue = [report.block() for _ in range(2)]\n",
    "by_name.py": "def load():\n    import report\n    report.block()\n\n\nload()\n",
    "by_runpy.py": "import report\nif __name__ == '__main__':\n    report.block()\n",
    "by_path.py": "import report\n\n\nclass Settings:\n    value = report.block()\n",
    "lazy.py": "import report\n\n\ndef __getattr__(name):\n    return report.block()\n",
}

base = tempfile.mkdtemp(prefix="pyspy-")
report.remove_when_ready(base)
for name, source in FILES.items():
    path = os.path.join(base, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(source)
sys.path.insert(0, base)


def import_by_name():
    importlib.import_module("by_name")


def run_by_path():
    runpy.run_path(os.path.join(base, "by_runpy.py"), run_name="__main__")


def load_from_path():
    spec = importlib.util.spec_from_file_location("some.name", os.path.join(base, "by_path.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


def get_lazy_attribute():
    from lazy import anything

    return anything


situations = [import_by_name, run_by_path, load_from_path, get_lazy_attribute]
report.start(len(situations) + 1)
for situation in situations:
    threading.Thread(target=situation, name=situation.__name__).start()

import outermost  # noqa: E402,F401 (it blocks)
