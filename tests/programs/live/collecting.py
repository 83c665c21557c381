"""Waits while the garbage collector runs, or after it has."""

import gc
import os
import sys
import weakref


class Node(object):
    pass


def wait(_=None):
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    os.read(0, 1)


node = Node()
node.itself = node
reference = weakref.ref(node, wait if sys.argv[1] == "during" else lambda _: None)
del node
gc.collect()
wait()
