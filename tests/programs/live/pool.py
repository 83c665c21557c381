"""A pool of three processes, started in the way that is named, and one process that is no Python."""
import multiprocessing
import os
import subprocess
import sys
import time


def burn(seconds):
    end = time.time() + seconds
    while time.time() < end:
        sum(range(1000))


def in_worker(index):
    burn(0.3)
    return index


def be_quiet():
    """The pool is killed while its processes work: they need not say so."""
    sys.stderr = open(os.devnull, "w")


def main(method):
    print("ready", flush=True)
    with subprocess.Popen(["sleep", "30"]):
        with multiprocessing.get_context(method).Pool(3, be_quiet) as pool:
            while True:
                pool.map(in_worker, range(6), chunksize=1)


if __name__ == "__main__":
    main(sys.argv[1])
