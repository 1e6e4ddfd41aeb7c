"""The report in a browser: nothing is asked for, plots hold the run's numbers, tables sort and filter, and it prints.

Deselected unless asked for: ``pytest -m browser`` needs Playwright for Python and a Chromium, which
``ADLCORE_CHROMIUM`` names where it is not ``/usr/bin/chromium``.
"""

import os
from contextlib import contextmanager

import numpy as np
import pytest

import adlcore as adl
from adlcore.clearing import CancelOrders, Deleverage, Drawdown, NetNotionalCap, TakeOver, Uncovered, Venue
from adlcore.clearing.closings import STAGES
from adlcore.lab import scenarios
from adlcore.lab.crash import Crash
from adlcore.report.facts.run_facts import Facts
from adlcore.report.figures.palette import PAPER, THEMES
from adlcore.report.figures.palette import STAGES as COLOURS
from support import report_worlds

pytestmark = pytest.mark.browser

ARGUMENTS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
WIDE, NARROW = 1280, 390
WIDTHS = (WIDE, 1024, 800, NARROW)

#: What the plots of the page hold, by the id of their place.
DATA = (
    "Object.fromEntries([...document.querySelectorAll('figure.drawn')].map(f => [f.id, f.querySelector('.plot').data]))"
)
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

#: Texts that stand out of the page, of a box that cuts what is too wide, or of the picture that they are part of.
CUT = """() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const holder = node.parentElement, range = document.createRange();
    if (!node.data.trim() || holder.closest("script, style, noscript, select, .modebar")) continue;
    if (!holder.checkVisibility()) continue;
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (!box.width || !box.height) continue;
      const within = (outer, where) => {
        if (box.left < outer.left - 1 || box.right > outer.right + 1) found.push([node.data.trim(), where]);
      };
      within({ left: 0, right: document.documentElement.clientWidth }, "the page");
      for (let each = holder; each && each !== document.body; each = each.parentElement) {
        const outer = each.getBoundingClientRect();
        if (each.matches(".plot")) {
          within(outer, "a plot");
          if (box.top < outer.top - 1 || box.bottom > outer.bottom + 1) found.push([node.data.trim(), "its height"]);
        } else if (!(each instanceof SVGElement) && getComputedStyle(each).overflowX !== "visible") {
          within(outer, each.className || each.tagName);
        }
      }
    }
  }
  return found;
}"""


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    path = os.environ.get("ADLCORE_CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture(scope="module")
def fallen():
    return report_worlds.crash()[1]


@pytest.fixture(scope="module")
def report(fallen, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    adl.report.write(fallen, path)
    return path


@contextmanager
def opened(browser, path, width=WIDE, scheme="light"):
    """A page of a report that must ask for its own file alone, and complain of nothing."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said, asked = [], []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    drawn(page)
    yield page
    page.wait_for_timeout(100)
    assert said == []
    assert asked == [path.as_uri()]
    page.close()


def until(page, condition):
    """Wait for something to be so: the page's own policy forbids Playwright to poll for it."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"never came to be: {condition}")


def drawn(page):
    """Wait until every plot has its picture."""
    until(
        page,
        "[...document.querySelectorAll('.plot')].every(p => p.matches('.js-plotly-plot') && p.querySelector('svg'))",
    )


def cut(page):
    """What is cut off once the figures stand still: one that was chosen moves into its place."""
    for _ in range(80):
        if not (found := page.evaluate(CUT)):
            break
        page.wait_for_timeout(25)
    return found


def rows(page, name):
    """The rows of a table that are shown, as lists of texts."""
    return page.evaluate(
        """name => [...document.querySelector(`table[aria-label="${name}"]`).tBodies[0].rows]
           .filter(row => row.checkVisibility()).map(row => [...row.cells].map(cell => cell.textContent))""",
        name,
    )


def table(page, name):
    return page.locator(f'.table:has(table[aria-label="{name}"])')


def notices(fallen):
    """The name of the table of notices."""
    count = Facts(fallen).record.tally("adl-notice")
    return f"Notices of auto-deleveraging: the 50 largest of {count:,}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_report_is_drawn_whole_at_every_width_and_in_both_schemes(browser, report, width, scheme):
    with opened(browser, report, width, scheme) as page:
        assert page.evaluate(SIDEWAYS) == 0
        places = page.locator("figure.drawn")
        assert places.count() >= 8
        assert page.locator(".js-plotly-plot").count() == places.count()
        boxes = page.evaluate(
            """() => [...document.querySelectorAll('.plot')].map(plot => {
                 const [box, svg] = [plot, plot.querySelector('.main-svg')].map(each => each.getBoundingClientRect());
                 return [box.width, svg.width, box.height, svg.height, box.left, svg.right];
               })"""
        )
        for outer, inner, high, drawn_high, left, right in boxes:
            assert inner == pytest.approx(outer, abs=1.5)
            assert drawn_high == pytest.approx(high, abs=1.5)
            assert left >= 0
            assert right <= width
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        paper = PAPER if scheme == "light" else THEMES[PAPER]
        assert ground == f"rgb({', '.join(str(int(paper[k : k + 2], 16)) for k in (1, 3, 5))})"
        # Wide tables scroll in their own boxes, which keyboards reach.
        for box in page.locator(".scroll").all():
            assert box.evaluate("box => box.getBoundingClientRect().right") <= width
            assert box.get_attribute("tabindex") == "0"


def named_at_length():
    """The run of ten wallets whose names leave no room for anything else."""
    names = tuple(f"{name}-{'0xabcdef0123456789' * 3}" for name in report_worlds.NAMES)
    return report_worlds.ten_wallets(names, "1000000-SOMETHING-LEVERAGED-TO-THE-HILT-USDT-261225")[1]


def named_widely(name, wallets=18):
    """A run in which an asset, contracts, funds and accounts have names of wide characters, and funds refuse."""
    asset = adl.Asset(name, 6)
    symbols = [f"{name}{number}" for number in range(3)]
    accounts = [f"{name}{number}" for number in range(wallets)]
    contracts = [
        adl.Contract(symbol, tick="0.01", settle=asset, tiers=adl.MarginTiers([0], [0.05])) for symbol in symbols
    ]
    before = adl.Snapshot.build(
        contracts=contracts,
        wallets={
            "account": accounts,
            "balance": ["120" if place % 3 else "14" for place in range(wallets)],
            "asset": [name] * wallets,
        },
        positions=[
            {"account": account, "contract": symbol, "quantity": 10 if place % 2 else -10, "entry_price": "10"}
            for place, account in enumerate(accounts)
            for symbol in symbols
        ],
        orders=[
            {"account": accounts[0], "contract": symbol, "quantity": 1, "price": "9", "locked": "1"}
            for symbol in symbols
        ],
        marks=dict.fromkeys(symbols, "10"),
    )
    drawdown = Drawdown(10**9, "-0.3", "-0.25")
    funds = [
        adl.InsuranceFund(name, "30", name=f"{name} of one", scope=symbols[:1], trigger=NetNotionalCap("1")),
        adl.InsuranceFund(name, "10", name=f"{name} of all", trigger=drawdown),
    ]
    stages = [CancelOrders(), TakeOver(), Deleverage("binance"), Uncovered()]
    house = adl.ClearingHouse(before, funds, Venue("wide", stages))
    marks = [{symbols[0]: f"{10 - 0.15 * t:.2f}", symbols[1]: f"{10 + 0.4 * t:.2f}"} for t in range(1, 12)]
    passes = [(60_000 * number, given, None) for number, given in enumerate(marks, 1)]
    return report_worlds.made(house, passes, {"time_unit": "ms", "rule": "binance"})


def named_in_chinese():
    """The run of wide names in a script each of whose characters is as wide as two."""
    return named_widely("测试合约" * 10)


def named_in_wide_letters():
    """The run of wide names in the widest letter of Latin."""
    return named_widely("W" * 100)


def in_large_amounts():
    """A run of a fund, and of positions, with as many digits as they come, at times that are dates."""
    wallets = {"count": 400, "positions": 900, "worth_median": 1e7, "worth_sigma": 2.0}
    crash = Crash.of(scenarios.read({"wallets": wallets, "shock": {"passes": 8}}))
    passes = ((1_760_130_000_000 + given.time, given.marks, given.index_prices) for given in crash.passes())
    return report_worlds.made(crash.house, passes)


def of_several_units():
    """A run whose settle assets cannot be compared."""
    return report_worlds.crash(modes=("cross", "isolated"))[1]


WORLDS = (
    *(report_worlds.crash, named_at_length, named_in_chinese, named_in_wide_letters),
    *(in_large_amounts, of_several_units),
)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("made", WORLDS)
def test_no_text_is_cut_off_at_any_width(browser, tmp_path, made, width):
    given = made()
    adl.report.write(given[1] if isinstance(given, tuple) else given, tmp_path / "report.html")
    with opened(browser, tmp_path / "report.html", width) as page:
        assert cut(page) == []
        assert page.evaluate(SIDEWAYS) == 0
        for place in page.locator(".drawn select").all():
            for option in place.locator("option").all_text_contents():
                place.select_option(option)
                drawn(page)
                assert cut(page) == []


def test_a_table_that_is_wider_than_its_place_is_a_list_that_is_sorted_and_filtered(browser, fallen, report):
    name = notices(fallen)
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


def test_plots_in_the_page_hold_the_runs_own_numbers(browser, fallen, report):
    facts = Facts(fallen)
    (view,) = facts.views
    with opened(browser, report) as page:
        data = page.evaluate(DATA)
    stage = facts.stage_worth(view)
    bars = {trace["name"]: np.array(trace["y"]) for trace in data["stages"] if trace["type"] == "bar"}
    by_pass = facts.closings.by_pass(facts.record, view)
    assert set(bars) == {name for name, total in zip(STAGES, stage, strict=True) if total}
    for name, heights in bars.items():
        assert heights == pytest.approx(by_pass[:, STAGES.index(name)], rel=1e-6)
    assert sum(data["flow"][0]["link"]["value"]) == pytest.approx(stage.sum(), rel=1e-5)
    for trace in data["prices"]:
        marks = facts.prices.mark[:, fallen.before.symbols[trace["name"]]]
        assert trace["y"] == pytest.approx((100 * marks / marks[0]).tolist(), rel=1e-6)
    fund = next(fund for fund in facts.funds if fund.name == "USDT")
    assert data["fund-0"][0]["y"] == pytest.approx((fund.cash / 1e8).tolist())
    assert sum(sum(trace["x"]) for trace in data["orders-plot"]) == facts.record.tally("order-cancelled")
    (held,) = facts.bearers
    share = np.sort(held.per_user)[:-1].sum() / held.per_user.sum()
    assert data["lorenz"][1]["y"][-2] == pytest.approx(100 * share, rel=1e-4)


def test_pictures_are_made_of_as_many_marks_as_there_are_numbers(browser, report):
    with opened(browser, report) as page:
        counts = page.evaluate(
            """() => {
              const plot = id => document.querySelector(`#${id} .plot`);
              const known = values => values.filter(value => value !== null).length;
              return {
                bars: [plot('stages').querySelectorAll('.bars .point').length,
                       plot('stages').data.filter(t => t.type === 'bar').reduce((n, t) => n + t.y.length, 0)],
                marks: [plot('queue-plot').querySelectorAll('.scatterlayer .point').length,
                        plot('queue-plot').data.reduce((n, t) => n + known(t.x), 0)],
                links: [plot('flow').querySelectorAll('.sankey-link').length, plot('flow').data[0].link.value.length],
                lines: [plot('prices').querySelectorAll('.scatterlayer .js-line').length, plot('prices').data.length],
              };
            }"""
        )
        for there, expected in counts.values():
            assert there == expected > 0


def test_figures_follow_the_scheme_when_it_changes(browser, report):
    colour = "document.querySelector('#stages .plot').data.find(t => t.name === 'other users').marker.color"
    with opened(browser, report) as page:
        light = COLOURS[STAGES.index("other users")]
        assert page.evaluate(colour) == light
        page.emulate_media(color_scheme="dark")
        until(page, f"{colour} === '{THEMES[light]}'")
        fill = page.evaluate("getComputedStyle(document.querySelector('#stages .bars .point path')).fill")
        assert fill.startswith("rgb(")
        ink = page.evaluate("document.querySelector('#stages .plot').layout.font.color")
        assert ink in THEMES.values()
        page.emulate_media(color_scheme="light")
        until(page, f"{colour} === '{light}'")


def test_another_contract_is_chosen_in_the_queue(browser, fallen, report):
    with opened(browser, report) as page:
        place = page.locator("#queue-plot")
        choices = place.locator("option").all_text_contents()
        assert len(choices) >= 2
        first = page.evaluate(DATA)["queue-plot"]
        place.locator("select").select_option(choices[1])
        until(page, f"document.querySelector('#queue-plot figcaption').textContent.startsWith('{choices[1]} ')")
        second = page.evaluate(DATA)["queue-plot"]
        assert first != second
        marks = sum(len(trace["x"]) for trace in second if trace["x"] != [None])
        assert f"Shown: all {marks:,}." in place.locator("figcaption").text_content()
        assert place.locator(".plot").get_attribute("aria-label") == place.locator("figcaption").text_content()


def test_a_click_or_a_key_sorts_a_table(browser, fallen, report):
    name = notices(fallen)
    with opened(browser, report) as page:
        box = table(page, name)

        def column(heading):
            at = box.locator("th").all_text_contents().index(heading)
            return at, [row[at] for row in rows(page, name)]

        def number(text):
            return float(text.replace(",", "").replace("−", "-"))

        heading = box.locator("th", has_text="realized PnL")
        assert heading.get_attribute("aria-sort") == "none"
        heading.locator("button").click()
        assert heading.get_attribute("aria-sort") == "descending"
        found = [number(text) for text in column("realized PnL")[1]]
        assert found == sorted(found, reverse=True)
        assert len(found) == 50
        heading.locator("button").press("Enter")
        assert heading.get_attribute("aria-sort") == "ascending"
        found = [number(text) for text in column("realized PnL")[1]]
        assert found == sorted(found)
        words = box.locator("th", has_text="contract")
        words.locator("button").focus()
        page.keyboard.press("Space")
        assert words.get_attribute("aria-sort") == "ascending"
        assert heading.get_attribute("aria-sort") == "none"
        assert column("contract")[1] == sorted(column("contract")[1])
        # Among equal contracts the order that was there is kept.
        contracts = column("contract")[1]
        realized = [number(text) for text in column("realized PnL")[1]]
        for contract in set(contracts):
            mine = [value for value, c in zip(realized, contracts, strict=True) if c == contract]
            assert mine == sorted(mine)


def test_a_box_filters_a_table(browser, fallen, report):
    name = notices(fallen)
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


def test_tables_hold_the_numbers_of_ten_wallets(browser, tmp_path):
    path = tmp_path / "ten.html"
    adl.report.write(report_worlds.ten_wallets()[1], path)
    with opened(browser, path, NARROW) as page:
        assert [row[:8] for row in rows(page, "Notices of auto-deleveraging")] == [
            ["gus", "SOLUSDT", "short", "0", "40", "88.0", "3,520.00", "+400.00"],
            ["fay", "SOLUSDT", "short", "0", "35", "88.0", "3,080.00", "+595.00"],
            ["ivy", "SOLUSDT", "short", "0", "10", "88.0", "880.00", "+130.00"],
        ]
        assert rows(page, "Sums by settle asset")[-1] == ["sum of all legs", "0"]
        assert page.evaluate(SIDEWAYS) == 0
        align = "getComputedStyle(document.querySelector('td.number')).textAlign"
        assert page.evaluate(align) == "right"
        figures = "getComputedStyle(document.querySelector('td.number')).fontVariantNumeric"
        assert "tabular-nums" in page.evaluate(figures)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_paper_it_is_light_without_controls_and_no_figure_is_cut(browser, report, tmp_path, scheme):
    with opened(browser, report, WIDE, scheme) as page:
        page.emulate_media(media="print")
        until(page, "document.querySelector('#stages .plot').layout.width === 640")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        for control in ("nav", ".choose", ".tools input", ".tools output"):
            assert not any(each.is_visible() for each in page.locator(control).all())
        colour = "document.querySelector('#stages .plot').data.find(t => t.name === 'other users').marker.color"
        assert page.evaluate(colour) == COLOURS[STAGES.index("other users")]
        widths = page.evaluate(
            "[...document.querySelectorAll('.main-svg')].map(svg => svg.getBoundingClientRect().width)"
        )
        assert set(widths) == {640}
        assert page.evaluate(
            "[...document.querySelectorAll('figure')].every(f => getComputedStyle(f).breakInside === 'avoid')"
        )
        assert page.evaluate(
            "[...document.querySelectorAll('.scroll')].every(s => getComputedStyle(s).overflowY === 'visible')"
        )
        page.pdf(path=tmp_path / "report.pdf", format="A4")
        assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
        page.emulate_media(media="screen")
        until(page, "document.querySelector('#stages .plot').layout.width !== 640")
        drawn(page)
        assert page.evaluate(SIDEWAYS) == 0


def test_a_narrower_window_draws_narrower_figures(browser, report):
    width = "document.querySelector('#stages .main-svg').getBoundingClientRect().width"
    with opened(browser, report) as page:
        before = page.evaluate(width)
        page.set_viewport_size({"width": NARROW, "height": 900})
        until(page, f"{width} < {NARROW}")
        assert page.evaluate(width) < before
        assert page.evaluate(SIDEWAYS) == 0


def test_names_that_are_markup_run_nothing(browser, tmp_path):
    names = (
        "<b>a</b>",
        '"&',
        "<img src=x onerror=alert(1)>",
        "</script><script>alert(2)</script>",
        "e",
        "<a href=x>f</a>",
    )
    _, run = report_worlds.ten_wallets((*names, "<svg onload=alert(3)>", "%{x}", "i"), "<i onclick=alert(4)>SOL</i>")
    path = tmp_path / "markup.html"
    adl.report.write(run, path, title="<script>alert(5)</script>")
    with opened(browser, path) as page:
        assert page.title() == "<script>alert(5)</script>"
        assert [row[0] for row in rows(page, "Notices of auto-deleveraging")] == [
            "<svg onload=alert(3)>",
            "<a href=x>f</a>",
            "i",
        ]
        assert page.locator("main b, main i, main img, main a, main .table svg").count() == 0
        # Plotly reads markup in texts: there it is escaped, and shown as it is.
        shown = page.evaluate("[...document.querySelectorAll('#prices .legendtext')].map(t => t.textContent)")
        assert shown == ["<i onclick=alert(4)>SOL</i>"]


def test_a_run_in_which_nothing_happened_opens_too(browser, tmp_path):
    _, run = report_worlds.ten_wallets()
    calm = adl.ClearingHouse(run.before, venue=adl.venues.BINANCE_USDM)
    for number, passes in enumerate(([], [(1, {"SOLUSDT": "100.1"}, None)])):
        path = tmp_path / f"{number}.html"
        adl.report.write(report_worlds.made(calm, passes), path)
        with opened(browser, path, NARROW) as page:
            assert page.locator(".nothing:visible").count() >= 5
            assert page.evaluate(SIDEWAYS) == 0
