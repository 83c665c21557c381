"""Threads that run tiny functions side by side, each its own: python parallel.py [THREADS].

Thread "worker-2" runs only functions whose names end with "_2"; the checks are in tests/live/free_threaded_test.ts. It ends
after a minute.
"""

import sys
import threading
import time

FAMILY = """
def plain_a_{i}():
    return plain_b_{i}()


def plain_b_{i}():
    return {i}


def lazy_a_{i}():
    for _ in lazy_b_{i}():
        pass


def lazy_b_{i}():
    yield {i}
    yield {i}


def spin_{i}(end):
    while time.time() < end:
        plain_a_{i}()
        lazy_a_{i}()
"""

count = int(sys.argv[1]) if len(sys.argv) > 1 else 3
functions = {"time": time}
end = time.time() + 60
for i in range(count):
    exec(compile(FAMILY.format(i=i), "family.py", "exec"), functions)
for i in range(count):
    spin = functions["spin_%d" % i]
    threading.Thread(target=spin, args=(end,), name="worker-%d" % i, daemon=True).start()
print("ready", flush=True)
time.sleep(60)
