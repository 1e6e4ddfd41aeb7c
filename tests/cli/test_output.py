"""Where ``--out`` leads: standard output by its names, and never to the file that is read."""

import pytest

import adlcore as adl
from adlcore.cli import _output
from support.commands import EQUITY, POSITIONS


def test_a_file_is_what_is_read_under_whatever_name(tmp_path):
    read, other = tmp_path / "p.csv", tmp_path / "link.csv"
    read.write_text(POSITIONS)
    other.symlink_to(read)
    for out in (read, other):
        with pytest.raises(adl.AdlError, match="must not be the file that is read"):
            _output.refuse_input(out, tmp_path / "absent", read)
    for out in (_output.STDOUT, tmp_path / "new.csv"):
        _output.refuse_input(out, read)
        assert _output.output_name(out) == ("standard output" if out == _output.STDOUT else str(out))


def test_fills_on_standard_output_are_alone_there(run, file):
    code, out, err = run("deleverage", file, "--mark", "22", "--quantity", "5", EQUITY, "--out", "-")
    assert (code, out.splitlines()[0]) == (0, "account,row,place,score,closed,left,realized_pnl")
    assert err.startswith("A bankrupt long of 5.00")
    assert err.endswith("written         1 row to standard output\n")
