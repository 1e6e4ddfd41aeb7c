"""Arrays in, arrays out: the compiled core, or with ``ADLCORE_IMPL=reference`` its twins in plain NumPy.

``compiled/`` and ``reference/`` have the same folders, files and names: ``_kernels.margin.passes`` is the file
``margin/passes`` of one of the two. Nothing here knows a policy, a venue or a Python class of the package. Arguments
are trusted to have the right types; `adlcore._support.arrays` sees to that.
"""

import os as _os
from typing import TYPE_CHECKING

# The kernels in Python integers: the house clears with them where numbers leave the 128 bits of the compiled ones.
from . import reference as wide

IMPLEMENTATION = _os.environ.get("ADLCORE_IMPL", "compiled")

if TYPE_CHECKING or IMPLEMENTATION == "compiled":
    from .compiled import clearing, margin, numbers, ranking
elif IMPLEMENTATION == "reference":
    from .reference import clearing, margin, numbers, ranking
else:
    raise ImportError(f"ADLCORE_IMPL is {IMPLEMENTATION!r}: must be 'compiled' or 'reference'")

__all__ = ["IMPLEMENTATION", "clearing", "margin", "numbers", "ranking", "wide"]
