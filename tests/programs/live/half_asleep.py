"""Works for 5 ms of its own CPU time, sleeps for 5 ms, and so on."""

import threading
import time


def work():
    end = time.thread_time() + 0.005
    while time.thread_time() < end:
        pass


def rest():
    time.sleep(0.005)


def go_on():
    while True:
        work()
        rest()


threading.Thread(target=go_on, daemon=True).start()
print("ready", flush=True)
time.sleep(3600)
