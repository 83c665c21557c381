"""Starts children by fork all the time, which compute something else than it does. It ends after a minute."""

import os
import time


def of_child():
    end = time.monotonic() + 0.01
    while time.monotonic() < end:
        pass


def of_parent():
    end = time.monotonic() + 0.005
    while time.monotonic() < end:
        pass


def main():
    end = time.monotonic() + 60
    print("ready", flush=True)
    while time.monotonic() < end:
        pid = os.fork()
        if pid == 0:
            of_child()
            os._exit(0)
        of_parent()
        os.waitpid(pid, 0)


main()
