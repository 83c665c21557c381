"""Runs one command and measures it: wall time, CPU time and peak memory of its process.

Usage: measure.py OPTIONS_AS_JSON COMMAND [ARGUMENT...]
Options: {"window": [from, to], "end_after": s, "kill_after": s, "poll_s": s, "target": pid, "rest_s": s},
in seconds, which count from the start of the command. Prints one JSON object.

This is a process of its own because only the parent that waits for a process learns its exact CPU time,
because a small parent sees the end of a process sooner than an event loop would, and because it can sleep
while the others work.
"""

import json
import os
import signal
import sys
import tempfile
import time

KEEP_BYTES = 20_000
# A clock that took longer to be read was read by someone who was interrupted.
READ_NS = 20_000
# A target goes on where it was stopped, and caches fill again.
SETTLE_S = 0.05


def read_clock(pid):
    """The CPU time of all threads that a process has or had, and when that was: [at, CPU time], or None.

    The clock of clock_getcpuclockid(3) is exact. /proc/PID/stat counts in steps of 10 ms, and schedstat is
    as old as the last interrupt of a thread that is running.
    """
    if not pid:
        return None
    clock = (~pid << 3) | 2
    best = None
    for _ in range(5):
        before = time.monotonic_ns()
        try:
            cpu = time.clock_gettime_ns(clock)
        except OSError:
            return None  # it has ended
        took = time.monotonic_ns() - before
        if best is None or took < best[0]:
            best = (took, [before + took // 2, cpu])
        if took < READ_NS:
            break
    return best[1]


def watch_rest(pid, rest_s):
    """Lets a process work alone. Returns its clock at the beginning and at the end of that time."""
    first = read_clock(pid)
    time.sleep(rest_s)
    return [first, read_clock(pid)]


def peak_kib(pid):
    """The most memory that a process has had so far.

    The parent is told a peak by wait4 as well, but that one starts with the parent's own.
    """
    try:
        with open("/proc/%d/status" % pid) as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def main():
    options = json.loads(sys.argv[1])
    command = sys.argv[2:]
    poll_s = options.get("poll_s")
    target, rest_s = options.get("target"), options.get("rest_s") or 0
    outputs = [tempfile.TemporaryFile(), tempfile.TemporaryFile()]
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    actions += [(os.POSIX_SPAWN_DUP2, file.fileno(), fd + 1) for fd, file in enumerate(outputs)]
    # What is to be done, and when; a command that ends before leaves the rest undone.
    plan = [(at, "mark") for at in options.get("window") or []] + [(options.get("kill_after", 60), "kill")]
    if options.get("end_after"):
        plan.append((options["end_after"], "end"))
    plan.sort()
    marks, rests, signalled, peak, finished = [], [], None, 0, None

    if rest_s:
        rests.append(watch_rest(target, rest_s))
    # Blocked, so that it can be waited for together with a time.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    started = time.monotonic_ns()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=actions, setsigmask=[])
    while finished is None:
        ended_pid, status, usage = os.wait4(pid, 0 if not plan else os.WNOHANG)
        if ended_pid:
            finished = time.monotonic_ns()
            break
        # Memory never shrinks in this figure: within the window, where all is to be left alone, nobody looks.
        polls = poll_s if all(what != "mark" for _, what in plan) else None
        if polls:
            peak = max(peak, peak_kib(pid))
        now = (time.monotonic_ns() - started) / 1e9
        at, what = plan[0]
        if now < at:
            signal.sigtimedwait([signal.SIGCHLD], min(at - now, polls or at))
            continue
        plan.pop(0)
        if what == "mark":
            marks.append({"profiler": read_clock(pid), "target": read_clock(target)})
        else:
            signalled = signalled or time.monotonic_ns()
            os.kill(pid, signal.SIGINT if what == "end" else signal.SIGKILL)
    if rest_s:
        time.sleep(SETTLE_S)
        rests.append(watch_rest(target, rest_s))

    texts = []
    for file in outputs:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - KEEP_BYTES))
        texts.append(file.read().decode("utf-8", "replace"))
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
    print(json.dumps({
        "code": code,
        "started_ns": started,
        "ended_ns": finished,
        "signalled_ns": signalled,
        "cpu_ns": int((usage.ru_utime + usage.ru_stime) * 1e9),
        "peak_kib": peak,
        "marks": marks,
        "rests": rests,
        "stdout": texts[0],
        "stderr": texts[1],
    }))


main()
