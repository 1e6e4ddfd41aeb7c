"""What pyarrow raises while it reads a file is an error that names the file; dictionaries become what they encode."""

import pyarrow as pa
import pytest

import adlcore as adl
from adlcore.io.parquet import decoded, refuse_damaged_parquet


@pytest.mark.parametrize("error", [pa.ArrowInvalid, OSError, KeyError, MemoryError])
def test_whatever_is_raised_names_the_file(error):
    with (
        pytest.raises(adl.AdlError, match=r"^p\.parquet cannot be read") as caught,
        refuse_damaged_parquet("p.parquet"),
    ):
        raise error("no footer\nat all")
    assert (caught.value.argument, caught.value.value) == ("path", "p.parquet")
    assert "\n" not in str(caught.value)


def test_other_errors_come_through():
    with pytest.raises(ZeroDivisionError), refuse_damaged_parquet("p.parquet"):
        raise ZeroDivisionError


def test_only_dictionaries_are_decoded():
    plain = pa.chunked_array([["b", None], ["a"]])
    assert decoded(plain) is plain
    assert decoded(plain.dictionary_encode()).equals(plain)
