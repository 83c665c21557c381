# Needs Python 3.6.
"""Identifiers and paths beyond ASCII, in each of CPython's string widths."""

import importlib
import os
import sys
import tempfile

import report

SOURCE = '''\
import report


def naïve():
    """Latin-1: one byte a character."""
    функция()


def функция():
    """Two bytes a character."""
    Größe.메서드(Größe())


class Größe:
    def 메서드(self):
        𝔘𝔫𝔦𝔠𝔬𝔡𝔢()


def 𝒻():
    𐐨()


def 𐐨():
    """Four bytes a character."""
    report.block()


def Unicode():
    """The parser has made plain letters of the caller's mathematical ones (NFKC)."""
    𝒻()
'''


def module_in(folder, name):
    os.makedirs(folder)
    with open(os.path.join(folder, name + ".py"), "w", encoding="utf-8") as file:
        file.write(SOURCE)
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    return importlib.import_module(name)


base = tempfile.mkdtemp(prefix="pyspy-")
report.remove_when_ready(base)
emoji = module_in(os.path.join(base, "🐍 папка"), "модуль")
latin = module_in(os.path.join(base, "Ünïcödé"), "prüfung")


def through_emoji_path():
    emoji.naïve()


def through_latin_path():
    latin.naïve()


report.run(through_emoji_path, through_latin_path)
