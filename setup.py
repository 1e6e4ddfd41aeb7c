"""Build of the compiled core. All metadata is in pyproject.toml.

Switches, read from the environment:

``ADLCORE_SAFE=1``       every Cython check on, address and undefined-behaviour sanitizers
``ADLCORE_TRACE=1``      line tracing, for coverage of the kernels
``ADLCORE_NO_CLONES=1``  one version of every loop, for the machine's baseline
"""

import os
import sysconfig
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CCompilerError, ExecError, PlatformError

KERNELS = Path("adlcore/_kernels")
NEEDED = "see 'What is needed' in README.md"

# No -ffast-math: the exact floating-point expression is part of a rule. -ffp-contract=off keeps a
# multiply and an add apart, so that every clone of a loop and every machine gives the same bits.
# The two -fno flags change no result; they let branches become masks.
GNU_FLAGS = ["-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-g0"]
MSVC_FLAGS = ["/O2", "/fp:precise"]
SAFE_FLAGS = [
    "-O1",
    "-g",
    "-ffp-contract=off",
    "-fno-wrapv",  # Python's own flags may define signed overflow, and then nothing would see it
    "-fno-omit-frame-pointer",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=undefined",
    "-D_GLIBCXX_ASSERTIONS",
]


def switch(name):
    """Whether a switch of the environment is on."""
    return os.environ.get(name, "0") not in ("", "0")


def directives():
    """Cython's directives, for every kernel alike."""
    safe, trace = switch("ADLCORE_SAFE"), switch("ADLCORE_TRACE")
    return {
        "language_level": 3,
        "boundscheck": safe,
        "wraparound": False,
        "cdivision": True,
        "initializedcheck": safe,
        "freethreading_compatible": True,
        "embedsignature": False,
        "linetrace": trace,
    }


def macros():
    """C macros, for every kernel alike."""
    found = []
    if switch("ADLCORE_TRACE"):
        found += [("CYTHON_TRACE", "1"), ("CYTHON_TRACE_NOGIL", "1")]
    # The dynamic loader resolves clones before the address sanitizer is up.
    if switch("ADLCORE_NO_CLONES") or switch("ADLCORE_SAFE"):
        found.append(("ADL_NO_CLONES", "1"))
    return found


def extensions():
    """One extension a kernel file."""
    headers = [str(path) for path in (*KERNELS.glob("*.h"), *KERNELS.glob("*.pxd"))]
    return [
        Extension(
            f"adlcore._kernels.{source.stem}",
            [str(source)],
            depends=headers,
            define_macros=macros(),
            include_dirs=[str(KERNELS)],
        )
        for source in sorted(KERNELS.glob("*.pyx"))
    ]


class BuildKernels(build_ext):
    """Flags by compiler, and one clear sentence where the machine lacks something."""

    def finalize_options(self):
        """Compile as many kernels at once as there are processors, unless told otherwise."""
        super().finalize_options()
        self.parallel = self.parallel or True

    def build_extensions(self):
        """Choose the flags of the compiler at hand."""
        self.force = True  # what lies there may have been built with another switch
        unix = self.compiler.compiler_type in ("unix", "mingw32")
        safe = switch("ADLCORE_SAFE")
        if safe and not unix:
            raise SystemExit("ADLCORE_SAFE needs GCC or Clang")
        if unix and not (Path(sysconfig.get_paths()["include"]) / "Python.h").exists():
            raise SystemExit(f"adlcore: Python.h is missing: install the headers of this Python; {NEEDED}")
        for extension in self.extensions:
            extension.extra_compile_args = SAFE_FLAGS if safe else GNU_FLAGS if unix else MSVC_FLAGS
            extension.extra_link_args = ["-fsanitize=address,undefined"] if safe else []
        try:
            super().build_extensions()
        except (CCompilerError, ExecError, PlatformError) as error:
            raise SystemExit(f"adlcore: the C compiler failed or is missing ({error}); {NEEDED}") from None


setup(
    ext_modules=cythonize(extensions(), compiler_directives=directives(), force=True),
    cmdclass={"build_ext": BuildKernels},
)
