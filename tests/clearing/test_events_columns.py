"""Events as a table: one list of columns, typed properties, codes and the words that they stand for."""

import numpy as np
import pytest

from adlcore.clearing import events
from support import ten_wallets


@pytest.fixture(scope="module")
def fallen():
    """The events of a crash."""
    return ten_wallets.house().mark(**ten_wallets.DOWN)


def test_every_number_of_an_event_is_a_property_of_its_name(fallen):
    assert len(events.FIELDS) == len(set(events.FIELDS)) == fallen.table.shape[1]
    for place, name in enumerate(events.FIELDS):
        column = getattr(fallen, name)
        assert column.dtype == np.int64
        assert np.array_equal(column, fallen.table[:, place])
    for name in ("fund", "knid", "sequence"):
        with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
            getattr(fallen, name)


def test_columns_are_those_of_the_list_and_texts_are_made_of_codes(fallen):
    columns, codes = fallen.columns(), fallen.codes()
    assert list(columns) == [column.name for column in events.COLUMNS]
    assert list(codes) == [name for name in columns if name != "account"]
    for column in events.COLUMNS:
        if column.type == events.WORD:
            words, numbers = codes[column.name]
            assert words == getattr(fallen.names, column.words)
            assert columns[column.name].tolist() == [words[code] if code >= 0 else "" for code in numbers.tolist()]
        elif column.type == events.NUMBER:
            assert np.array_equal(codes[column.name], columns[column.name])
    assert {column.name for column in events.COLUMNS if column.type == events.LABEL} == {"account"}
