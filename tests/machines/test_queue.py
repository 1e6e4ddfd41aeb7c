"""A Hypothesis machine drives queues with random takes and compares them with a plain list."""

import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import adlcore as adl
from support import zoo


class LotsMachine(RuleBasedStateMachine):
    """The model is the list of lots that are left, front first."""

    @initialize(seed=st.integers(0, 2**32 - 1), n=st.sampled_from([0, 1, 5, 60, 1500, 5000]), few=st.booleans())
    def build(self, seed, n, few):
        rng = np.random.default_rng(seed)
        score = rng.integers(-3, 3, n) / 2 if few else rng.standard_normal(n)
        score[rng.integers(0, 20, n) == 0] = -np.inf
        size, tie = rng.integers(0, 8, n), rng.integers(0, 3, n)
        mask = rng.integers(0, 10, n) == 0
        self.queue = adl.Queue(score, size, tie=tie, exclude=mask)
        self.scores = score
        chosen, _ = zoo.naive(score, size, 2**62, tie=tie, exclude=set(np.flatnonzero(mask).tolist()))
        self.waiting = [[row, closed, place] for place, (row, closed) in enumerate(chosen, 1)]

    def pop(self, target):
        """Take from the model: rows, sizes and places."""
        got = []
        while target and self.waiting:
            head = self.waiting[0]
            closed = min(head[1], target)
            got.append((head[0], closed, head[2]))
            target -= closed
            head[1] -= closed
            if not head[1]:
                self.waiting.pop(0)
        return got

    @rule(wanted=st.one_of(st.integers(0, 30), st.integers(0, 5000)))
    def take(self, wanted):
        s = self.queue.take(wanted)
        before = {row: left for row, left, _ in self.waiting[: len(s) + 1]}
        got = self.pop(wanted)
        assert list(zip(s.index.tolist(), s.quantity.tolist(), s.place.tolist(), strict=True)) == got
        assert s.left.tolist() == [before[row] - closed for row, closed, _ in got]
        assert s.filled == sum(closed for _, closed, _ in got)
        assert s.filled + s.shortfall == wanted
        assert s.score.tolist() == self.scores[s.index].tolist()

    @rule(goals=st.lists(st.integers(0, 400), max_size=5))
    def assign(self, goals):
        found = self.queue.assign(np.array(goals, np.int64))
        got = [(t, row, closed) for t, goal in enumerate(goals) for row, closed, _ in self.pop(goal)]
        assert list(zip(*(found[name].tolist() for name in ("target", "row", "quantity")), strict=True)) == got

    @rule(bad=st.sampled_from([-1, 0.5, math.nan, math.inf]))
    def refuse(self, bad):
        with pytest.raises(adl.AdlError) as caught:
            self.queue.take(bad)
        assert caught.value.argument == "target"

    @rule()
    def travel(self):
        self.queue = pickle.loads(pickle.dumps(self.queue))

    @invariant()
    def remaining_is_what_waits(self):
        assert self.queue.remaining == sum(left for _, left, _ in self.waiting)


class FloatMachine(RuleBasedStateMachine):
    """The model is the documented list at the exact sum of the targets so far."""

    @initialize(
        rows=st.lists(st.tuples(st.integers(-2, 2), zoo.nasty_sizes), max_size=12), unit=st.sampled_from([1.0, 0.1])
    )
    def build(self, rows, unit):
        self.score = np.array([row[0] for row in rows], np.float64)
        self.size = np.array([row[1] for row in rows], np.float64) * unit
        self.queue = adl.Queue(self.score, self.size)
        self.whole = math.fsum(self.size.tolist())
        self.exact, self.closed = Fraction(0), {}

    def move(self, target):
        """Move the model's cursor: what each row gains."""
        self.exact += Fraction(target)
        now = dict(zoo.naive(self.score, self.size, float(self.exact))[0])
        gained = [(row, closed - self.closed.get(row, 0.0)) for row, closed in now.items()]
        self.closed = now
        return [(row, closed) for row, closed in gained if closed > 0]

    @rule(data=st.data())
    def take(self, data):
        target = data.draw(st.one_of(zoo.targets_of(self.size), st.sampled_from([0.0, 0.1, 1.0, zoo.TINY, 1e16])))
        s = self.queue.take(target)
        assert zoo.pairs(s) == self.move(target)
        assert s.shortfall == target - s.filled
        assert (s.shortfall > 0) == (float(self.exact) > self.whole and s.filled < target)

    @rule(data=st.data())
    def assign(self, data):
        targets = data.draw(st.lists(zoo.targets_of(self.size), max_size=4))
        found = self.queue.assign(np.array(targets, np.float64))
        got = [(t, row, closed) for t, target in enumerate(targets) for row, closed in self.move(target)]
        assert list(zip(*(found[name].tolist() for name in ("target", "row", "quantity")), strict=True)) == got

    @invariant()
    def remaining_is_the_total_less_what_was_taken(self):
        if hasattr(self, "queue"):
            assert self.queue.remaining == max(self.whole - float(self.exact), 0.0)


TestLots = LotsMachine.TestCase
TestLots.settings = settings(stateful_step_count=12)
TestFloats = FloatMachine.TestCase
TestFloats.settings = settings(stateful_step_count=8)
