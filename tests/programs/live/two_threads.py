"""One thread computes, another sleeps, the main thread waits for both; it ends after a minute."""

import threading
import time

END = time.monotonic() + 60


def compute():
    total = 0
    for number in range(1000):
        total += number * number


def work():
    while time.monotonic() < END:
        compute()


def doze():
    asleep.set()
    time.sleep(60)


asleep = threading.Event()
worker = threading.Thread(target=work, name="worker one", daemon=True)
sleeper = threading.Thread(target=doze, name="sleeper", daemon=True)
worker.start()
sleeper.start()
asleep.wait()
print("ready", flush=True)
sleeper.join()
