"""Runs that somebody altered: said in words, by pass and event, and never believed."""

import shutil

import pytest

import adlcore as adl
from adlcore.clearing.events import CAUSES, FIELD_PLACE, KINDS
from adlcore.io import open_run
from support.refusals import refused_with
from support.run_logs import forge_log, with_byte, written
from support.run_worlds import TEN, TWO, tree

pytestmark = [pytest.mark.usefixtures("unsynchronized"), pytest.mark.files]

LOG = "events.arrow"


# The log of an open run -----------------------------------------------------------------------------------------------


def test_altered_inputs_are_no_events(copied):
    folder = copied("ten-4")
    place = TEN.log.index(b'"oracle":{"X":"81"}') + len(b'"oracle":{"X":"8')
    written(folder / LOG, with_byte(TEN.log, place, ord("2")))
    refused_with(
        lambda: TEN.verify(folder), "pass 1 holds other bytes than were written: not in its events, but in what"
    )


# A log that was written by somebody else ------------------------------------------------------------------------------


def test_a_forged_log_that_is_not_chained_is_refused(copied):
    folder = copied("ten-4")

    def change(number, table):
        if number == 2:
            table[3, FIELD_PLACE["lots"]] += 1

    forge_log(folder, change, chained=False)
    refused_with(lambda: open_run(folder), "was altered: pass 2 has events whose rolling hash is ", "must be ", row=2)
    first = TEN.events[2].first
    lots = int(TEN.events[2].lots[3])
    words = f"event {first + 3} has lots {lots + 1}, must be {lots}"
    refused_with(lambda: TEN.verify(folder), "pass 2 has events whose rolling hash is ", words)


def test_a_forged_log_is_not_what_the_house_makes(copied):
    folder, first = copied("ten-4"), TEN.events[1].first
    lots = TEN.events[1].lots

    def change(number, table):
        if number == 1:
            table[[20, 40], FIELD_PLACE["lots"]] += 7

    forge_log(folder, change)
    assert open_run(folder).events()["lots"][20] == lots[20] + 7
    told = f"event {first + 20} has lots {lots[20] + 7}, must be {lots[20]}"
    words = f"{LOG}: pass 1 is not what house and passes make: {told}"
    for call in (lambda: TEN.verify(folder), lambda: TEN.resume(folder)):
        refused_with(call, words, row=1)


@pytest.mark.parametrize(
    ("field", "value", "must"),
    [
        ("kind", len(KINDS), f"must be from 0 to {len(KINDS) - 1}"),
        ("kind", -1, f"must be from 0 to {len(KINDS) - 1}"),
        ("cause", len(CAUSES), f"must be from 0 to {len(CAUSES) - 1}"),
        ("wallet", 10, "must be from -1 to 9"),
        ("wallet", -2, "must be from -1 to 9"),
        ("wallet", 2**62, "must be from -1 to 9"),
        ("contract", 3, "must be from -1 to 2"),
        ("asset", 2, "must be from -1 to 1"),
        ("party", 6, "must be from -1 to 5"),
        ("row", 13, "must be a row of `before`, or -1"),
        ("row", -(2**63), "must be a row of `before`, or -1"),
        ("link", 72, "must be another event of the pass, or -1"),
        ("link", -2, "must be another event of the pass, or -1"),
    ],
)
def test_a_forged_number_that_stands_for_nothing_is_refused(copied, field, value, must):
    folder, first = copied("ten-4"), TEN.events[1].first

    def change(number, table):
        if number == 1:
            table[30, FIELD_PLACE[field]] = value

    forge_log(folder, change)
    run = open_run(folder)
    words = f"{LOG} was altered: event {first + 30} of pass 1 has the {field} {value}: {must}"
    refused_with(run.events, words, argument=field, row=first + 30, value=value)
    refused_with(lambda: TEN.verify(folder), f"event {first + 30} has {'fund' if field == 'party' else field} ")


# The files of a sealed run --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["before", "after"])
def test_books_of_another_run_are_refused(copied, part):
    folder = copied("ten-sealed")
    shutil.rmtree(folder / part)
    refused_with(lambda: TEN.verify(folder), f"ten-sealed was altered: has no {part}")
    adl.io.save(TWO.house().snapshot(), folder / part)
    refused_with(lambda: getattr(open_run(folder), part), f"{part} is of another run: its hash is ")
    refused_with(lambda: TEN.verify(folder), f"{part} is of another run: its hash is ")


@pytest.mark.parametrize("count", [0, 2])
def test_an_open_run_with_the_books_of_another_is_not_gone_on_with(copied, count):
    folder = copied(f"ten-{count}")
    shutil.rmtree(folder / "before")
    adl.io.save(TWO.house().snapshot(), folder / "before")
    before = tree(folder)
    for call in (lambda: TEN.verify(folder), lambda: TEN.resume(folder), open_run(folder).events):
        refused_with(call, "before is of another run: its hash is ")
    assert tree(folder) == before
