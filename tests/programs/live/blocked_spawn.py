"""Starts another program, which is held up until somebody opens a named pipe: python blocked_spawn.py PIPE.

Until then the thread cannot be interrupted, except by SIGKILL. Afterwards it counts, as counts.py does, for a minute.
It prints "ready ADDRESS" before.
"""

import array
import os
import sys
import time

counts = array.array("Q", [0])
print("ready", counts.buffer_info()[0], flush=True)
opening = (os.POSIX_SPAWN_OPEN, 9, sys.argv[1], os.O_RDONLY, 0)
os.waitpid(os.posix_spawn("/bin/true", ["true"], os.environ, file_actions=[opening]), 0)
end = time.monotonic() + 60
while time.monotonic() < end:
    counts[0] += 1
