"""The queue of each contract that was deleveraged."""

import pytest

import adlcore as adl
from support.report_pages import Page


def test_the_queue_of_ten_wallets_is_told_in_its_own_numbers(ten):
    assert "85 SOLUSDT of 3 shorts, of 5 in the queue; 11.8 % of that had five lights." in ten.texts["queue"]


def test_the_rule_is_the_one_that_is_given_or_the_configurations_or_binance(ten_run, tmp_path):
    assert "Ranked by the rule binance." in Page.of(ten_run, tmp_path).texts["queue"]
    assert "Ranked by the rule roi." in Page.of(ten_run, tmp_path, rule="roi").texts["queue"]
    ten_run.configuration = {**ten_run.configuration, "rule": "bitmex"}
    assert "Ranked by the rule bitmex." in Page.of(ten_run, tmp_path).texts["queue"]
    with pytest.raises(adl.AdlError, match="roy"):
        Page.of(ten_run, tmp_path, rule="roy")
