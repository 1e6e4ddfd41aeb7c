"""A Cython package of somebody else that builds on the kernels of an adlcore that is installed, or lies here."""

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

import adlcore as adl

pytestmark = [pytest.mark.compiler, pytest.mark.plain]

SOURCE = """
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free

from adlcore._kernels.compiled.numbers.money cimport HALF_EVEN, int128, quotient, size_of, uint128
from adlcore._kernels.compiled.ranking.queue_order cimport Ordered
from adlcore._kernels.compiled.numbers.sums cimport Exact, add, clear, merge, rounded
from adlcore._kernels.compiled.numbers.types cimport grow


def share(int64_t amount, int64_t part, int64_t whole):
    '''amount * part / whole, half-even: inline code and a header.'''
    cdef int64_t out = 0
    cdef uint128 product = <uint128> size_of(amount) * size_of(part)
    if not quotient(product, <uint64_t> whole, (amount < 0) != (part < 0), HALF_EVEN, &out):
        raise OverflowError
    return out


def total(list values):
    '''The exact sum, rounded once: functions of a compiled kernel, and working memory.'''
    cdef Exact* sums = <Exact*> grow(NULL, 2 * sizeof(Exact))
    try:
        clear(&sums[0])
        clear(&sums[1])
        for i, value in enumerate(values):
            add(&sums[i % 2], value)
        merge(&sums[0], &sums[1])
        return rounded(&sums[0])
    finally:
        free(sums)


def first(const double[::1] scores):
    '''The row that stands first: a class of a compiled kernel.'''
    cdef Ordered queue = Ordered(scores, None)
    return queue.records[0].place if queue.count else None
"""

SETUP = """
from Cython.Build import cythonize
from setuptools import Extension, setup
import adlcore
modules = [Extension("shares", ["shares.pyx"], include_dirs=[adlcore.get_include()])]
setup(name="shares", py_modules=[], ext_modules=cythonize(modules, language_level=3))
"""

USE = """
import json, numpy, shares
numbers = [shares.share(10**17, 2**40 + 1, 2**41), shares.share(-7, 1, 2), shares.total([1e16, 1.0, 1.0, 0.1, 2e-300])]
print(json.dumps([*numbers, shares.first(numpy.array([1.0, 3.0, 2.0]))]))
"""


def test_the_declarations_and_headers_are_shipped():
    headers = Path(adl.get_include())
    names = {str(path.relative_to(headers.parent)) for path in headers.parent.rglob("*")}
    assert {"include/adl_memory.h", "include/adl_simd.h", "include/adl_wide.h"} <= names
    assert {
        "numbers/money.pxd",
        "numbers/types.pxd",
        "ranking/cut.pxd",
        "clearing/rows.pxd",
        "margin/passes.pyi",
    } <= names


def test_a_cython_package_builds_on_the_kernels(tmp_path):
    (tmp_path / "shares.pyx").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "setup.py").write_text(SETUP, encoding="utf-8")
    paths = (str(Path(adl.__file__).parent.parent), os.environ.get("PYTHONPATH", ""))
    told = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}

    def python(*arguments):
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=told,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    python("setup.py", "-q", "build_ext", "--inplace")
    values = [1e16, 1.0, 1.0, 0.1, 2e-300]
    exact = float(sum(map(Fraction, values)))
    assert json.loads(python("-c", USE)) == [round(Fraction(10**17 * (2**40 + 1), 2**41)), -4, exact, 1]
