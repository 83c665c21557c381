"""Families of tiny functions, of which no two can ever be on one stack: a mixed stack is one that never was.

The functions of a family call each other in one order only; the checks are in tests/live/impossible_test.ts.
It ends after a minute.
"""

import sys
import time

FAMILY = """
def plain_a_{i}():
    return plain_b_{i}()


def plain_b_{i}():
    return plain_c_{i}()


def plain_c_{i}():
    return {i}


def lazy_a_{i}():
    for _ in lazy_b_{i}():
        pass


def lazy_b_{i}():
    yield lazy_c_{i}()
    yield lazy_c_{i}()


def lazy_c_{i}():
    return {i}


def raise_a_{i}():
    try:
        raise_b_{i}()
    except ValueError:
        pass


def raise_b_{i}():
    raise_c_{i}()


def raise_c_{i}():
    raise ValueError


def even_a_{i}(n):
    return n == 0 or odd_b_{i}(n - 1)


def odd_b_{i}(n):
    return even_a_{i}(n - 1)
"""


def spin(families, end):
    while time.time() < end:
        for plain, lazy, fail, even in families:
            plain()
            lazy()
            fail()
            even(6)


functions = {}
for i in range(8):
    exec(compile(FAMILY.format(i=i), "family.py", "exec"), functions)
kinds = ("plain", "lazy", "raise", "even")
families = [[functions["%s_a_%d" % (kind, i)] for kind in kinds] for i in range(8)]
sys.stdout.write("ready\n")
sys.stdout.flush()
spin(families, time.time() + 60)
