# Needs Python 3.6.
"""Threads with all kinds of names, blocked in different calls."""

import _thread
import select
import socket
import threading

import report

LOCK = _thread.allocate_lock()
LOCK.acquire()
EVENT = threading.Event()


def waits_for_lock():
    report.arrive() and LOCK.acquire()


def waits_in_select():
    report.arrive() and select.select([], [], [])


def waits_for_socket():
    left, right = socket.socketpair()
    report.arrive() and left.recv(1)
    right.close()


def blocks():
    report.block()


def renamed():
    threading.current_thread().name = "renamed by itself"
    report.block()


class Worker(threading.Thread):
    def run(self):
        report.block()


def raw():
    report.register()
    report.block()


def raw_and_adopted():
    report.register()
    threading.current_thread()  # from here on, threading has a dummy object for this thread
    report.block()


def with_timer():
    report.block()


threads = [
    threading.Thread(target=waits_for_lock),
    threading.Thread(target=waits_in_select, name="select"),
    threading.Thread(target=waits_for_socket, name="socket", daemon=True),
    threading.Thread(target=blocks, name="größer als ½"),
    threading.Thread(target=blocks, name="поток-1"),
    threading.Thread(target=blocks, name="スレッド"),
    threading.Thread(target=blocks, name="🐍 thread 🧵"),
    threading.Thread(target=blocks, name="with \"quotes\", ; semicolons; and\nlines"),
    threading.Thread(target=blocks, name=""),
    threading.Thread(target=blocks, name="long " * 50),
    threading.Thread(target=renamed, name="before"),
    threading.Thread(target=blocks, name="later renamed"),
    Worker(),
    Worker(name="subclass", daemon=True),
    threading.Timer(0, with_timer),
]
report.start(len(threads) + 3)
threading.main_thread().name = "main, renamed"
for thread in threads:
    thread.start()
threads[11].name = "renamed from outside"
_thread.start_new_thread(raw, ())
_thread.start_new_thread(raw_and_adopted, ())
report.block()
