"""Stands still in C code while an exception is on its way through it: what is raised unwinds a capsule, which pauses."""

import ctypes
import sys

new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype = ctypes.py_object
new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
pause = ctypes.cast(ctypes.CDLL(None).pause, ctypes.c_void_p)


def capsule():
    """An object whose end never comes to its end."""
    return new_capsule(1, None, pause)


def fail():
    raise KeyError("made in Python", 2)


def in_python():
    return [capsule(), fail()]


def in_c():
    return [capsule(), int("made in C")]


def without_arguments():
    return [capsule(), next(iter(()))]


def in_handler():
    try:
        fail()
    except KeyError:
        return [capsule(), int("made in C")]


sys.stdout.write("ready\n")
sys.stdout.flush()
globals()[sys.argv[1]]()
