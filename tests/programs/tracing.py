"""Blocked inside of trace and profile functions, which run on top of the function they observe."""

import sys
import threading

import report


def observed(value):
    value += 1
    for number in range(2):
        value += number
    return value


def on_event(event, line=0):
    def trace(frame, kind, argument):
        if kind == event and frame.f_code is observed.__code__ and frame.f_lineno >= line:
            report.block()
        return trace

    return trace


def traced_call():
    sys.settrace(on_event("call"))
    observed(1)


def traced_line():
    sys.settrace(on_event("line", observed.__code__.co_firstlineno + 3))
    observed(1)


def traced_return():
    sys.settrace(on_event("return"))
    observed(1)


def profiled_return():
    sys.setprofile(on_event("return"))
    observed(1)


def profiled_c_call():
    def profile(frame, kind, argument):
        if kind == "c_call" and argument is len:
            report.block()

    sys.setprofile(profile)
    len("abc")


def traced_threads():
    def trace(frame, kind, argument):
        if frame.f_code is observed.__code__:
            report.block()

    threading.settrace(trace)
    thread = threading.Thread(target=observed, args=(1,), name="traced from its start")
    threading.settrace(None)
    sys.settrace(trace)
    thread.run()


report.run(traced_call, traced_line, traced_return, profiled_return, profiled_c_call, traced_threads)
