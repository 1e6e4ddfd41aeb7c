"""What a run is not made of, in words; whatever was there is still there."""

import json
import sys

import pytest

import adlcore as adl
from adlcore.clearing import ClearingHouse
from adlcore.io import Inputs, open_run, record, resume, verify
from support.refusals import ABOVE_0, NUMBER, cases, fails_at, refused, said
from support.run_worlds import TEN, TWO, tree

pytestmark = [pytest.mark.usefixtures("unsynchronized"), pytest.mark.files]


# Folders --------------------------------------------------------------------------------------------------------------

HELD = "holds a run or a snapshot already: adlcore.io.resume goes on with a run"
DAMAGED = "so that nothing in it can be gone on with: must be moved elsewhere"
EMPTY = "which is no run's: must be empty, or not be there"
NO_RUN = "is no run: has no manifest.json"
READERS = [open_run, TEN.resume, TEN.verify]

TAKEN = [(name, f"holds {name!r}, {EMPTY}") for name in ("notes.txt", ".hidden", "before", "events.arrow")]


@cases("name words", TAKEN)
def test_a_folder_that_holds_anything_is_left_alone(tmp_path, name, words):
    folder = tmp_path / "venue"
    folder.mkdir()
    (folder / name).write_text("mine")
    assert refused(lambda: TEN.record(folder), f"{folder} {words}").argument == "path"
    assert tree(folder) == {name: b"mine"}


#: Bytes of a manifest, and what is wrong with it.
DAMAGES = [
    (b"", "cannot be read as JSON: Expecting value: line 1 column 1 (char 0)"),
    (b"mine", "cannot be read as JSON: Expecting value: line 1 column 1 (char 0)"),
    (b"[]", "is no run's: must have a schema and a status"),
    (b'{"schema": 1, "status": "open"}', "was altered: its check does not fit its bytes"),
    (b'{"schema": 1, "hash": "0", "check": ""}', "was altered: its check does not fit its bytes"),
]


@cases("data words", DAMAGES)
def test_of_a_damaged_manifest_it_is_said_that_nothing_goes_on(tmp_path, data, words):
    folder = tmp_path / "venue"
    folder.mkdir()
    path = folder / "manifest.json"
    path.write_bytes(data)
    told = f"{folder} is taken, and its manifest.json is damaged ({path} {words}), {DAMAGED}"
    assert refused(lambda: TEN.record(folder), told).argument == "path"
    assert tree(folder) == {"manifest.json": data}


def test_a_run_whose_manifest_was_cut_or_is_of_another_version_is_not_recorded_over(copied):
    folder = copied("ten-2")
    path, data = folder / "manifest.json", (folder / "manifest.json").read_bytes()
    path.write_bytes(data[:100])
    with pytest.raises(adl.AdlError, match=r"is damaged .*cannot be read as JSON.*must be moved elsewhere"):
        TEN.record(folder)
    path.write_bytes(data.replace(b'"schema": 1', b'"schema": 7'))
    refused(lambda: TEN.record(folder), f"{folder} {HELD}")


@pytest.mark.parametrize("name", ["ten-0", "ten-2", "ten-sealed"])
def test_a_run_is_not_recorded_over(copied, name):
    folder = copied(name)
    before = tree(folder)
    refused(lambda: TEN.record(folder), f"{folder} {HELD}")
    assert tree(folder) == before


def test_a_snapshot_is_not_recorded_over_and_is_no_run(tmp_path):
    folder = tmp_path / "venue"
    adl.io.save(TEN.house().snapshot(), folder)
    before = tree(folder)
    refused(lambda: TEN.record(folder), f"{folder} {HELD}")
    told = f"{folder}/manifest.json is no run's: {folder} is a snapshot, must be a run as adlcore.io.record makes it"
    for call in READERS:
        refused(lambda call=call: call(folder), told)
    assert tree(folder) == before


def test_a_file_is_no_folder(tmp_path):
    path = tmp_path / "venue"
    path.write_text("mine")
    must = f"{path} is a file: must be a folder, or not be there"
    assert refused(lambda: TEN.record(path), must).argument == "path"
    for call in READERS:
        refused(lambda call=call: call(path), f"{path} {NO_RUN}")
    assert path.read_text() == "mine"


def test_what_is_not_there_is_an_oserror(tmp_path):
    path = tmp_path / "absent"
    for call, place in (*((call, path) for call in READERS), (TEN.record, path / "run")):
        fails_at(place, lambda: call(place), FileNotFoundError)
    path.mkdir()
    for call in READERS:
        refused(lambda call=call: call(path), f"{path} {NO_RUN}")
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


# Another house, other passes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ten-0", "ten-2", "ten-sealed"])
def test_another_house_is_refused(copied, name):
    folder = copied(name)
    before, known = tree(folder), TEN.house().hash
    must = f"must be {known}, as the one that {folder} was recorded with"
    moved = TEN.house()
    moved.mark({"X": "100"}, 501)
    for house in (TWO.house(), moved):
        for call in (resume, verify):
            message = f"the house has the hash {house.hash}: {must}"
            error = refused(lambda call=call, house=house: call(folder, house, TEN.passes), message)
            assert error.argument == "house"
    assert tree(folder) == before


#: Number of a pass, what is another in it, and what is said of which part of it.
OTHER = [
    (0, {"time": 901}, "time is 901: must be 900"),
    (0, {"marks": {"X": "99.5"}}, "marks['X'] is '99.5': must be '99'"),
    (1, {"marks": {"X": "80", "I": "80"}}, "marks['Y'] is None: must be '50'"),
    (1, {"index_prices": None}, "index_prices['BTC'] is None: must be '80'"),
    (1, {"oracle": {"X": "81", "Y": "2"}}, "oracle['Y'] is '2': must be None"),
    (2, {"marks": {"Q": "1"}}, "marks['Q'] is '1': must be None"),
]


@pytest.mark.parametrize("name", ["ten-3", "ten-sealed"])
@cases("number change words", OTHER)
def test_other_passes_are_refused(copied, name, number, change, words):
    folder = copied(name)
    before, passes = tree(folder), list(TEN.passes)
    passes[number] = passes[number]._replace(**change)
    for call in (verify, resume) if name == "ten-3" else (verify,):
        message = f"passes[{number}].{words}, as it was recorded"
        refused(lambda call=call: call(folder, TEN.house(), passes), message)
    assert tree(folder) == before


def test_passes_that_say_the_same_otherwise_are_the_same(copied):
    first, second, third, last = TEN.passes
    given = [first._replace(marks={"X": 99.0}), second._replace(marks={"Y": "50.0", "X": 80, "I": "8e1"})]
    given += [third._replace(time=1500, oracle={}), last]
    assert tree(TEN.resume(copied("ten-3"), given).path) == TEN.tree
    verify(copied("ten-sealed"), TEN.house(), given)


def test_passes_that_end_too_early_are_refused(copied):
    for name, call in (("ten-3", resume), ("ten-2", verify), ("ten-sealed", verify)):
        folder = copied(name)
        before = tree(folder)
        message = "passes end after 1: must go on, for the run has a pass 1"
        refused(lambda call=call, folder=folder: call(folder, TEN.house(), TEN.passes[:1]), message, row=1)
        assert tree(folder) == before


def test_passes_that_go_on_after_a_sealed_run_are_refused(copied):
    folder = copied("ten-sealed")
    more = (*TEN.passes, Inputs(3000, {}))
    message = "passes go on after 4: must end there, as the run does"
    refused(lambda: verify(folder, TEN.house(), more), message, row=4)
    # An open one may have been going to.
    verify(copied("ten-4"), TEN.house(), more)


def test_a_house_that_does_something_else_is_refused(copied):
    folder, sealed = copied("ten-3"), copied("ten-sealed")
    before = tree(folder)

    def without_book():
        return ClearingHouse.from_state(TEN.house().state(), TEN.house()._committed.terms.venue)

    told = "pass 1 is not what house and passes make: event 22 has kind 'book-fill', must be 'zero-fill'"
    size = len((folder / "events.arrow").read_bytes()) - len((copied("ten-1") / "events.arrow").read_bytes())
    called = f"adlcore resume --repair {folder} (adlcore.io.repair, with its own house and passes)"
    repaired = f"{called} keeps 1 pass (0 events) and drops {size:,} bytes"
    advice = f"; {repaired}, 2 passes among them"
    for call, more in ((resume, advice), (verify, "")):
        message = f"{folder}/events.arrow: {told}{more}"
        refused(lambda call=call: call(folder, without_book(), TEN.passes), message, row=1)
    message = f"{sealed}/events.parquet is of another run: {told}"
    refused(lambda: verify(sealed, without_book(), TEN.passes), message, row=1)
    assert tree(folder) == before


# Arguments ------------------------------------------------------------------------------------------------------------

MILLIS = "must be a whole number, 0 or above, such as milliseconds"
TEXTS = "must be a mapping of names to decimal text"
PASSES = [
    ({"time": 899}, "pass 1: time is 899: must not be before the last one, 900"),
    ({"time": "noon"}, f"pass 1: time is 'noon': {MILLIS}"),
    ({"time": True}, f"pass 1: time is True: {MILLIS}"),
    ({"marks": {"Q": "1"}}, "pass 1: prices is 'Q': must be one of X, Y, I"),
    ({"marks": {3: "1"}}, "pass 1: prices is 3: must be one of X, Y, I"),
    ({"marks": {3: "1", "X": "2"}}, "pass 1: prices is 3: must be one of X, Y, I"),
    ({"marks": {"X": "-1"}}, said("passes[1].marks['X']", "-1", ABOVE_0)),
    ({"marks": {"X": "many"}}, said("passes[1].marks['X']", "many", NUMBER)),
    ({"marks": ["80"]}, said("passes[1].marks", ["80"], TEXTS)),
    ({"marks": "80"}, said("passes[1].marks", "80", TEXTS)),
    ({"index_prices": {"BTC": float("nan")}}, "passes[1].index_prices['BTC'] is nan: must be finite"),
    ({"index_prices": {"X": "1"}}, "pass 1: index_prices is 'X': must be one of USDT, BTC"),
    ({"oracle": {"X": 0}}, said("passes[1].oracle['X']", 0, ABOVE_0)),
]


@cases("given message", PASSES)
def test_a_pass_that_cannot_be_made_is_named_and_those_before_it_stay(tmp_path, given, message):
    bad, row = TEN.passes[1]._replace(**given), 1 if message.startswith("pass 1: ") else None
    refused(lambda: TEN.record(tmp_path / "run", [TEN.passes[0], bad]), message, row)
    assert open_run(tmp_path / "run").passes()["time"].tolist() == [900]
    refused(lambda: TEN.resume(tmp_path / "run", [TEN.passes[0], bad]), message, row)
    assert tree(TEN.resume(tmp_path / "run").path) == TEN.tree


@pytest.mark.parametrize("given", [{"X": "80"}, (1000, {"X": "80"}, None, None), None])
def test_what_is_no_inputs_is_refused(tmp_path, given):
    refused(lambda: TEN.record(tmp_path / "run", [TEN.passes[0], given]), said("passes", given, "must be Inputs", 1))
    assert len(open_run(tmp_path / "run").passes()["pass"]) == 1


def test_passes_that_are_none_are_refused(copied):
    for name, call in (("ten-1", resume), ("ten-2", verify)):
        message = said("passes", 3, "must be an iterable of Inputs")
        refused(lambda call=call, folder=copied(name): call(folder, TEN.house(), 3), message)


@pytest.mark.parametrize(
    "house", [None, TEN.house().state(), TEN.house().snapshot()], ids=["None", "state", "snapshot"]
)
def test_what_is_no_house_is_refused(tmp_path, copied, house):
    folder, message = copied("ten-2"), said("house", type(house).__name__, "must be a ClearingHouse")
    for call, path in ((record, tmp_path / "run"), (resume, folder), (verify, folder)):
        refused(lambda call=call, path=path: call(path, house, TEN.passes), message)
    assert not (tmp_path / "run").exists()


def test_what_cannot_be_called_is_refused(tmp_path, copied):
    message = said("on_pass", 3, "must be callable, or None")
    refused(lambda: TEN.record(tmp_path / "run", on_pass=3), message)
    assert not (tmp_path / "run").exists()
    refused(lambda: TEN.resume(copied("ten-2"), on_pass=3), message)


def json_says(given) -> str:
    """Why this Python's JSON does not take it."""
    with pytest.raises((TypeError, ValueError)) as caught:
        json.dumps(given, allow_nan=False, indent=2)
    return str(caught.value)


MUST = "must be a mapping that JSON can hold"
CONFIGURATIONS = [
    ([1], said("configuration", [1], MUST)),
    ("binance", said("configuration", "binance", MUST)),
    *(
        (given, f"configuration cannot be kept ({json_says(given)}): {MUST}")
        for given in ({"rate": float("nan")}, {"house": TEN}, {("a",): 1})
    ),
    ({1: "a", "1": "b"}, f"configuration cannot be kept (two keys of ['1'] are the same as text): {MUST}"),
]


@cases("configuration message", CONFIGURATIONS)
def test_a_configuration_that_json_cannot_hold_is_refused(tmp_path, configuration, message):
    call = lambda: record(tmp_path / "run", TEN.house(), TEN.passes, configuration=configuration)  # noqa: E731
    assert refused(call, message).argument == "configuration"
    assert not (tmp_path / "run").exists()


def test_a_configuration_need_not_be_given(tmp_path):
    assert record(tmp_path / "run", TEN.house(), []).configuration == {}


def test_names_that_no_file_can_hold_are_refused(tmp_path):
    contract = adl.Contract("X", tick=1, tiers=adl.MarginTiers([0], ["0.05"]))
    books = adl.Snapshot.build([contract], {"account": ["ann", "\ud800"]}, [], {"X": 1})
    house = ClearingHouse(books, venue=[adl.clearing.Uncovered()])
    refused(lambda: record(tmp_path / "run", house, []), said("house", "\ud800", "must have names that UTF-8 can hold"))
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
        error = refused(call, f"{purpose} needs the 'files' extra: pip install 'adlcore[files]'")
        assert isinstance(error, adl.MissingExtraError)
    assert not (tmp_path / "run").exists()
