# Needs Python 3.6.
"""Everything that can be called: lambdas, closures, decorators, partials, properties, callable objects."""

import contextlib
import functools
import operator

import report


def logged(function):
    @functools.wraps(function)
    def wrapper(*arguments, **keywords):
        return function(*arguments, **keywords)

    return wrapper


def repeated(times, *, label):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*arguments):
            for _ in range(times):
                function(*arguments)

        return wrapper

    return decorate


@logged
@repeated(
    times=2,
    label="twice",
)
@logged
def decorated(argument="default"):
    report.block()


def lambdas():
    (lambda: (lambda value: (lambda: report.block())())(1))()


def lambda_in_default(callback=lambda: report.block()):
    callback()


def partials():
    functools.partial(functools.partial(lambda first, second: report.block(), 1), 2)()


def closures():
    def outer():
        counter = 0

        def middle():
            nonlocal counter

            def inner():
                nonlocal counter
                counter += 1
                return report.block()

            return inner()

        return middle()

    outer()


class Callable:
    def __call__(self, value):
        return self.method(value)

    def method(self, value):
        return self.static(value)

    @staticmethod
    def static(value):
        return Callable.of_class(value)

    @classmethod
    def of_class(cls, value):
        return cls().computed

    @property
    def computed(self):
        return self.cached

    @functools.lru_cache(maxsize=None)
    def cached_method(self):
        return self + self

    cached = property(cached_method)

    def __add__(self, other):
        return operator.itemgetter(1)(self)

    def __getitem__(self, index):
        return report.block()


def objects():
    Callable()(1)


class Base:
    def act(self):
        report.block()


class Derived(Base):
    def act(self):
        return super().act()


class MoreDerived(Derived):
    def act(self, *arguments, **keywords):
        return super(MoreDerived, self).act(*arguments, **keywords)


def inheritance():
    MoreDerived().act(**{})


@functools.singledispatch
def dispatched(value):
    raise NotImplementedError


@dispatched.register(int)
def dispatched_int(value):
    report.block()


def single_dispatch():
    dispatched(3)


@contextlib.contextmanager
def managed():
    report.block()
    yield


def context_manager():
    with managed():
        pass


report.run(
    decorated,
    lambdas,
    lambda_in_default,
    partials,
    closures,
    objects,
    inheritance,
    single_dispatch,
    context_manager,
)
