"""Build of the compiled core. All metadata is in pyproject.toml.

Switches, read from the environment:

``ADLCORE_SAFE=1``       every Cython check on, address and undefined-behaviour sanitizers
``ADLCORE_TRACE=1``      line tracing, for coverage of the kernels
``ADLCORE_NO_CLONES=1``  one version of every loop, for the machine's baseline

A kernel is compiled where it was not yet compiled from the same bytes under the same circumstances. What was compiled
is kept in ``build/kernels``, beside a record of both; without that folder everything is compiled.
"""

import hashlib
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import Cython
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CCompilerError, ExecError, PlatformError

KERNELS = Path("adlcore/_kernels/compiled")
HEADERS = KERNELS / "include"
KEPT = Path("build/kernels")
NEEDED = "see 'What is needed' in README.md"
#: A statement that names another file: it ends with its line, or with the bracket that it opens.
NAMING = re.compile(r"\b(?:from|c?import|include)\b(?:\\\n|\([^)]*\)|[^\n(])*")

# No -ffast-math: the exact floating-point expression is part of a rule. -ffp-contract=off keeps a
# multiply and an add apart, so that every clone of a loop and every machine gives the same bits.
# The two -fno flags change no result; they let branches become masks.
GNU_FLAGS = ["-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-g0"]
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

#: What compilers and linkers read from the environment, beside what setuptools puts into their commands.
READ_BY_COMPILERS = [
    "CPATH",
    "C_INCLUDE_PATH",
    "LIBRARY_PATH",
    "COMPILER_PATH",
    "GCC_EXEC_PREFIX",
    "MACOSX_DEPLOYMENT_TARGET",
    "SDKROOT",
]


def switch(name):
    """Whether a switch of the environment is on."""
    return os.environ.get(name, "0") not in ("", "0")


def directives():
    """Cython's directives, for every kernel alike."""
    safe, trace = switch("ADLCORE_SAFE"), switch("ADLCORE_TRACE")
    return {
        "language_level": 3,
        "auto_pickle": False,  # what it makes reads a state without checking it
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
    return [
        Extension(
            ".".join(source.with_suffix("").parts),
            [str(source)],
            define_macros=macros(),
            include_dirs=[str(HEADERS)],
        )
        for source in sorted(KERNELS.rglob("*.pyx"))
    ]


def parts(source):
    """The files that a kernel is made of: its source, and every .pxd, .pxi and header that one of them names.

    A name counts wherever it stands in a statement that imports or includes, whatever folder it is of: that may compile
    a kernel too many, and never one too few.
    """
    named = [path for path in KERNELS.rglob("*") if path.suffix in (".pxd", ".pxi", ".h")]
    found, ahead = set(), [source]
    while ahead:
        path = ahead.pop()
        if path not in found:
            found.add(path)
            statements = NAMING.findall(path.read_text(encoding="utf-8"))
            words = {path.stem, *re.findall(r"\w+", " ".join(statements))}
            ahead += [part for part in named if part.stem in words]
    return sorted(found)


def digest(*values):
    """One hash of values that have a faithful repr."""
    return hashlib.sha256(repr(values).encode()).hexdigest()


def record_of(name):
    """Where the record of a kept library is."""
    return KEPT / f"{name}.key"


def kept(name, key):
    """A library that was built under this key, or None; None too where half of it or its record is left."""
    try:
        library, record = (KEPT / name).read_bytes(), record_of(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return library if record == digest(key, library) else None


def keep(name, key, library):
    """Keep a library for the next build. The record vouches for every byte, so neither has to be written at once."""
    (KEPT / name).parent.mkdir(parents=True, exist_ok=True)
    (KEPT / name).write_bytes(library)
    record_of(name).write_text(digest(key, library), encoding="utf-8")


def remove_orphans(*folders):
    """Remove what was made of kernels that are gone: it would be imported, and shipped."""
    sources = {source.relative_to(KERNELS).with_suffix("") for source in KERNELS.rglob("*.pyx")}
    for folder in folders:
        for path in [*folder.rglob("*")]:
            kernel = path.relative_to(folder).parent / path.name.split(".")[0]
            if path.suffix in (".c", ".so", ".pyd", ".key") and kernel not in sources:
                path.unlink()


class BuildKernels(build_ext):
    """Flags by compiler, only what changed, and one clear sentence where the machine lacks something."""

    def finalize_options(self):
        """Compile as many kernels at once as there are processors, unless told otherwise; on Windows by GCC."""
        super().finalize_options()
        self.parallel = self.parallel or True
        if os.name == "nt" and self.compiler is None:
            self.compiler = "mingw32"  # Microsoft's compiler has no integers of 128 bits

    def build_extensions(self):
        """Compile what was not yet compiled like this."""
        anew, self.force = self.force, True  # what is old is known by `keys`, never by the time of a file
        self.choose_flags()
        remove_orphans(KERNELS, KEPT, Path(self.build_lib) / KERNELS)
        self.surroundings = self.circumstances()
        self.keys = {extension.name: self.key(extension) for extension in self.extensions}
        self.found = {
            extension.name: None if anew else kept(self.place(extension), self.keys[extension.name])
            for extension in self.extensions
        }
        changed = [extension for extension in self.extensions if self.found[extension.name] is None]
        print(f"adlcore: {len(changed)} of {len(self.extensions)} kernels to be compiled", flush=True)
        in_c = cythonize(changed, compiler_directives=directives(), force=True)
        for extension, cythonized in zip(changed, in_c, strict=True):
            extension.sources = cythonized.sources
        try:
            super().build_extensions()
        except (CCompilerError, ExecError, PlatformError) as error:
            raise SystemExit(f"adlcore: the C compiler failed or is missing ({error}); {NEEDED}") from None

    def choose_flags(self):
        """Choose the flags of the compiler at hand, or refuse one that cannot do it."""
        safe, kind = switch("ADLCORE_SAFE"), self.compiler.compiler_type
        if kind not in ("unix", "mingw32"):
            raise SystemExit(f"adlcore: needs GCC or Clang, for integers of 128 bits; {NEEDED}")
        if not (Path(sysconfig.get_paths()["include"]) / "Python.h").exists():
            raise SystemExit(f"adlcore: Python.h is missing: install the headers of this Python; {NEEDED}")
        for extension in self.extensions:
            extension.extra_compile_args = SAFE_FLAGS if safe else GNU_FLAGS
            extension.extra_link_args = ["-fsanitize=address,undefined"] if safe else []
            if kind == "mingw32":
                extension.define_macros.append(("MS_WIN64", None))
                extension.extra_link_args.append("-static-libgcc")

    def build_extension(self, extension):
        """Compile a kernel and keep it, or take the one that was kept."""
        made, library = self.made(extension), self.found[extension.name]
        if library is None:
            super().build_extension(extension)
            # What was edited meanwhile may or may not be in it: then it is compiled again.
            if self.key(extension) == self.keys[extension.name]:
                keep(self.place(extension), self.keys[extension.name], made.read_bytes())
        else:
            made.parent.mkdir(parents=True, exist_ok=True)
            made.write_bytes(library)

    def made(self, extension):
        """Where a kernel's library is put; its name says of which Python it is."""
        return Path(self.get_ext_fullpath(extension.name))

    def place(self, extension):
        """A kernel's library among all of them: its folder and name."""
        return self.source(extension).relative_to(KERNELS).parent / self.made(extension).name

    def source(self, extension):
        """A kernel's source."""
        return Path(*extension.name.split(".")).with_suffix(".pyx")

    def key(self, extension):
        """One hash of all that a kernel's library depends on."""
        flags = extension.define_macros, extension.extra_compile_args, extension.extra_link_args
        files = [(str(path), path.read_bytes()) for path in parts(self.source(extension))]
        return digest(self.surroundings, flags, files)

    def circumstances(self):
        """Everything beside a kernel's own files that its library depends on."""
        try:
            asked = subprocess.run([*self.compiler.compiler_so, "--version"], capture_output=True, check=False)
            version = asked.stdout
        except OSError:
            version = None  # compiling will say so, once there is something to compile
        return (
            Path("setup.py").read_bytes(),
            sys.version,
            Cython.__version__,
            directives(),
            version,
            self.compiler.compiler_so,
            self.compiler.linker_so,
            self.compiler.macros,
            self.debug,
            [os.environ.get(name) for name in READ_BY_COMPILERS],
        )


setup(ext_modules=extensions(), cmdclass={"build_ext": BuildKernels})
