"""Tells where it stands, into the file that $PYSPY_TELL names, and stays there. Servers run it as a WSGI application."""

import json
import os
import sys


def tell():
    """Writes the caller's stack, and says nothing."""
    frames = []
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        name = getattr(code, "co_qualname", code.co_name)
        frames.append({"name": name, "filename": code.co_filename, "line": frame.f_lineno})
        frame = frame.f_back
    with open(os.environ["PYSPY_TELL"], "w") as output:
        output.write(json.dumps({"pid": os.getpid(), "frames": frames}) + "\n")


def stand():
    tell() or os.read(os.pipe()[0], 1)


def application(environ, start_response):
    stand()


if __name__ == "__main__":
    stand()
