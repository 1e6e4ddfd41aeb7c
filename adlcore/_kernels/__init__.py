"""Arrays in, arrays out: the compiled core, or with ``ADLCORE_IMPL=reference`` its twins in plain NumPy.

Nothing here knows a policy, a venue or a Python class of the package. Arguments are trusted to have
the right types and lengths; `adlcore._support.arrays` sees to that.
"""

import os as _os
from typing import TYPE_CHECKING

from . import wide

IMPLEMENTATION = _os.environ.get("ADLCORE_IMPL", "compiled")

if TYPE_CHECKING or IMPLEMENTATION == "compiled":
    import adlcore._kernels._columns as columns
    import adlcore._kernels._deleverage as deleverage
    import adlcore._kernels._funds as funds
    import adlcore._kernels._levels as levels
    import adlcore._kernels._margin as margin
    import adlcore._kernels._money as money
    import adlcore._kernels._payments as payments
    import adlcore._kernels._prices as prices
    import adlcore._kernels._rank as ranks
    import adlcore._kernels._rows as rows
    import adlcore._kernels._score as score
    import adlcore._kernels._select as selection
    import adlcore._kernels._sum as sums
    import adlcore._kernels._verdict as verdicts
elif IMPLEMENTATION == "reference":
    from .reference import _columns as columns
    from .reference import _deleverage as deleverage
    from .reference import _funds as funds
    from .reference import _levels as levels
    from .reference import _margin as margin
    from .reference import _money as money
    from .reference import _payments as payments
    from .reference import _prices as prices
    from .reference import _rank as ranks
    from .reference import _rows as rows
    from .reference import _score as score
    from .reference import _select as selection
    from .reference import _sum as sums
    from .reference import _verdict as verdicts
else:
    raise ImportError(f"ADLCORE_IMPL is {IMPLEMENTATION!r}: must be 'compiled' or 'reference'")

__all__ = [
    "IMPLEMENTATION",
    "columns",
    "deleverage",
    "funds",
    "levels",
    "margin",
    "money",
    "payments",
    "prices",
    "ranks",
    "rows",
    "score",
    "selection",
    "sums",
    "verdicts",
    "wide",
]
