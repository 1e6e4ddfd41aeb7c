"""What a run is not made of, in words; whatever was there is still there."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from run_worlds import TEN, TWO, refused, tree

import adlcore as adl
from adlcore.clearing import ClearingHouse
from adlcore.io import Inputs, open_run, record, resume, verify

pytestmark = pytest.mark.usefixtures("unsynchronized")


# Folders --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("notes.txt", "venue holds 'notes.txt', which is no run's: must be empty, or not be there"),
        (".hidden", "venue holds '.hidden', which is no run's: must be empty, or not be there"),
        ("before", "venue holds 'before', which is no run's: must be empty, or not be there"),
        ("events.arrow", "venue holds 'events.arrow', which is no run's: must be empty, or not be there"),
        ("manifest.json", "venue holds a run or a snapshot already: adlcore.io.resume goes on with a run"),
    ],
)
def test_a_folder_that_holds_anything_is_left_alone(tmp_path, name, words):
    folder = tmp_path / "venue"
    folder.mkdir()
    (folder / name).write_text("mine")
    refused(lambda: TEN.record(folder), words, argument="path")
    assert tree(folder) == {name: b"mine"}


@pytest.mark.parametrize("name", ["ten-0", "ten-2", "ten-sealed"])
def test_a_run_is_not_recorded_over(copied, name):
    folder = copied(name)
    before = tree(folder)
    refused(
        lambda: TEN.record(folder), f"{name} holds a run or a snapshot already: adlcore.io.resume goes on with a run"
    )
    assert tree(folder) == before


def test_a_snapshot_is_not_recorded_over_and_is_no_run(tmp_path):
    folder = tmp_path / "venue"
    adl.io.save(TEN.house().snapshot(), folder)
    before = tree(folder)
    refused(lambda: TEN.record(folder), "holds a run or a snapshot already")
    for call in (lambda: open_run(folder), lambda: TEN.resume(folder), lambda: TEN.verify(folder)):
        refused(call, "venue/manifest.json is no run's: must have a schema and a status")
    assert tree(folder) == before


def test_a_file_is_no_folder(tmp_path):
    path = tmp_path / "venue"
    path.write_text("mine")
    refused(lambda: TEN.record(path), "venue is a file: must be a folder, or not be there", argument="path")
    for call in (lambda: open_run(path), lambda: TEN.resume(path), lambda: TEN.verify(path)):
        refused(call, "venue is no run: has no manifest.json")
    assert path.read_text() == "mine"


def test_what_is_not_there_is_an_oserror(tmp_path):
    path = tmp_path / "absent"
    for call in (lambda: open_run(path), lambda: TEN.resume(path), lambda: TEN.verify(path)):
        with pytest.raises(FileNotFoundError) as caught:
            call()
        assert caught.value.filename == str(path)
    with pytest.raises(FileNotFoundError) as caught:
        TEN.record(path / "run")
    assert caught.value.filename == str(path / "run")
    path.mkdir()
    for call in (lambda: open_run(path), lambda: TEN.resume(path), lambda: TEN.verify(path)):
        refused(call, "absent is no run: has no manifest.json")
    assert tree(path) == {}


def test_an_empty_folder_is_filled_and_a_link_is_followed(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    TEN.record(tmp_path / "link")
    assert tree(tmp_path / "empty") == TEN.tree
    assert (tmp_path / "link").is_symlink()


def test_what_else_is_in_a_runs_folder_stays(copied):
    folder = copied("ten-1")
    (folder / "report.html").write_text("mine")
    TEN.resume(folder)
    assert tree(folder) == {**TEN.tree, "report.html": b"mine"}


def test_a_second_writer_is_refused(tmp_path, copied):
    folder, words = tmp_path / "run", "run is being written by another writer: must be left to it until it ends"
    tried = []

    def on_pass(number, *_):
        tried.append(refused(lambda: TEN.resume(folder), words, argument="path"))
        tried.append(refused(lambda: TEN.record(folder), words))
        assert len(open_run(folder).passes()["pass"]) == number + 1

    assert tree(TEN.record(folder, on_pass=on_pass).path) == TEN.tree
    assert len(tried) == 8
    folder = copied("ten-2")
    with pytest.raises(adl.AdlError, match="is being written by another writer"):
        TEN.resume(folder, on_pass=lambda *_: TEN.resume(folder))
    # The lock is gone with whoever had it.
    assert tree(TEN.resume(folder).path) == TEN.tree


# Another house, other passes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ten-0", "ten-2", "ten-sealed"])
def test_another_house_is_refused(copied, name):
    folder = copied(name)
    before, known = tree(folder), TEN.house().hash
    moved = TEN.house()
    moved.mark({"X": "100"}, 501)
    for house in (TWO.house(), moved):
        for call in (resume, verify):
            words = f"the house has the hash {house.hash}: must be {known}, as the one that {folder} was recorded with"
            refused(lambda call=call, house=house: call(folder, house, TEN.passes), words, argument="house")
    assert tree(folder) == before


@pytest.mark.parametrize("name", ["ten-3", "ten-sealed"])
@pytest.mark.parametrize(
    ("number", "change", "words"),
    [
        (0, {"time": 901}, "passes[0].time is 901: must be 900, as it was recorded"),
        (0, {"marks": {"X": "99.5"}}, "passes[0].marks['X'] is '99.5': must be '99', as it was recorded"),
        (1, {"marks": {"X": "80", "I": "80"}}, "passes[1].marks['Y'] is None: must be '50', as it was recorded"),
        (1, {"index_prices": None}, "passes[1].index_prices['BTC'] is None: must be '80', as it was recorded"),
        (1, {"oracle": {"X": "81", "Y": "2"}}, "passes[1].oracle['Y'] is '2': must be None, as it was recorded"),
        (2, {"marks": {"Q": "1"}}, "passes[2].marks['Q'] is '1': must be None, as it was recorded"),
    ],
)
def test_other_passes_are_refused(copied, name, number, change, words):
    folder = copied(name)
    before, passes = tree(folder), list(TEN.passes)
    passes[number] = passes[number]._replace(**change)
    calls = (verify, resume) if name == "ten-3" else (verify,)
    for call in calls:
        refused(lambda call=call: call(folder, TEN.house(), passes), words)
    assert tree(folder) == before


def test_passes_that_say_the_same_otherwise_are_the_same(copied):
    given = [
        TEN.passes[0]._replace(marks={"X": 99.0}),
        TEN.passes[1]._replace(marks={"Y": "50.0", "X": 80, "I": "8e1"}),
    ]
    given += [TEN.passes[2]._replace(time=1500, oracle={}), TEN.passes[3]]
    assert tree(TEN.resume(copied("ten-3"), given).path) == TEN.tree
    verify(copied("ten-sealed"), TEN.house(), given)


def test_passes_that_end_too_early_are_refused(copied):
    for name, call in (("ten-3", resume), ("ten-2", verify), ("ten-sealed", verify)):
        folder = copied(name)
        before = tree(folder)
        words = "passes end after 1: must go on, for the run has a pass 1"
        refused(lambda call=call, folder=folder: call(folder, TEN.house(), TEN.passes[:1]), words, row=1)
        assert tree(folder) == before


def test_passes_that_go_on_after_a_sealed_run_are_refused(copied):
    folder = copied("ten-sealed")
    more = (*TEN.passes, Inputs(3000, {}))
    refused(lambda: verify(folder, TEN.house(), more), "passes go on after 4: must end there, as the run does", row=4)
    # An open one may have been going to.
    verify(copied("ten-4"), TEN.house(), more)


def test_a_house_that_does_something_else_is_refused(copied):
    folder = copied("ten-3")
    before = tree(folder)

    def without_book():
        return ClearingHouse.from_state(TEN.house().state(), TEN.house()._venue)

    words = "pass 1 is not what house and passes make: event "
    for call in (resume, verify):
        refused(lambda call=call: call(folder, without_book(), TEN.passes), "events.arrow: ", words, row=1)
    refused(
        lambda: verify(copied("ten-sealed"), without_book(), TEN.passes), "events.parquet is of another run: ", words
    )
    assert tree(folder) == before


# Arguments ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"time": 899}, "pass 1: time is 899: must not be before the last one, 900"),
        ({"time": "noon"}, "pass 1: time is 'noon': must be a whole number"),
        ({"time": True}, "pass 1: time is True: must be a whole number"),
        ({"marks": {"Q": "1"}}, "pass 1: prices is 'Q': must be one of X, Y, I"),
        ({"marks": {3: "1"}}, "pass 1: prices is 3: must be one of X, Y, I"),
        ({"marks": {3: "1", "X": "2"}}, "pass 1: prices is 3: must be one of X, Y, I"),
        ({"marks": {"X": "-1"}}, "passes[1].marks['X'] is '-1': must be above 0"),
        ({"marks": {"X": "many"}}, "passes[1].marks['X'] is 'many': must be a number"),
        ({"marks": ["80"]}, "passes[1].marks is ['80']: must be a mapping of names to decimal text"),
        ({"marks": "80"}, "passes[1].marks is '80': must be a mapping of names to decimal text"),
        ({"index_prices": {"BTC": float("nan")}}, "passes[1].index_prices['BTC'] is nan: must be finite"),
        ({"index_prices": {"X": "1"}}, "pass 1: index_prices is 'X': must be one of USDT, BTC"),
        ({"oracle": {"X": 0}}, "passes[1].oracle['X'] is 0: must be above 0"),
    ],
)
def test_a_pass_that_cannot_be_made_is_named_and_those_before_it_stay(tmp_path, given, words):
    bad = TEN.passes[1]._replace(**given)
    refused(lambda: TEN.record(tmp_path / "run", [TEN.passes[0], bad]), words)
    assert open_run(tmp_path / "run").passes()["time"].tolist() == [900]
    refused(lambda: TEN.resume(tmp_path / "run", [TEN.passes[0], bad]), words)
    assert tree(TEN.resume(tmp_path / "run").path) == TEN.tree


@pytest.mark.parametrize("given", [{"X": "80"}, (1000, {"X": "80"}, None, None), None])
def test_what_is_no_inputs_is_refused(tmp_path, given):
    refused(lambda: TEN.record(tmp_path / "run", [TEN.passes[0], given]), "passes[1] is ", "must be Inputs", row=1)
    assert len(open_run(tmp_path / "run").passes()["pass"]) == 1


def test_passes_that_are_none_are_refused(copied):
    for call in (resume, verify):
        words = "passes is 3: must be an iterable of Inputs"
        refused(lambda call=call: call(copied(f"ten-{1 + (call is verify)}"), TEN.house(), 3), words, argument="passes")


@pytest.mark.parametrize("house", [None, TEN.house().state(), TEN.house().snapshot()])
def test_what_is_no_house_is_refused(tmp_path, copied, house):
    words = f"house is {type(house).__name__!r}: must be a ClearingHouse"
    refused(lambda: record(tmp_path / "run", house, TEN.passes), words, argument="house")
    assert not (tmp_path / "run").exists()
    folder = copied("ten-2")
    for call in (resume, verify):
        refused(lambda call=call: call(folder, house, TEN.passes), words)


def test_what_cannot_be_called_is_refused(tmp_path, copied):
    words = "on_pass is 3: must be callable, or None"
    refused(lambda: TEN.record(tmp_path / "run", on_pass=3), words, argument="on_pass")
    assert not (tmp_path / "run").exists()
    refused(lambda: TEN.resume(copied("ten-2"), on_pass=3), words)


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ([1], "configuration is [1]: must be a mapping that JSON can hold"),
        ("binance", "configuration is 'binance': must be a mapping that JSON can hold"),
        ({"rate": float("nan")}, "configuration cannot be kept"),
        ({"house": TEN}, "configuration cannot be kept"),
        ({("a",): 1}, "configuration cannot be kept"),
    ],
)
def test_a_configuration_that_json_cannot_hold_is_refused(tmp_path, configuration, words):
    call = lambda: record(tmp_path / "run", TEN.house(), TEN.passes, configuration=configuration)  # noqa: E731
    refused(call, words, "must be a mapping that JSON can hold", argument="configuration")
    assert not (tmp_path / "run").exists()


def test_a_configuration_need_not_be_given(tmp_path):
    assert record(tmp_path / "run", TEN.house(), []).configuration == {}


def test_names_that_no_file_can_hold_are_refused(tmp_path):
    contract = adl.Contract("X", tick=1, tiers=adl.MarginTiers([0], ["0.05"]))
    books = adl.Snapshot.build([contract], {"account": ["ann", "\ud800"]}, [], {"X": 1})
    house = ClearingHouse(books, venue=[adl.clearing.Uncovered()])
    refused(lambda: record(tmp_path / "run", house, []), "house is ", "must have names that UTF-8 can hold")
    assert not (tmp_path / "run").exists()


def test_without_pyarrow_the_extra_is_named(copied, monkeypatch, tmp_path):
    folder = copied("ten-2")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for call, purpose in (
        (lambda: TEN.record(tmp_path / "run"), "recording runs"),
        (lambda: TEN.resume(folder), "resuming runs"),
        (lambda: TEN.verify(folder), "verifying runs"),
        (lambda: open_run(folder), "reading runs"),
    ):
        with pytest.raises(adl.MissingExtraError, match=f"{purpose} needs the 'cli' extra"):
            call()
    assert not (tmp_path / "run").exists()


def test_a_system_that_locks_nothing_is_named(monkeypatch, tmp_path):
    def flock(*_):
        raise OSError(45, "Operation not supported")

    monkeypatch.setitem(sys.modules, "fcntl", SimpleNamespace(flock=flock, LOCK_EX=2, LOCK_NB=4))
    with pytest.raises(OSError, match="Operation not supported") as caught:
        TEN.record(tmp_path / "run")
    assert caught.value.filename == str(tmp_path / "run")
