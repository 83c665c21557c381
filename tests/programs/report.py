"""Reports where every thread of this program stands, once all of them stand still.

A program calls `start(n)` and then lets n of its threads block, each of them through `block()` or through an
expression of its own on one line: `arrive() and lock.acquire()`. From the moment a thread has arrived,
neither its frames nor their lines change any more. The reporter thread counts the arrivals, takes
`sys._current_frames()` twice, prints one line of JSON, and ends the program when its standard input ends.
"""

import functools
import json
import os
import re
import shutil
import sys
import threading
import time
import traceback

try:
    import ctypes
except ImportError:  # a build without loadable modules
    ctypes = None
try:
    from _thread import get_ident
except ImportError:  # Python 2
    from thread import get_ident
try:
    from _thread import get_native_id
except ImportError:  # to 3.7

    def get_native_id():
        """The kernel's id of the calling thread."""
        SYS_GETTID = {"x86_64": 186, "aarch64": 178}[os.uname()[4]]
        return ctypes.CDLL(None).syscall(SYS_GETTID)


_ARRIVALS, _ARRIVE = os.pipe()
# Nothing is ever written here, and the writing end stays open: a read of it blocks for ever.
_NEVER, _KEEP_OPEN = os.pipe()

#: Tells the reporter that the calling thread is about to block; written in C, so that it adds no frame.
arrive = functools.partial(os.write, _ARRIVE, b".")

#: The file whose functions are reported with their variables.
WITH_LOCALS = None

#: Messages are reported up to here. Units: characters.
MAX_MESSAGE = 16384

_native_ids = {}
_handled = {}
_folders = []


def block():
    """Blocks the calling thread for ever and counts it as arrived; the report has the exception that it is handling."""
    _handled[get_ident()] = _exception(*sys.exc_info()[:2])
    return arrive() and os.read(_NEVER, 1)


def register():
    """Notes the kernel's id of a thread that has no `threading.Thread`, for the report."""
    _native_ids[get_ident()] = get_native_id()


def remove_when_ready(folder):
    """Removes a folder of the program as soon as all threads stand still."""
    _folders.append(folder)


def start(blocking_threads=1):
    """Starts the reporter, which waits for that many threads to arrive."""
    register()
    _allow_readers()
    sys.excepthook = _fail
    sys.unraisablehook = threading.excepthook = lambda failure: _fail(
        failure.exc_type, failure.exc_value, failure.exc_traceback
    )
    reporter = threading.Thread(target=_report, args=(blocking_threads,), name="reporter")
    reporter.daemon = True
    reporter.start()


def run(*situations):
    """Runs each function in a thread named after it; the main thread blocks as well."""
    start(len(situations) + 1)
    for situation in situations:
        threading.Thread(target=situation, name=situation.__name__).start()
    block()


def _allow_readers():
    """Lets processes of the same user read this one where the kernel allows that to ancestors only."""
    if ctypes is None:
        return
    PR_SET_PTRACER, PR_SET_PTRACER_ANY = 0x59616D61, ctypes.c_ulong(-1)
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0)


def _fail(kind, error, where):
    """A situation that raises can never arrive: end at once instead of waiting for it."""
    traceback.print_exception(kind, error, where)
    sys.stderr.flush()
    os._exit(1)


def _report(blocking_threads):
    arrived = 0
    while arrived < blocking_threads:
        arrived += len(os.read(_ARRIVALS, blocking_threads - arrived))
    _print_report()
    while os.read(0, 4096):
        pass
    os._exit(0)


def _print_report():
    threads = _threads()
    while True:
        again = _threads()
        if again == threads:
            break
        # Only a thread that is not counted can still move, such as one that comes to its end.
        threads = again
        time.sleep(0.001)
    for folder in _folders:
        shutil.rmtree(folder)
    report = {
        "ready": True,
        "pid": os.getpid(),
        "version": "%d.%d.%d" % sys.version_info[:3],
        "reporter_ident": get_ident(),
        "threads": threads,
    }
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


def _threads():
    known = {thread.ident: thread for thread in threading.enumerate()}
    threads = []
    # The interpreter lists the youngest thread first; the report starts with the oldest.
    for ident, frame in reversed(list(sys._current_frames().items())):
        if ident == get_ident():
            continue
        thread = known.get(ident)
        threads.append(
            {
                "ident": ident,
                "native_id": _native_ids.get(ident) or getattr(thread, "native_id", None),
                "name": None if thread is None else thread.name,
                "frames": _frames(frame),
                # Of a thread that blocked in another way nothing is known.
                "handling": _handled.get(ident, "unknown"),
            }
        )
    return threads


def _exception(kind, error):
    """The name of its class and its message; the arguments where it is not the `str` of a built-in class."""
    if kind is None:
        return None
    try:
        message = str(error) if kind.__str__ in _WRITERS else repr(error.args)
    except (UnicodeError, RuntimeError):  # a cycle of exceptions
        message = None
    if message is not None and len(message) > MAX_MESSAGE:
        message = message[:MAX_MESSAGE]
    return {"type": kind.__name__, "message": message}


_WRITERS = [kind.__str__ for kind in (BaseException, KeyError, EnvironmentError, ImportError)]
_WRITERS += [AttributeError.__str__, NameError.__str__]
try:
    _WRITERS.append(BaseExceptionGroup.__str__)  # noqa: F821 (from 3.11 on)
except NameError:
    pass


def _locals(frame):
    """Variables by name as their `repr`; None where they are not asked for."""
    if WITH_LOCALS is None or frame.f_locals is frame.f_globals:
        return None
    if frame.f_code.co_filename not in (WITH_LOCALS, "<string>"):
        return None
    items = list(frame.f_locals.items())
    return {name: _text(value) for name, value in items if not name.startswith("__")}


def _text(value):
    """Without the word "object" where `repr` is the one that all objects have; with attributes where it is ours."""
    text = re.sub(r"^<(\S+) object at (0x[0-9a-f]+)>$", r"<\1 at \2>", repr(value))
    if type(value).__module__ != "__main__" or not vars(value):
        return text
    return "%s (%s)" % (text, ", ".join("%s=%r" % item for item in vars(value).items()))


def _frames(frame):
    frames = []
    while frame is not None:
        code = frame.f_code
        qualname = getattr(code, "co_qualname", None)  # 3.11 and newer
        frames.append(
            {
                "name": qualname or code.co_name,
                "qualname": qualname,
                "file": code.co_filename,
                "line": frame.f_lineno or 0,
                "firstlineno": code.co_firstlineno,
                "locals": _locals(frame),
            }
        )
        frame = frame.f_back
    return frames
