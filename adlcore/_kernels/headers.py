"""Where the declarations of the compiled kernels lie, for Cython packages that build on them."""

from __future__ import annotations

import os

from .. import _kernels

__all__ = ["get_include"]


def get_include() -> str:
    """Return the folder of the kernels' C headers.

    A Cython module that cimports from ``adlcore._kernels.compiled`` is compiled with this folder among its
    `include_dirs`; Cython itself finds the ``.pxd`` files by the name of the package, but for an editable install,
    whose import hook it does not follow: there the folder above the package is given to `cythonize` as `include_path`.
    Holders are imported from ``compiled`` and taken ``not None``. What the files declare may change with every version:
    a module is compiled again for each.

    Returns
    -------
    str
        An absolute path.

    Examples
    --------
    >>> import os
    >>> from adlcore import get_include
    >>> sorted(os.listdir(get_include()))
    ['adl_memory.h', 'adl_simd.h', 'adl_wide.h']

    In the ``setup.py`` of another package, beside a ``mine.pyx`` that says
    ``from adlcore._kernels.compiled.numbers.money cimport quotient``::

        setup(ext_modules=cythonize([Extension("mine", ["mine.pyx"], include_dirs=[adlcore.get_include()])]))
    """
    return os.path.join(os.path.dirname(os.path.abspath(_kernels.__file__)), "compiled", "include")
