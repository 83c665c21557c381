"""A thread that `threading` does not know, whose name only the operating system has."""
import _thread
import ctypes
import sys
import threading  # noqa: F401 (so that the main thread has a name)
import time

PR_SET_NAME = 15


def work():
    ctypes.CDLL(None).prctl(PR_SET_NAME, b"worker of C", 0, 0, 0)
    named.release()
    time.sleep(60)


named = _thread.allocate_lock()
named.acquire()
_thread.start_new_thread(work, ())
named.acquire()
print("ready", flush=True)
sys.stdin.read()
