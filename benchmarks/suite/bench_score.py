"""``Market.score``: one pass over the columns that a rule needs."""

from harness import cases
from harness.asv_class import OnColumns
from harness.columns import KINDS, ROWS, RULES


class Score(OnColumns, case=cases.score, times="score", rows=ROWS, rule=RULES, kind=KINDS[:2]):
    """Into a buffer that is there already."""


class ScoreMemory(OnColumns, case=cases.score_column, peaks="score", rows=(10**6, 10**7)):
    """One column of float64 where none is given."""
