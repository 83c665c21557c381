"""Three stacks on one thread, which hand over to each other in the middle of Python and of C."""
from greenlet import getcurrent, greenlet


def work(count):
    total = 0
    for i in range(count):
        total += i
    return total


def plain():
    while True:
        work(20000)
        hub.switch()


def by_way_of_c():
    while True:
        list(map(lambda count: work(count), [10000, 10000]))
        hub.switch()


def deep(levels):
    if levels > 0:
        return deep(levels - 1)
    while True:
        sorted([2, 1], key=inside_of_sort)


def inside_of_sort(value):
    hub.switch()
    return work(20000)


hub = getcurrent()
stacks = [greenlet(plain), greenlet(by_way_of_c), greenlet(lambda: deep(3))]
print("ready", flush=True)
while True:
    for stack in stacks:
        stack.switch()
