"""Every name in backticks in a docstring of the package stands for something that is there."""

import re

import pytest

import adlcore
from adlcore.clearing import events
from adlcore.clearing.funds import fund
from adlcore.clearing.snapshot import building
from adlcore.io import aliases, selections, snapshots
from adlcore.io import runs as io_runs
from adlcore.io.runs import parquet_files
from support import docstring_names
from support.docstring_names import Names, Place

NAMES = Names(docstring_names.modules())
PLACES = list(docstring_names.places())

#: Columns of tables, and the tables.
COLUMNS = {
    *(name for table, columns in snapshots.FILES.items() for name in (table, *columns)),
    *(name for columns in parquet_files.TYPES.values() for name in columns),
    *(name for table in ("WALLETS", "POSITIONS", "ORDERS", "BALANCES") for name in getattr(building, table)),
    *(*aliases.ALIASES, *selections.SELECTION_COLUMNS, "symbol"),
}

#: Words that data holds: kinds and causes of events, parties, rules, modes, kinds of marks.
VALUES = {
    *(*events.KINDS, *events.CAUSES, *parquet_files.MARK_KINDS, *parquet_files.MARK_KINDS.values()),
    *(*adlcore.RankingRule.names(), *io_runs.__all__, *fund.RESERVED_NAMES),
}

#: Functions and quantities of formulas.
FORMULAS = {"S_k", "ceil", "floor", "max", "min", "rint", "round", "sign", "trunc", "v"}

#: Names in what venues, ccxt and plotly send and take.
FOREIGN = {
    *("leverageBracket", "notionalFloor", "qtyFloor", "qtylFloor", "maintMarginRatio", "notionalCoef", "cum"),
    *("fetch_leverage_tiers", "fetch_market_leverage_tiers", "minNotional", "maintenanceMarginRate", "currency"),
    *("info", "liquidationFee", "positionAmt", "position_amt", "xaxis", "yaxis"),
}

#: What a run's configuration may list, and the metadata of a file of events.
KEYS = {"scope", "name", "funds", "digest"}

WORDS = COLUMNS | VALUES | FORMULAS | FOREIGN | KEYS

#: Dotted names of other packages, and a form that a name has.
ELSEWHERE = {"plotly.graph_objects", "table.column"}


def unresolved(place: Place) -> list[str]:
    """What a docstring calls by a name that nothing has."""
    found = []
    for how, token in docstring_names.tokens(place.text):
        names = docstring_names.chain(token)
        if names is not None:
            known = token in ELSEWHERE or NAMES.resolves(place, how, names, WORDS)
        else:
            known = token in VALUES or not re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", token)
        if not known:
            found.append(token)
    return found


def test_every_name_in_a_docstring_resolves():
    assert len(PLACES) > 900
    assert {place.name: found for place in PLACES if (found := unresolved(place))} == {}


def test_docstrings_are_looked_at_everywhere():
    """Of modules, functions, classes, methods and properties, of those that begin with an underscore too."""
    seen = {place.name for place in PLACES}
    assert {
        *("adlcore", "adlcore.clearing.events", "adlcore.ranking.ranks.rank", "adlcore.market.market.Market"),
        *(
            "adlcore.market.market.Market.deleverage",
            "adlcore.market.market.Market._target_and_side",
            "adlcore.clearing.state.HouseState",
        ),
        *("adlcore.contracts.asset.Asset.quanta_per_unit", "adlcore.contracts.contract.Contract.from_fields"),
    } <= seen


def place_of(name: str, text: str) -> Place:
    """A docstring of something that is there, with another text."""
    known = next(place for place in PLACES if place.name == name)
    return Place(known.module, known.owner, known.subject, name, text)


HOUSE = "adlcore.clearing.house.clearing_house.ClearingHouse"
BACKSTOP = "adlcore.clearing.stages.backstop.Backstop"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (BACKSTOP, "whose inventory ``house.parties`` shows"),
        (BACKSTOP, "whose inventory ``house.state().party`` shows"),
        (BACKSTOP, "`belows` is a share"),
        (BACKSTOP, "``belows`` is a share"),
        (BACKSTOP, "see :meth:`ClearingHouse.marks_of`, :class:`Backstops`"),
        ("adlcore.clearing.house.audit.differences", "`differenced` are sentences"),
        ("adlcore.clearing.margin.transfers", "see :mod:`adlcore.clearing.moneys`"),
        ("adlcore.market.market.Market.deleverage", "as ``market.deleverages(1)``, ``Market.qty``"),
        ("adlcore.market.market.Market.deleverage", "as ``adl.Market.qty``"),
        (HOUSE, "`markes`, or ``house.snapshot().order``"),
        (HOUSE, "an ``adl-note``"),
    ],
)
def test_a_name_that_nothing_has_is_found(name, text):
    assert unresolved(place_of(name, text))


@pytest.mark.parametrize(
    "text",
    [
        "``house.mark``, ``house.snapshot().orders``, ``house.state().parties``, ``plan.done``",
        ":class:`Market`, :meth:`Events.columns`, :class:`~adlcore.clearing.DepthLadder`, :func:`rank`",
        "`prices`, `time`, ``adl.io.record``, ``adlcore.clearing.Snapshot.build``, ``entry_value``, ``adl-notice``",
        '``m·p``, ``−m/p``, ``max(0, min(WB, E) - IM)``, ``start[k + 1]``, ``"tiers"``, ``ordered=False``',
    ],
)
def test_names_that_something_has_and_formulas_are_left_alone(text):
    assert unresolved(place_of(f"{HOUSE}.mark", text)) == []


def test_a_class_does_not_own_what_its_module_has():
    """One backtick is for parameters and attributes; the audit's `differences` are a function beside the error."""
    error = "adlcore.clearing.house.audit.asset_totals"
    assert unresolved(place_of(error, "`differences` are sentences")) == ["differences"]
    assert unresolved(place_of(error, "``differences`` gives sentences")) == []
