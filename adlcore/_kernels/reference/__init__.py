"""The kernels in plain NumPy and Python integers: the oracle of the tests and the readable specification.

Every module here has the names and signatures of the one at the same place in ``compiled``.
``ADLCORE_IMPL=reference`` runs the whole package on these.
"""

from . import clearing, margin, numbers, ranking

__all__ = ["clearing", "margin", "numbers", "ranking"]
