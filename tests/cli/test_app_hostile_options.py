"""Odd names, numbers and words as options of every command: each ends with 0, or with 2 and one line that says why.

The suite draws the same few each time; ``ci/search.sh`` draws others.
"""

import contextlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import adlcore as adl
from support.hostile import JSON, NAMES, NUMBERS, SMALL, SOME, assert_command_sound, beside

pytestmark = pytest.mark.usefixtures("terminal", "unsynchronized")


def options(**values):
    """Some of the options of a command, with whatever value."""
    return st.fixed_dictionaries({}, optional=values).map(
        lambda given: [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", value)]
    )


def among(known, other):
    """One of what is known, or another."""
    return st.one_of(st.sampled_from(known), other)


COLUMNS = st.one_of(
    NAMES,
    st.lists(
        st.tuples(
            st.sampled_from(["equity", "quantity", "account", "side", "tie", "leverage", "entry_price", "x", ""]),
            st.sampled_from(["=", "=", "==", "+", ""]),
            st.sampled_from(["equity", "size", "user", "size+equity", "size + size", "+", "leverage", "x", ""]),
        ).map("".join),
        max_size=3,
    ).map(",".join),
)
RULE = {"rule": among(adl.RankingRule.names(), NAMES), "short": among(["mirrored", "literal"], NAMES)}
FILE = {
    **RULE,
    "columns": COLUMNS,
    "lot": NUMBERS,
    "kind": among(["linear", "inverse", "quanto"], NAMES),
    "multiplier": NUMBERS,
    "settle": NAMES,
    "top": st.one_of(SMALL, NUMBERS),
}
POSITIONS = st.sampled_from(["p.csv", "p.tsv", "p.parquet"])
SIDES = among(["long", "short"], NAMES)
MARK = among(["9", "9.5"], NUMBERS)


@given(POSITIONS, MARK, options(**FILE, side=SIDES), JSON)
def test_options_of_rank(there, file, mark, more, as_json):
    assert_command_sound("rank", there / file, "--mark", mark, *more, *as_json)


@given(
    POSITIONS,
    MARK,
    among(["1", "-1", "99"], NUMBERS),
    options(**FILE, price=NUMBERS, eligible=NAMES, max_counterparties=SMALL, exclude=NAMES),
    st.one_of(st.none(), st.sampled_from(["f.csv", "f.jsonl", "f.parquet", "no/f.csv", ".", ".csv"]), NAMES),
    JSON,
)
def test_options_of_deleverage(there, file, mark, quantity, more, out, as_json):
    with beside(there, file) as folder:
        # A name may be a path of anywhere: only the last part of it is asked for.
        path = out if out is None or out[:3] == "no/" else Path(out.replace("\x00", "")).name
        wanted = [] if path is None else ["--out", folder / path]
        assert_command_sound(
            "deleverage", folder / file, "--mark", mark, "--quantity", quantity, *more, *wanted, *as_json
        )


@given(st.sampled_from(["books", "books.npz"]), options(top=FILE["top"], account=NAMES, taker_fee=NUMBERS), JSON)
def test_options_of_margin(there, file, more, as_json):
    assert_command_sound("margin", there / file, *more, *as_json)


@given(
    among(["ann", "bob"], NAMES),
    st.one_of(st.just("X"), NAMES),
    options(**RULE, side=SIDES, wallet=SMALL, mark=NUMBERS, add_margin=NUMBERS, reduce=NUMBERS),
    JSON,
)
def test_options_of_explain(there, account, contract, more, as_json):
    assert_command_sound("explain", there / "books", "--account", account, "--contract", contract, *more, *as_json)


@given(
    st.lists(
        st.one_of(NAMES, st.sampled_from(["--out", "--json", "--seed", "--top", "-h", "--", "--mark", "1"])),
        min_size=1,
        max_size=4,
    )
)
@pytest.mark.parametrize(
    "command",
    ["rank", "deleverage", "margin", "explain", "demo", "simulate", "scenario", "verify", "resume", "query", "report"],
)
def test_words_that_a_command_does_not_know(there, command, words):
    assume("-h" not in words)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        assume(command != "scenario" or words[:1] != ["init"])
        # Twice: an option may take the first for its value, and then the demo would be made.
        assert_command_sound(command, *(word.replace("/", "") for word in words), "--nosuch", "--nosuch")
        assert_command_sound(command, *(f"no{word.replace('/', '')}" for word in words))


@given(st.one_of(st.text(max_size=40), st.text("select'\"*();-/,\n\\$1", max_size=20)), JSON)
def test_sql(there, text, as_json):
    assert_command_sound("query", there / "run", text.replace("\x00", ""), *as_json)


@SOME
@given(NAMES, NAMES, JSON)
def test_sql_that_gives_names_back(there, name, value, as_json):
    quoted, told = (text.replace("\x00", "").encode(errors="replace").decode() for text in (name, value))
    quoted, told = quoted.replace('"', '""') or "x", told.replace("'", "''")
    assert assert_command_sound("query", there / "run", f"select '{told}' as \"{quoted}\", 1", *as_json) == 0
