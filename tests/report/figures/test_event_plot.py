"""Events as bars: of one call by kind, of several in time."""

import numpy as np
import pytest

import adlcore as adl
from support import report_worlds


def test_events_of_one_call_are_drawn_by_kind_and_of_several_in_time():
    house, run = report_worlds.ten_wallets()
    events = run.passes_made[0].events
    figure = adl.report.plot_events(events)
    assert dict(zip(figure.data[0].y, figure.data[0].x, strict=True)) == events.counts()
    assert list(figure.data[0].x) == sorted(figure.data[0].x, reverse=True)
    later = house.mark({"SOLUSDT": "79"}, time=9)
    several = adl.report.plot_events([events, later])
    assert all(list(trace.x) == [1, 9] for trace in several.data)
    total = np.sum([trace.y for trace in several.data], axis=0)
    assert total.tolist() == [len(events), len(later)]
    assert len(several.data) == 8
    kinds = {*events.counts(), *later.counts()}
    assert several.data[-1].name == f"{len(kinds) - 7} other kinds"


def test_calls_at_one_time_are_counted():
    house, _ = report_worlds.ten_wallets()
    calls = [house.deposit(0, 5), house.deposit(1, 6)]
    figure = adl.report.plot_events(calls)
    assert [(trace.name, trace.x, trace.y) for trace in figure.data] == [("deposit", (1, 2), (1, 1))]
    assert adl.report.plot_events([]).data == ()


@pytest.mark.parametrize(
    ("given", "told"), [("events", "events is 'events'"), ([3], r"events\[0\] is 'int'"), (7, "events is 7")]
)
def test_what_is_no_event_is_refused(given, told):
    with pytest.raises(adl.AdlError, match=told):
        adl.report.plot_events(given)


def test_events_are_drawn_with_their_time():
    house, run = report_worlds.ten_wallets()
    events = run.passes_made[0].events
    assert adl.report.plot_events(events).layout.xaxis.title.text == "events at time 1 (unit unknown)"
    assert adl.report.plot_events(events, time_unit="s").layout.xaxis.title.text == "events at 00:00:01"
    later = house.mark({"SOLUSDT": "79"}, time=3600)
    figure = adl.report.plot_events([events, later], time_unit="s")
    assert figure.layout.xaxis.title.text == "time, hh:mm:ss"
    assert list(figure.data[0].x) == [1000, 3_600_000]
