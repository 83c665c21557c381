"""Three interpreters, of which two are run by threads that did not make them; all are blocked for a minute."""
import os
import sys
import threading

try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

CODE = """
import os
import time


def inside(number):
    os.write({arrived}, b".")
    time.sleep(60)


inside({number})
"""

arrived, arrive = os.pipe()


def run(identity, number):
    code = CODE.format(arrived=arrive, number=number)
    execute = getattr(interpreters, "exec", None) or interpreters.run_string
    execute(identity, code)


for number in (1, 2):
    identity = interpreters.create()
    threading.Thread(target=run, args=(identity, number), daemon=True, name="runner %d" % number).start()
count = 0
while count < 2:
    count += len(os.read(arrived, 2))
print("ready", flush=True)
sys.stdin.read()
