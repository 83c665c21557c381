"""Threads of each kind: computing, in native code without the GIL, waiting for the GIL, asleep."""

import hashlib
import sys
import threading
import time

try:
    import zlib
except ImportError:
    zlib = None  # a build with few modules


def compute():
    while True:
        total = 0
        for number in range(1000):
            total += number


def compress():
    data = b"x" * (1 << 22)
    while True:
        # To 2.7 hashlib keeps the GIL.
        if zlib:
            zlib.compress(data)
        else:
            hashlib.sha256(data).digest()


def rest():
    while True:
        time.sleep(3600)


for function in (compute, compute, compute, compress, rest):
    thread = threading.Thread(target=function, name=function.__name__)
    thread.daemon = True
    thread.start()
sys.stdout.write("ready\n")
sys.stdout.flush()
time.sleep(3600)
