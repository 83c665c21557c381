"""Counts in memory that can be read from outside: "ready ADDRESS TID", ends with its standard input or after a minute.

At ADDRESS, 64 bits each: how often the main thread went round, and how often the handler of SIGUSR1 ran. TID is the
thread that waits for the end of the standard input. The exit code is 3 then, and 4 after SIGUSR2.
"""

import array
import os
import signal
import sys
import threading
import time

counts = array.array("Q", [0, 0])


def on_usr1(number, frame):
    counts[1] += 1


def end_with_stdin():
    tids.append(threading.get_native_id())
    started.set()
    # The only place where this thread gives the GIL away: stopped here, it does not have it.
    os.read(0, 1)
    os._exit(3)


def main():
    end = time.monotonic() + 60
    print("ready", counts.buffer_info()[0], tids[0], flush=True)
    while time.monotonic() < end:
        counts[0] += 1


signal.signal(signal.SIGUSR1, on_usr1)
signal.signal(signal.SIGUSR2, lambda number, frame: os._exit(4))
tids = []
started = threading.Event()
switch_interval = sys.getswitchinterval()
sys.setswitchinterval(60)
threading.Thread(target=end_with_stdin, daemon=True).start()
started.wait()
sys.setswitchinterval(switch_interval)
main()
