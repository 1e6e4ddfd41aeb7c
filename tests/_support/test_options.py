"""Options, lists, fields and paths: whatever is given instead is refused by its name."""

from pathlib import Path

import numpy as np
import pytest

from adlcore._support.options import exact_keys, is_count, is_text_of, read_flag, read_list, read_path, require_option
from support.refusals import said, table

KEYS = ("one", "two")
test_what_is_none_of_these = table(
    (lambda: require_option("side", "up", ("long", "short")), said("side", "up", "must be one of long, short")),
    (lambda: require_option("side", ["long"], ("long",), "must be long"), said("side", ["long"], "must be long")),
    (lambda: read_flag("check", "False"), said("check", "False", "must be True or False")),
    (lambda: read_flag("check", 1), said("check", 1, "must be True or False")),
    *(
        (lambda v=v: read_list("funds", v, "must be a list"), said("funds", v, "must be a list"))
        for v in ("a", 5, {}, list)
    ),
    (lambda: read_list("funds", "a", "must be a list", 3), said("funds", "a", "must be a list", 3)),
    (lambda: read_path("path", 5), said("path", 5, "must be a path, as text or a pathlib.Path")),
    (lambda: read_path("path", "a\0"), said("path", "a\0", "must be a path without characters that no file name has")),
    (lambda: exact_keys("fields", [], KEYS), said("fields", [], "must be a dict with one, two")),
    (lambda: exact_keys("fields", {"tow": 1}, KEYS), "fields has an unknown key 'tow': must have one, two"),
    (lambda: exact_keys("fields", {"one": 1}, KEYS), "fields has no 'two': must have one, two"),
)


def test_what_is_one_of_these():
    assert read_list("funds", (name for name in "ab"), "must be a list") == ["a", "b"]
    assert read_path("path", "a/b") == read_path("path", Path("a/b")) == Path("a/b")
    assert exact_keys("fields", {"two": 2, "one": 1}, KEYS) == {"one": 1, "two": 2}
    assert read_flag("check", np.True_) is True
    assert (is_text_of("a", "abc"), is_text_of(np.array(["a"]), "abc")) == (True, False)


@pytest.mark.parametrize("value", [0, 3, np.int8(3), np.uint64(2**63), True, np.True_, -1, 1.0, "1", None, [1]])
def test_a_count_is_a_whole_number_of_its_range(value):
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    assert is_count(value, 0) == (whole and value >= 0)
    assert is_count(value, 1, 3) == (whole and 1 <= value <= 3)
