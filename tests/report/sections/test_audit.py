"""The audit of the events, and the manifest."""

import re

import adlcore as adl
from support import report_worlds
from support.report_pages import Page


def test_the_legs_of_ten_wallets_are_told_in_their_own_numbers(ten):
    assert "Conserved exactly: the two legs of each of 8 movements sum to 0" in ten.texts["audit"]
    assert ten.tables["Legs of all movements"][1] == ["USDT", "16", "+11,637.47", "−11,637.47", "0", "0"]


def test_the_manifest_and_its_hashes_are_printed(ten_run, ten):
    printed = dict(ten.tables["Manifest"][1:])
    assert printed["digest"] == ten_run.manifest["digest"]
    assert printed["before"] == ten_run.before.hash
    assert printed["adlcore"] == adl.__version__
    assert "configuration" not in str(list(printed))
    assert '"balance": "100"' in ten.texts["audit"]


def test_a_run_that_is_not_conserved_is_called_so(ten_run, tmp_path):
    page = Page.of(report_worlds.with_event_value(ten_run, "amount", 2, ten_run.events()["amount"][2] + 5), tmp_path)
    assert "Not conserved: 2 legs and their other legs have amounts that are not opposite." in page.texts["audit"]
    assert "the legs in USDT sum to 5 quanta" in page.texts["audit"]
    assert "Conserved no" in re.sub(r"\s+", " ", page.texts["story"])
