"""Times of a run are told as times: dates, a clock, or a number whose unit is said to be unknown."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.report.facts.run_facts import Facts
from adlcore.report.facts.times import TIME_UNITS, Clock, clock_of
from support import report_worlds
from support.report_pages import Page

#: 10 October 2025, 21:00 UTC, in seconds.
OCTOBER = 1_760_130_000
PER_SECOND = {unit: 10**9 // size for unit, size in TIME_UNITS.items()}


@pytest.mark.parametrize(
    ("clock", "time", "expected"),
    [
        (Clock("ms"), 3_600_000, "01:00:00"),
        (Clock("ms"), 0, "00:00:00"),
        (Clock("ms"), 59_999, "00:00:59.999"),
        (Clock("us"), 1, "00:00:00.000001"),
        (Clock("ns"), 1_500_000, "00:00:00.001500"),
        (Clock("s"), 86_399, "23:59:59"),
        (Clock("s"), 86_400, "1 day 00:00:00"),
        (Clock("s"), 3 * 86_400 + 61, "3 days 00:01:01"),
        (Clock("ms"), -60_000, "−00:01:00"),
        (Clock("ms", has_dates=True), OCTOBER * 1000 + 250, "2025-10-10 21:00:00.250 UTC"),
        (Clock("ns", has_dates=True), OCTOBER * 10**9, "2025-10-10 21:00:00 UTC"),
        (Clock(None), 3_600_000, "time 3,600,000 (unit unknown)"),
        (Clock(None), -7, "time −7 (unit unknown)"),
    ],
)
def test_a_time_is_told_with_its_unit(clock, time, expected):
    assert clock.when(time) == expected


@pytest.mark.parametrize(
    ("times", "unit", "expected"),
    [
        ([60_000, 120_000], None, Clock(None)),
        ([60_000, 120_000], "ms", Clock("ms", is_configured=True)),
        ([OCTOBER * 1000], None, Clock("ms", has_dates=True)),
        ([OCTOBER * 10**6], None, Clock("us", has_dates=True)),
        ([OCTOBER * 10**9], None, Clock("ns", has_dates=True)),
        ([OCTOBER], None, Clock(None)),
        ([OCTOBER], "s", Clock("s", has_dates=True, is_configured=True)),
        ([OCTOBER * 1000], "ns", Clock("ns", is_configured=True)),
        ([0, OCTOBER * 1000], None, Clock(None)),
        ([0, OCTOBER * 1000], "ms", Clock("ms", is_configured=True)),
        ([], None, Clock(None)),
        ([], "ms", Clock("ms", is_configured=True)),
    ],
)
def test_the_unit_is_what_is_said_or_what_the_times_can_only_be(times, unit, expected):
    assert clock_of(times, unit) == expected


@given(st.sampled_from(list(TIME_UNITS)), st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=5))
def test_every_time_is_told_and_stands_in_order(unit, times):
    times = sorted(times)
    clock = clock_of(times, unit)
    told = [clock.when(time) for time in times]
    assert len(set(told)) == len(set(times))
    assert (np.diff(clock.places(times)) >= 0).all()
    assert clock.axis(times)["title"]["text"].startswith("time")
    for time, text in zip(times, told, strict=True):
        found = re.fullmatch(r"(−?)(?:([\d,]+) days? )?(\d\d):(\d\d):(\d\d)(?:\.(\d+))?", text)
        if found is not None:
            sign, days, hours, minutes, seconds, part = found.groups()
            whole = int((days or "0").replace(",", "")) * 86_400 + int(hours) * 3600 + int(minutes) * 60 + int(seconds)
            nanoseconds = whole * 10**9 + int((part or "").ljust(9, "0"))
            assert (-1 if sign else 1) * nanoseconds == time * TIME_UNITS[unit]
        else:
            assert clock.has_dates


def test_times_of_a_day_stand_on_a_clock_and_longer_ones_on_days():
    clock = Clock("us", is_configured=True)
    hour = [0, 1_800_000_000, 3_600_000_000]
    axis = clock.axis(hour)
    assert (axis["type"], axis["tickformat"], axis["title"]["text"]) == ("date", "%H:%M:%S", "time, hh:mm:ss")
    # Milliseconds, which plotly takes for those since 1970 at midnight.
    assert clock.places(hour).tolist() == [0, 1_800_000, 3_600_000]
    assert clock.axis([0, 250_000])["tickformat"] == "%H:%M:%S.%3f"
    days = [0, 86_400_000_000 * 3]
    assert clock.axis(days)["title"]["text"] == "time, days"
    assert clock.places(days).tolist() == [0, 3]
    assert clock.axis([0, 500])["title"]["text"] == "time, microseconds"
    assert clock.places([0, 500]).tolist() == [0, 500]
    assert Clock(None).axis([1, 2])["title"]["text"] == "time (unit unknown)"
    assert Clock("ns", has_dates=True).axis([OCTOBER * 10**9])["title"]["text"] == "time, UTC (taken for ns since 1970)"
    assert Clock("ns", has_dates=True).places([OCTOBER * 10**9]).tolist() == [OCTOBER * 1000]


@pytest.mark.parametrize("unit", ["minutes", "", 7, ["ms"]])
def test_another_unit_is_refused(ten_run, unit, tmp_path):
    ten_run.configuration = {**ten_run.configuration, "time_unit": unit}
    with pytest.raises(adl.AdlError, match=r"configuration.time_unit is .*: must be one of ns, us, ms, s"):
        adl.report.write(ten_run, tmp_path / "report.html")
    with pytest.raises(adl.AdlError, match=r"time_unit is .*: must be one of ns, us, ms, s"):
        adl.report.plot_events([], time_unit=unit)


def read(run, folder):
    """A report, and the text above its sections."""
    page = Page.of(run, folder)
    return page, re.sub(r"<[^>]*>", " ", page.source[: page.source.index("<main")])


@pytest.fixture(scope="module")
def house_passes():
    return report_worlds.crash(300, 2, 6)[1]


@pytest.mark.parametrize("unit", [None, "ms"])
def test_a_report_says_times_and_the_unit_where_it_is_not_known(house_passes, tmp_path, unit):
    run = house_passes
    run.configuration = {key: value for key, value in run.configuration.items() if key != "time_unit"}
    if unit is not None:
        run.configuration["time_unit"] = unit
    run.manifest = {**run.manifest, "opening": {"time": 0}}
    page, head = read(run, tmp_path)
    known = unit is not None
    assert ("6 passes from 00:01:00 to 00:06:00" if known else "time 60,000 to 360,000 (unit unknown)") in head
    worst = re.search(r"the worst pass was number \d+ \(([^)]*\)?)\)", page.texts["time"])[1]
    assert re.fullmatch(r"00:0\d:00" if known else r"time \d\d+,000 \(unit unknown\)", worst)
    assert re.search(r"in pass \d+ \((00:0\d:00\)|time)", page.texts["queue"])
    for key in ("prices", "stages", "fund-0"):
        axis = page.figures[key][0]["layout"]["xaxis"]
        assert axis["title"]["text"] == ("time, hh:mm:ss" if known else "time (unit unknown)")
        assert axis.get("tickformat") == ("%H:%M:%S" if known else ",d")
    opened = dict(page.tables["Manifest"][1:])["opening, time"]
    assert opened == ("0 (00:00:00)" if known else "0")


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_times_since_1970_are_dates_on_every_axis(tmp_path, unit):
    house, _ = report_worlds.ten_wallets()
    per = PER_SECOND[unit]
    passes = [((OCTOBER + 60 * number) * per, {"SOLUSDT": str(79 - number)}, None) for number in range(3)]
    page, head = read(report_worlds.record_passes(house, passes), tmp_path)
    assert "from 2025-10-10 21:00:00 UTC to 2025-10-10 21:02:00 UTC" in head
    axis, trace = (page.figures["prices"][0][part] for part in ("layout", "data"))
    assert axis["xaxis"]["type"] == "date"
    assert trace[0]["x"] == [(OCTOBER + 60 * number) * 1000 for number in range(-1, 3)]


def test_the_facts_of_a_run_may_be_handed_to_its_report(house_passes, tmp_path):
    adl.report.write(house_passes, tmp_path / "run.html")
    adl.report.write(Facts(house_passes), tmp_path / "facts.html")
    assert (tmp_path / "run.html").read_bytes() == (tmp_path / "facts.html").read_bytes()
