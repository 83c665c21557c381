"""Threads that wait, each in another way, for three seconds: "ready TID ...", with one thread for each way.

signal.sigtimedwait is not among them: when it is disturbed just as its time is over, CPython returns memory that was
never written.

Beside each of them another thread waits in the same way. The exit code is 0 when the threads of each pair got the same
result after the same time; otherwise standard error says what was different.
"""

import os
import queue
import select
import socket
import sys
import threading
import time

SECONDS = 3
# Where a wait starts from the beginning again, as often as it is disturbed, it takes about twice as long or more.
TOLERANCE = 1


def get_from_queue():
    try:
        return queue.Queue().get(timeout=SECONDS)
    except queue.Empty:
        return "empty"


def wait_for_socket():
    left, right = socket.socketpair()
    left.settimeout(SECONDS)
    try:
        return left.recv(1)
    except socket.timeout:
        return "timeout"
    finally:
        right.close()


def read_late():
    reading, writing = os.pipe()
    threading.Timer(SECONDS, os.write, (writing, b"x")).start()
    return os.read(reading, 1)


def acquire_lock():
    lock = threading.Lock()
    lock.acquire()
    return lock.acquire(timeout=SECONDS)


def poll():
    poll = select.poll()
    poll.register(os.pipe()[0], select.POLLIN)
    return poll.poll(SECONDS * 1000)


def poll_epoll():
    epoll = select.epoll()
    epoll.register(os.pipe()[0], select.EPOLLIN)
    return epoll.poll(SECONDS)


WAITS = {
    "time.sleep": lambda: time.sleep(SECONDS),
    "select": lambda: select.select([os.pipe()[0]], [], [], SECONDS),
    "poll": poll,
    "epoll": poll_epoll,
    "Lock.acquire": acquire_lock,
    "Event.wait": lambda: threading.Event().wait(SECONDS),
    "Queue.get": get_from_queue,
    "socket.recv": wait_for_socket,
    "os.read": read_late,
}


def kernel_id():
    if sys.version_info >= (3, 8):
        return threading.get_native_id()
    return int(os.readlink("/proc/thread-self").rsplit("/", 1)[1])


class Waiter(threading.Thread):
    def __init__(self, name):
        super().__init__(name=name)
        self.start()

    def run(self):
        self.kernel_id = kernel_id()
        barrier.wait()
        begin = time.monotonic()
        try:
            self.result = repr(WAITS[self.name]())
        except BaseException as error:
            self.result = repr(error)
        self.seconds = time.monotonic() - begin


barrier = threading.Barrier(2 * len(WAITS) + 1)
pairs = [(Waiter(name), Waiter(name)) for name in WAITS]
barrier.wait()
print("ready", *(one.kernel_id for one, _ in pairs), flush=True)
failed = False
for pair in pairs:
    for thread in pair:
        thread.join()
    one, other = pair
    early = one.seconds < SECONDS - 0.01
    if early or one.result != other.result or abs(one.seconds - other.seconds) > TOLERANCE:
        print(one.name, one.seconds, one.result, "instead of", other.seconds, other.result, file=sys.stderr)
        failed = True
sys.exit(failed)
