# Needs Python 3.7.
"""Code that runs while classes and instances are made: metaclasses, hooks, descriptors."""

import abc
import copy
import dataclasses
import pickle

import report


class Meta(type):
    blocked = ""

    @classmethod
    def __prepare__(mcs, name, bases, **keywords):
        mcs.stop("prepare", name)
        return {}

    def __new__(mcs, name, bases, namespace, **keywords):
        mcs.stop("new", name)
        return super().__new__(mcs, name, bases, namespace)

    def __init__(cls, name, bases, namespace, **keywords):
        cls.stop("init", name)
        super().__init__(name, bases, namespace)

    def __call__(cls, *arguments):
        cls.stop("call", cls.__name__)
        return super().__call__(*arguments)

    def __instancecheck__(cls, instance):
        return report.block()

    @staticmethod
    def stop(where, name):
        if where == name:
            report.block()


def metaclass_prepare():
    class prepare(metaclass=Meta):
        pass

    return prepare


def metaclass_new():
    class new(metaclass=Meta):
        pass

    return new


def metaclass_init():
    return Meta("init", (), {})


def metaclass_call():
    class call(metaclass=Meta):
        pass

    call()


def metaclass_instance_check():
    class checked(metaclass=Meta):
        pass

    isinstance(1, checked)


def subclass_hook():
    class Base:
        def __init_subclass__(cls, **keywords):
            super().__init_subclass__()
            report.block()

    class Derived(Base, keyword=1):
        pass

    return Derived


def abstract_subclass_hook():
    class Sized(abc.ABC):
        @classmethod
        def __subclasshook__(cls, other):
            return report.block()

    issubclass(int, Sized)


class Descriptor:
    def __init__(self, where):
        self.where = where

    def __set_name__(self, owner, name):
        if self.where == "set_name":
            report.block()

    def __get__(self, instance, owner):
        return report.block()

    def __set__(self, instance, value):
        report.block()

    def __delete__(self, instance):
        report.block()


def descriptor_set_name():
    class Owner:
        field = Descriptor("set_name")

    return Owner


class Owner:
    field = Descriptor("other")


def descriptor_get():
    return Owner().field


def descriptor_set():
    Owner().field = 1


def descriptor_delete():
    del Owner().field


def instance_new():
    class Made:
        def __new__(cls):
            report.block()

    Made()


def dataclass_methods():
    @dataclasses.dataclass
    class Point:
        x: int = dataclasses.field(default_factory=lambda: 1)
        y: int = 2

        def __post_init__(self):
            report.block()

    Point()


def set_attribute():
    class Guarded:
        def __setattr__(self, name, value):
            report.block()

    Guarded().value = 1


def class_getitem():
    class Generic:
        def __class_getitem__(cls, item):
            report.block()

    return Generic[int]


class Pickled:
    def __reduce__(self):
        return report.block()


def pickled():
    pickle.dumps([Pickled()])


def copied():
    class Copied:
        def __deepcopy__(self, memory):
            report.block()

    copy.deepcopy({"key": [Copied()]})


report.run(
    metaclass_prepare,
    metaclass_new,
    metaclass_init,
    metaclass_call,
    metaclass_instance_check,
    subclass_hook,
    abstract_subclass_hook,
    descriptor_set_name,
    descriptor_get,
    descriptor_set,
    descriptor_delete,
    instance_new,
    dataclass_methods,
    set_attribute,
    class_getitem,
    pickled,
    copied,
)
