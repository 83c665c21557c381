"""Four processes of three threads, each of which runs a function of its own; the first line tells their ids, as JSON."""
import json
import os
import sys
import threading
import time


def spin():
    for number in range(20000):
        number * number


def run(function):
    # A name for each, so that a sample tells whose it is.
    scope = {"spin": spin, "time": time}
    code = "def %s():\n while True:\n  spin()\n  time.sleep(0.001)\n" % function
    exec(compile(code, function + ".py", "exec"), scope)
    scope[function]()


def report(process, pipe):
    """Starts the threads of a process, and tells who they are."""
    ids = {"main": threading.get_native_id()}
    started = threading.Barrier(3)

    def work(name):
        ids[name] = threading.get_native_id()
        started.wait()
        run("p%d_%s" % (process, name))

    for name in ("one", "two"):
        threading.Thread(target=work, args=(name,), name="thread " + name, daemon=True).start()
    started.wait()
    os.write(pipe, (json.dumps([process, os.getpid(), ids]) + "\n").encode())


def end_with(parent):
    def watch():
        while os.getppid() == parent:
            time.sleep(0.1)
        os._exit(0)

    # A fourth thread, which sleeps.
    threading.Thread(target=watch, name="watch", daemon=True).start()


def main():
    parent = os.getpid()
    reading, writing = os.pipe()
    for process in (1, 2, 3):
        if os.fork() == 0:
            end_with(parent)
            report(process, writing)
            run("p%d_main" % process)
    report(0, writing)
    with os.fdopen(reading) as lines:
        reports = [json.loads(lines.readline()) for _ in range(4)]
    sys.stdout.write(json.dumps(reports) + "\n")
    sys.stdout.flush()
    run("p0_main")


main()
