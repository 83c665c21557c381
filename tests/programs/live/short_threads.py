"""Threads that come and go: there are always a few, and each lives for about a millisecond. It ends after a minute."""

import threading
import time


def compute():
    end = time.monotonic() + 0.001
    while time.monotonic() < end:
        pass


def main():
    end = time.monotonic() + 60
    print("ready", flush=True)
    while time.monotonic() < end:
        threads = [threading.Thread(target=compute) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


main()
