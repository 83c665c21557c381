"""Two threads that stand still in calls of calls, for measurements of `dump`."""

import os
import threading
import time


def stand_still(depth):
    if depth > 0:
        stand_still(depth - 1)
        return
    parent = os.getppid()
    while os.getppid() == parent:  # whoever started this has not gone
        time.sleep(0.25)


second = threading.Thread(target=stand_still, args=(10,), daemon=True)
second.start()
print(time.monotonic_ns(), 0, flush=True)
stand_still(10)
