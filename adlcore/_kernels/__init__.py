"""Arrays in, arrays out: the compiled core, or with ``ADLCORE_IMPL=reference`` its twins in plain NumPy.

Nothing here knows a policy, a venue or a Python class of the package. Arguments are trusted to have the right types and lengths;
`adlcore._arrays` sees to that.
"""

import os as _os

IMPLEMENTATION = _os.environ.get("ADLCORE_IMPL", "compiled")

if IMPLEMENTATION == "compiled":
    from . import _columns as columns
    from . import _levels as levels
    from . import _rank as ranks
    from . import _score as score
    from . import _select as selection
    from . import _sum as sums
elif IMPLEMENTATION == "reference":
    from .reference import _columns as columns  # type: ignore[no-redef]
    from .reference import _levels as levels  # type: ignore[no-redef]
    from .reference import _rank as ranks  # type: ignore[no-redef]
    from .reference import _score as score  # type: ignore[no-redef]
    from .reference import _select as selection  # type: ignore[no-redef]
    from .reference import _sum as sums  # type: ignore[no-redef]
else:
    raise ImportError(f"ADLCORE_IMPL is {IMPLEMENTATION!r}: must be 'compiled' or 'reference'")

__all__ = ["IMPLEMENTATION", "columns", "levels", "ranks", "score", "selection", "sums"]
