"""Tables of the report in a browser: they sort and filter, and nothing is cut off.

Deselected unless asked for: ``pytest -m browser`` needs Playwright for Python and a Chromium.
"""

import pytest

from support.report_browser import NARROW, SIDEWAYS, cut, opened, rows, table, until

pytestmark = pytest.mark.browser


@pytest.fixture
def name(fallen_facts):
    """That of the table of notices."""
    return f"Notices of auto-deleveraging: the 50 largest of {fallen_facts.record.tally('adl-notice'):,}"


def test_a_table_that_is_wider_than_its_place_is_a_list_that_is_sorted_and_filtered(browser, report, name):
    with opened(browser, report, 800) as page:
        box = table(page, name)
        assert box.locator(".scroll.stacked").count() == 1
        every = rows(page, name)
        first = box.locator("tbody tr").first
        told = first.locator("td").evaluate_all(
            "cells => cells.map(cell => getComputedStyle(cell, '::before').content)"
        )
        assert told == [f'"{heading}"' for heading in box.locator("th").all_text_contents()]
        box.locator("th", has_text="realized PnL").locator("button").click()
        assert sorted(rows(page, name)) == sorted(every) != rows(page, name)
        box.locator("input").fill(every[0][1])
        assert 0 < len(rows(page, name)) <= len(every)
        assert all(every[0][1] in row for row in rows(page, name))
        page.set_viewport_size({"width": 2400, "height": 900})
        until(page, "document.querySelectorAll('.stacked').length === 0")
        assert cut(page) == []


def test_a_click_or_a_key_sorts_a_table(browser, report, name):
    with opened(browser, report) as page:
        box = table(page, name)

        def column(heading):
            at = box.locator("th").all_text_contents().index(heading)
            return [row[at] for row in rows(page, name)]

        def realized():
            return [float(text.replace(",", "").replace("−", "-")) for text in column("realized PnL")]

        heading = box.locator("th", has_text="realized PnL")
        assert heading.get_attribute("aria-sort") == "none"
        heading.locator("button").click()
        assert heading.get_attribute("aria-sort") == "descending"
        assert realized() == sorted(realized(), reverse=True)
        assert len(realized()) == 50
        heading.locator("button").press("Enter")
        assert heading.get_attribute("aria-sort") == "ascending"
        assert realized() == sorted(realized())
        words = box.locator("th", has_text="contract")
        words.locator("button").focus()
        page.keyboard.press("Space")
        assert words.get_attribute("aria-sort") == "ascending"
        assert heading.get_attribute("aria-sort") == "none"
        # Among equal contracts the order that was there is kept.
        found = list(zip(column("contract"), realized(), strict=True))
        assert found == sorted(found)


def test_a_box_filters_a_table(browser, report, name):
    with opened(browser, report) as page:
        box = table(page, name)
        every = rows(page, name)
        contract = every[0][1]
        box.locator("input").fill(f"{contract.lower()} short")
        shown = [row for row in every if row[1] == contract and row[2] == "short"]
        assert rows(page, name) == shown
        assert box.locator("output").text_content() == (f"{len(shown)} of 50 rows" if len(shown) < 50 else "50 rows")
        box.locator("input").fill("nobody of this name")
        assert rows(page, name) == []
        assert box.locator("output").text_content() == "0 of 50 rows"
        box.locator("input").fill("")
        assert rows(page, name) == every


def test_tables_hold_the_numbers_of_ten_wallets(browser, ten):
    with opened(browser, ten.path, NARROW) as page:
        assert [row[:8] for row in rows(page, "Notices of auto-deleveraging")] == [
            ["gus", "SOLUSDT", "short", "0", "40", "88.0", "3,520.00", "+400.00"],
            ["fay", "SOLUSDT", "short", "0", "35", "88.0", "3,080.00", "+595.00"],
            ["ivy", "SOLUSDT", "short", "0", "10", "88.0", "880.00", "+130.00"],
        ]
        assert rows(page, "Sums by settle asset")[-1] == ["sum of all legs", "0"]
        assert page.evaluate(SIDEWAYS) == 0
        style = "getComputedStyle(document.querySelector('td.number'))"
        assert page.evaluate(f"{style}.textAlign") == "right"
        assert "tabular-nums" in page.evaluate(f"{style}.fontVariantNumeric")
