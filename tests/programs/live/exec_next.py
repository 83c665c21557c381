"""Computes for a while, then becomes another program: python exec_next.py PROGRAM [ARGUMENT ...]."""

import os
import sys
import time


def before():
    # By its own CPU time: a profiler that has to wait for a processor has more of it.
    while time.process_time() < 0.8:
        pass


print("ready", flush=True)
before()
os.execv(sys.argv[1], sys.argv[1:])
