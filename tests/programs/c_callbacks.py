# Needs Python 3.7.
"""Python called from C: keys, callbacks, special methods, finalizers, signal handlers."""

import bisect
import ctypes
import functools
import gc
import itertools
import json
import re
import signal
import threading
import weakref
import xml.parsers.expat

import report


def key_of(value):
    if value == 2:
        report.block()
    return value


def sorted_key():
    sorted([3, 1, 2], key=key_of)


def list_sort_comparison():
    [3, 1, 2].sort(key=functools.cmp_to_key(lambda left, right: report.block() or left - right))


def max_key():
    max([3, 1, 2], key=lambda value: key_of(value))


def mapped():
    list(map(key_of, map(key_of, [1, 2, 3])))


def filtered():
    return [value for value in filter(key_of, (1, 2))]


def reduced():
    functools.reduce(lambda total, value: total + key_of(value), [1, 2, 3])


def substituted():
    re.sub("[a-z]", lambda match: key_of(len(match.string)) and "x", "ab")


def called_until():
    list(iter(functools.partial(key_of, 2), None))


def grouped():
    for _, group in itertools.groupby([1, 2, 3], key=key_of):
        list(group)


class Awkward:
    def __init__(self, depth=0):
        self.depth = depth

    def __hash__(self):
        return hash(str(self))

    def __str__(self):
        return format(self, "x")

    def __format__(self, spec):
        return "".join(self)

    def __iter__(self):
        return iter([repr(self)])

    def __repr__(self):
        return str(len(self))

    def __len__(self):
        return int(self)

    def __int__(self):
        return 1 if self == 1 else 0

    def __eq__(self, other):
        return other in self

    def __contains__(self, item):
        return bool(self.missing)

    def __getattr__(self, name):
        return report.block()


def special_methods():
    {}[Awkward()] = 1


def compared():
    class Item:
        def __lt__(self, other):
            return report.block()

    bisect.insort([Item(), Item()], Item())


def missing_key():
    class Defaults(dict):
        def __missing__(self, key):
            return report.block()

    "%(name)s" % Defaults()


def json_default():
    json.dumps({"key": [object()]}, default=lambda value: report.block())


class Finalized:
    def __del__(self):
        report.block()


def finalized():
    value = Finalized()
    del value


def finalized_in_cycle():
    value = Finalized()
    value.itself = value
    del value
    gc.collect()


def weakly_referenced():
    class Target:
        pass

    target = Target()
    reference = weakref.ref(target, lambda dead: report.block())
    del target
    return reference


def parsed():
    parser = xml.parsers.expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: report.block()
    parser.Parse("<root><child/></root>", True)


def called_back_from_foreign_code():
    comparison = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
    values = (ctypes.c_int * 3)(3, 1, 2)

    def compare(left, right):
        report.block()
        return 0

    ctypes.CDLL(None).qsort(values, 3, ctypes.sizeof(ctypes.c_int), comparison(compare))


def imported_attribute():
    import types

    module = types.ModuleType("made up")
    module.__getattr__ = lambda name: report.block()
    return module.anything


def handle_signal(number, frame):
    report.block()


situations = [
    sorted_key,
    list_sort_comparison,
    max_key,
    mapped,
    filtered,
    reduced,
    substituted,
    called_until,
    grouped,
    special_methods,
    compared,
    missing_key,
    json_default,
    finalized,
    weakly_referenced,
    parsed,
    called_back_from_foreign_code,
    imported_attribute,
]
gc.disable()
report.start(len(situations) + 2)
for situation in situations:
    threading.Thread(target=situation, name=situation.__name__).start()
# The collector runs with the other threads' garbage as well, so it comes last among the threads.
threading.Thread(target=finalized_in_cycle, name="finalized_in_cycle").start()
signal.signal(signal.SIGUSR1, handle_signal)
signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
