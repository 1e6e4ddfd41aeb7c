"""Who may be selected, and in which order among equals: checked once, held while selections read it."""

from ..numbers.money cimport same_length


cdef class Candidates:
    """The rows of a side that may be selected: see ``candidates.pyi``."""

    def __cinit__(self, Source source not None, int side, bint winners_only=False, exclude=None, tie=None):
        cdef Goal* goal = &self.goal
        cdef Py_ssize_t rows = source.columns.rows
        source.check_winners(winners_only)
        self.source, self.side, self.tie = source, side, tie
        goal.columns, goal.in_lots = &source.columns, source.columns.in_lots
        goal.side, goal.winners_only = side, winners_only
        if exclude is not None:
            self.excluded = exclude
            same_length("exclude", self.excluded.shape[0], rows)
            if rows:
                goal.exclude = &self.excluded[0]
        if tie is not None:
            self.ties = tie
            same_length("tie", self.ties.shape[0], rows)
            if rows:
                goal.tie = &self.ties[0]
