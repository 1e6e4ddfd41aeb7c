"""The events of calls: columns, legs, counts and the digest."""

import pickle

import pytest

import adlcore as adl
from adlcore.clearing import KINDS
from adlcore.clearing.events import FACTS
from support.house_calls import IN_TURN, STATE
from support.ten_wallets import DOWN

COLUMNS = ["sequence", "time", "kind", "wallet", "account", "row", "contract", "lots", "price", "amount", "asset"]
COLUMNS += ["fund", "cause", "link"]


def test_columns_of_events(house):
    events = house.mark(**DOWN)
    columns = events.columns()
    assert list(columns) == COLUMNS
    assert {len(column) for column in columns.values()} == {len(events)}
    assert columns["sequence"].tolist() == list(range(STATE.sequence, STATE.sequence + len(events)))
    assert set(columns["time"].tolist()) == {1000}
    accounts = house.snapshot().wallets.account
    names = "kind", "wallet", "account", "fund"
    for kind, wallet, account, party in zip(*(columns[name].tolist() for name in names), strict=True):
        assert account == (accounts[wallet] if wallet >= 0 else None)
        assert (wallet < 0) == (party != "") if kind != "take-over-refused" else wallet >= 0 and party != ""


def test_legs_name_each_other(house):
    """Both legs of a movement: opposite lots, opposite amounts, the same contract and price."""
    events = house.mark(**DOWN)
    rows = {row["sequence"]: row for row in events.rows()}
    linked = [row for row in rows.values() if row["link"] >= 0 and row["kind"] not in FACTS]
    assert len(linked) > 40
    exchanged = ("exchange", "loan-repaid")
    for row in linked:
        other = rows[row["link"]]
        assert other["link"] == row["sequence"]
        assert (row["lots"], row["amount"]) == (-other["lots"], -other["amount"])
        assert (row["contract"], row["price"], row["asset"]) == (other["contract"], other["price"], other["asset"])
        assert row["kind"] in (*exchanged, *KINDS)
    for notice in events.rows("adl-notice"):
        assert rows[notice["link"]]["kind"] == "adl-fill"
    assert len(events.only("take-over-refused")) == len(events.only("take-over-bound")) > 0
    for refused in events.rows("take-over-refused"):
        bound = rows[refused["link"]]
        assert (bound["kind"], bound["link"], bound["sequence"]) == (
            "take-over-bound",
            refused["sequence"],
            refused["sequence"] + 1,
        )
        assert all(refused[name] == bound[name] for name in ("contract", "asset", "fund", "cause"))
        assert (bound["wallet"], bound["row"], bound["lots"], bound["price"]) == (-1, -1, 0, 0)


def test_rows_and_counts_of_events(house):
    events = house.mark(**DOWN)
    counts = events.counts()
    assert sum(counts.values()) == len(events) == len(events.rows())
    assert list(counts) == list(dict.fromkeys(row["kind"] for row in events.rows()))
    for kind, count in counts.items():
        rows = events.rows(kind)
        assert len(rows) == count == events.of(kind).sum() == len(events.only(kind))
        assert [list(row) for row in rows[:1]] == [COLUMNS]
    both = events.rows("fee", "rest")
    assert [row["sequence"] for row in both] == sorted(row["sequence"] for row in both)
    assert events.rows("trade") == []
    with pytest.raises(adl.AdlError, match="kind is 'fill': must be one of"):
        events.rows("fill")
    with pytest.raises(AttributeError, match="no attribute 'fund'"):
        events.fund
    assert repr(events).startswith(f"<{len(events)} events: 5 liquidation-started, 2 order-cancelled,")
    assert all(len(line) <= 80 for line in repr(events).splitlines())
    assert repr(events.only("trade")) == "<0 events>"


def test_events_are_immutable_and_equal_their_pickle(house):
    events = house.mark(**DOWN)
    again = pickle.loads(pickle.dumps(events))
    assert again == events
    assert again.rows() == events.rows()
    assert events != house.mark()
    assert events != "events"
    with pytest.raises(ValueError, match="read-only"):
        events.table[0, 0] = 1


def test_the_digest_rolls_over_all_calls(house):
    """That of the last call and the events since; a call without events leaves it."""
    digest = STATE.digest
    for call in IN_TURN:
        events = call(house)
        digest = events.digest(digest) if len(events) else digest
        assert house.state().digest == digest
    house.mark({"Y": "51.5"})
    assert house.state().digest == digest
    assert len(digest) == 32


def test_sequence_numbers_go_on_through_all_calls(house):
    numbers = [number for call in IN_TURN for number in call(house).columns()["sequence"].tolist()]
    assert numbers == list(range(STATE.sequence, STATE.sequence + len(numbers)))
