"""The report in a browser: nothing is asked for, plots hold the run's numbers, and it prints.

Deselected unless asked for: ``pytest -m browser`` needs Playwright for Python and a Chromium.
"""

import pytest

import adlcore as adl
from adlcore.clearing.closings import STAGES
from adlcore.report.figures.palette import DARK_FORMS, PAPER, STAGE_COLOURS
from support import report_worlds
from support.report_browser import DATA, NARROW, SIDEWAYS, WIDE, cut, drawn, opened, rows, until
from support.report_pages import Page

pytestmark = pytest.mark.browser


WIDTHS = (WIDE, 1024, 800, NARROW)

#: The colour of what other users took, as it is drawn.
COLOUR = "document.querySelector('#stages .plot').data.find(t => t.name === 'other users').marker.color"


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
            assert (inner, drawn_high) == pytest.approx((outer, high), abs=1.5)
            assert 0 <= left <= right <= width
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        paper = PAPER if scheme == "light" else DARK_FORMS[PAPER]
        assert ground == f"rgb({', '.join(str(int(paper[k : k + 2], 16)) for k in (1, 3, 5))})"
        # Wide tables scroll in their own boxes, which keyboards reach.
        for box in page.locator(".scroll").all():
            assert box.evaluate("box => box.getBoundingClientRect().right") <= width
            assert box.get_attribute("tabindex") == "0"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("made", report_worlds.HARD_TO_FIT)
def test_no_text_is_cut_off_at_any_width(browser, tmp_path, made, width):
    with opened(browser, Page.of(report_worlds.HARD_TO_FIT[made](), tmp_path).path, width) as page:
        assert cut(page) == []
        assert page.evaluate(SIDEWAYS) == 0
        for place in page.locator(".drawn select").all():
            for option in place.locator("option").all_text_contents():
                place.select_option(option)
                drawn(page)
                assert cut(page) == []


def test_plots_in_the_page_hold_its_numbers(browser, page, report):
    with opened(browser, report) as opened_page:
        assert opened_page.evaluate(DATA) == {key: figures[0]["data"] for key, figures in page.figures.items()}


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
    with opened(browser, report) as page:
        light = STAGE_COLOURS[STAGES.index("other users")]
        assert page.evaluate(COLOUR) == light
        page.emulate_media(color_scheme="dark")
        until(page, f"{COLOUR} === '{DARK_FORMS[light]}'")
        fill = page.evaluate("getComputedStyle(document.querySelector('#stages .bars .point path')).fill")
        assert fill.startswith("rgb(")
        ink = page.evaluate("document.querySelector('#stages .plot').layout.font.color")
        assert ink in DARK_FORMS.values()
        page.emulate_media(color_scheme="light")
        until(page, f"{COLOUR} === '{light}'")


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_paper_it_is_light_without_controls_and_no_figure_is_cut(browser, report, tmp_path, scheme):
    with opened(browser, report, WIDE, scheme) as page:
        page.emulate_media(media="print")
        until(page, "document.querySelector('#stages .plot').layout.width === 640")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        for control in ("nav", ".choose", ".tools input", ".tools output"):
            assert not any(each.is_visible() for each in page.locator(control).all())
        assert page.evaluate(COLOUR) == STAGE_COLOURS[STAGES.index("other users")]
        for which, so in (
            (".main-svg", "each.getBoundingClientRect().width === 640"),
            ("figure", "getComputedStyle(each).breakInside === 'avoid'"),
            (".scroll", "getComputedStyle(each).overflowY === 'visible'"),
        ):
            assert page.evaluate(f"[...document.querySelectorAll('{which}')].every(each => {so})")
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
    image, script, link = "<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>", "<a href=x>f</a>"
    names = ("<b>a</b>", '"&', image, script, "e", link, "<svg onload=alert(3)>", "%{x}", "i")
    _, run = report_worlds.ten_wallets(names, "<i onclick=alert(4)>SOL</i>")
    read = Page.of(run, tmp_path, title="<script>alert(5)</script>")
    with opened(browser, read.path) as page:
        assert page.title() == "<script>alert(5)</script>"
        assert [row[0] for row in rows(page, "Notices of auto-deleveraging")] == [names[6], link, "i"]
        assert page.locator("main b, main i, main img, main a, main .table svg").count() == 0
        # Plotly reads markup in texts: there it is escaped, and shown as it is.
        shown = page.evaluate("[...document.querySelectorAll('#prices .legendtext')].map(t => t.textContent)")
        assert shown == ["<i onclick=alert(4)>SOL</i>"]


def test_a_run_in_which_nothing_happened_opens_too(ten_run, browser, tmp_path):
    calm = adl.ClearingHouse(ten_run.before, venue=adl.venues.BINANCE_USDM)
    for passes in ([], [(1, {"SOLUSDT": "100.1"}, None)]):
        with opened(browser, Page.of(report_worlds.record_passes(calm, passes), tmp_path).path, NARROW) as page:
            assert page.locator(".nothing:visible").count() >= 5
            assert page.evaluate(SIDEWAYS) == 0
