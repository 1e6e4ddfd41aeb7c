"""Fund balances in time."""

import adlcore as adl
from support.report_pages import Page


def test_the_fund_of_ten_wallets_is_told_in_its_own_numbers(ten):
    assert "The USDT fund rose from 100.00 to 132.47 USDT." in ten.texts["funds"]
    assert ten.tables["Funds"][1] == ["USDT", "USDT", "100.00", "100.00", "132.47", "+32.47", "132.47", "none"]


def test_funds_without_a_known_opening_are_shown_as_changes(ten_run, tmp_path):
    ten_run.configuration, ten_run.opening_funds = {}, None
    page = Page.of(ten_run, tmp_path)
    assert "The cash of the USDT fund changed by +32.47 USDT." in page.texts["funds"]
    assert page.tables["Funds"][1] == ["USDT", "USDT", "–", "–", "–", "+32.47", "–", "none"]
    told = Page.of(ten_run, tmp_path, funds=[adl.InsuranceFund("USDT", "40")])
    assert "rose from 40.00 to 72.47 USDT" in told.texts["funds"]
