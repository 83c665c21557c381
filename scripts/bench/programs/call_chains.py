"""Tiny functions that call each other in chains which can never mix.

Only outer_7 calls middle_7, and only middle_7 calls inner_7, for each of 24 numbers. A stack trace with
middle_7 called by outer_8 never existed: a profiler that shows it has put it together from several moments.
"""

import os
import time

CHAINS = 24
CHAIN = """
def inner_{n}(x):
    return x + {n}
def middle_{n}(x):
    return inner_{n}(x) - inner_{n}(x + 1)
def outer_{n}(x):
    return middle_{n}(x) * middle_{n}(x + 1)
"""

source = "".join(CHAIN.format(n=n) for n in range(CHAINS))
source += "def all_chains():\n" + "".join("    outer_{0}({0})\n".format(n) for n in range(CHAINS))
exec(compile(source, "call_chains_generated.py", "exec"))


def run():
    parent = os.getppid()
    next_report = 0
    while True:
        now = time.monotonic_ns()
        if now >= next_report:
            print(now, 0, flush=True)
            next_report = now + 250_000_000
            if os.getppid() != parent:  # whoever started this has gone
                return
        for _ in range(20):
            all_chains()


run()
