"""Runs one command and measures it: wall time, CPU time and peak memory of its process.

Usage: measure.py OPTIONS_AS_JSON COMMAND [ARGUMENT...]
Options: {"window": [from, to], "end_after": s, "kill_after": s, "poll_s": s}, in seconds, which count from
the start of the command. Prints one JSON object.

This is a process of its own because only the parent that waits for a process learns its exact CPU time,
and because a small parent sees the end of a process sooner than an event loop would.
"""

import json
import os
import signal
import sys
import tempfile
import time

KEEP_BYTES = 20_000


def cpu_ns(pid):
    """CPU time of all threads of a process: /proc/PID/stat alone counts in steps of 10 ms."""
    try:
        total = 0
        for tid in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/schedstat" % (pid, tid)) as file:
                total += int(file.read().split()[0])
        return total
    except (OSError, IndexError):
        pass
    try:
        with open("/proc/%d/stat" % pid) as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError):
        return None  # it has ended


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
    window = options.get("window") or []
    poll_s = options.get("poll_s")
    outputs = [tempfile.TemporaryFile(), tempfile.TemporaryFile()]
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    actions += [(os.POSIX_SPAWN_DUP2, file.fileno(), fd + 1) for fd, file in enumerate(outputs)]
    # What is to be done, and when; a command that ends before leaves the rest undone.
    plan = [(at, "mark") for at in window] + [(options.get("kill_after", 60), "kill")]
    if options.get("end_after"):
        plan.append((options["end_after"], "end"))
    plan.sort()
    marks, signalled, peak, finished = [], None, 0, None

    # Blocked, so that it can be waited for together with a time.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    started = time.monotonic_ns()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=actions, setsigmask=[])
    while finished is None:
        ended_pid, status, usage = os.wait4(pid, 0 if not plan else os.WNOHANG)
        if ended_pid:
            finished = time.monotonic_ns()
            break
        if poll_s:
            peak = max(peak, peak_kib(pid))
        now = (time.monotonic_ns() - started) / 1e9
        at, what = plan[0]
        if now < at:
            signal.sigtimedwait([signal.SIGCHLD], min(at - now, poll_s or at))
            continue
        plan.pop(0)
        if what == "mark":
            at_ns, cpu = time.monotonic_ns(), cpu_ns(pid)
            if cpu is not None:
                marks.append({"at_ns": at_ns, "cpu_ns": cpu})
        else:
            signalled = signalled or time.monotonic_ns()
            os.kill(pid, signal.SIGINT if what == "end" else signal.SIGKILL)

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
        "stdout": texts[0],
        "stderr": texts[1],
    }))


main()
