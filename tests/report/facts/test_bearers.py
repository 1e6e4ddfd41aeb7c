"""Who bore it, and the terms of their scores."""

from collections import Counter

import numpy as np
import pytest

import adlcore as adl
from adlcore.report.facts.bearers import notice_ratios
from adlcore.report.facts.concentration import top_share
from adlcore.report.facts.run_facts import Facts
from support import report_worlds
from support.run_loops import by_sequence, event_rows, numeraire_value, prices_of


def test_shares_of_users_equal_a_loop(eventful, facts):
    rows = event_rows(eventful)
    sequence = by_sequence(rows)
    users = Counter()
    for row in rows:
        if row["kind"] == "adl-notice":
            users[row["account"]] += numeraire_value(eventful, row, abs(sequence[row["link"]]["amount"]))
    (held,) = facts.bearers
    assert dict(zip(held.accounts.tolist(), held.per_user.tolist(), strict=True)) == pytest.approx(dict(users))
    largest = sorted(users.values())[::-1]
    assert top_share(held.per_user, 10) == pytest.approx(sum(largest[:10]) / sum(largest))


def test_the_terms_of_a_score_are_those_of_the_snapshot_at_the_marks_of_the_pass(eventful, facts):
    (held,) = facts.bearers
    events = held.event[held.largest(20)]
    found = notice_ratios(facts.record, eventful, facts.prices, adl.margin_state(eventful.before), facts.rule, events)
    rows = event_rows(eventful)
    prices = prices_of(eventful)
    for place, event in enumerate(events.tolist()):
        row = rows[event]
        state = adl.margin_state(eventful.before)
        mark, index = (
            {name: text for (number, kind, name), text in prices.items() if (number, kind) == (row["pass"], wanted)}
            for wanted in ("mark", "index")
        )
        state.mark(mark, index_prices=index)
        code = eventful.before.symbols[row["contract"]]
        why = state.market(row["contract"]).explain(row["row"] - int(eventful.before.start[code]), facts.rule)
        terms = (found.pnl_ratio[place], found.leverage[place], found.score[place])
        assert terms == pytest.approx((why.terms["pnl_ratio"], why.terms["effective_leverage"], why.score))


def test_rows_that_the_start_does_not_hold_have_no_terms(eventful, facts):
    (held,) = facts.bearers
    events = held.event[:2]
    altered = Facts(report_worlds.with_event_value(eventful, "row", events[0], len(eventful.before.positions) + 5))
    found = notice_ratios(altered.record, eventful, facts.prices, facts.margin_state(), facts.rule, events)
    assert np.isnan(found.score).tolist() == [True, False]
