# Needs Python 3.7.
"""Coroutines, asynchronous generators and context managers, blocked in a synchronous call."""

import asyncio
import contextlib
import threading

import report


async def leaf():
    await asyncio.sleep(0)
    report.block()


async def middle(depth):
    if depth == 0:
        return await leaf()
    return await middle(depth - 1)


def nested_awaits():
    asyncio.run(middle(10))


async def numbers():
    for number in range(5):
        await asyncio.sleep(0)
        if number == 2:
            report.block()
        yield number


def asynchronous_generator():
    async def consume():
        async for number in numbers():
            str(number)

    asyncio.run(consume())


def asynchronous_comprehension():
    async def consume():
        return [number async for number in numbers() if number >= 0]

    asyncio.run(consume())


@contextlib.asynccontextmanager
async def managed():
    await asyncio.sleep(0)
    yield
    report.block()


class Managed:
    async def __aenter__(self):
        return self

    async def __aexit__(self, *failure):
        await leaf()


def asynchronous_with():
    async def use():
        async with Managed() as manager, managed():
            str(manager)
            await asyncio.sleep(0)

    asyncio.run(use())


def asynchronous_exit():
    async def use():
        async with Managed():
            raise KeyError("while an exception is on its way")

    asyncio.run(use())


class Awaitable:
    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        report.block()


def awaitable_object():
    async def use():
        await asyncio.wait_for(Awaitable(), timeout=None)

    asyncio.run(use())


def tasks():
    async def use():
        # Only one of the tasks runs; the others are suspended and must not show up.
        await asyncio.gather(asyncio.sleep(1000), middle(3), asyncio.sleep(1000))

    asyncio.run(use())


def by_hand():
    class Switch:
        def __await__(self):
            yield

    async def inner():
        await Switch()
        report.block()

    async def outer():
        await inner()

    coroutine = outer()
    coroutine.send(None)
    coroutine.send(None)


def callback():
    async def use():
        asyncio.get_running_loop().call_soon(report.block)
        await asyncio.sleep(1)

    asyncio.run(use())


situations = [
    nested_awaits,
    asynchronous_generator,
    asynchronous_comprehension,
    asynchronous_with,
    asynchronous_exit,
    awaitable_object,
    tasks,
    by_hand,
    callback,
]
report.start(len(situations) + 1)
for situation in situations:
    threading.Thread(target=situation, name=situation.__name__).start()
asyncio.run(middle(1))
