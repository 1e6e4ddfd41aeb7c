"""What machines are told: JSON without NaN, of Python's own types."""

import json

import numpy as np

from adlcore.cli._json import price_or_none, print_json, records


def test_what_is_not_finite_is_null_and_every_character_is_seen(capsys):
    found = {
        "n": np.int64(3),
        "p": [np.float64("nan"), np.inf, 0.5],
        "label": "\x7f\u202e",
        "row": (np.bool_(True), None),
    }
    print_json(found)
    text = capsys.readouterr().out
    assert set(text) - {"\n"} <= set(map(chr, range(32, 127)))
    assert json.loads(text) == {"n": 3, "p": [None, None, 0.5], "label": "\x7f\u202e", "row": [True, None]}


def test_columns_are_told_row_by_row_and_prices_that_never_come_are_none():
    assert records({"a": [1, 2], "b": ["x", "y"]}) == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
    assert [price_or_none(price) for price in (2.5, 0.0, np.inf, np.nan)] == [2.5, None, None, None]
