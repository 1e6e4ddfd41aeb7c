"""Manifests whose check is right and that say what none can: the key is named, whoever reads the run."""

import json

import pytest

import adlcore as adl
from adlcore.clearing.events import CAUSES, KINDS
from adlcore.io import open_run
from adlcore.io.runs import manifest as run_manifest
from support.refusals import cases, refused_with
from support.run_worlds import TEN, TWO

pytestmark = [pytest.mark.usefixtures("unsynchronized"), pytest.mark.files]


def forged(folder, place: str, value):
    """A run with one value of its manifest changed, and a check that fits."""
    said = run_manifest.read_manifest(folder)
    *parts, name = place.split(".", 1)
    for part in parts:
        said = {**said, part: {**said[part], name: value}}
    run_manifest.write_manifest(folder, said if parts else {**said, name: value})
    return folder


BOTH = [
    ("schema", True, "is a run of schema True: this adlcore reads schema 1"),
    ("schema", 1.0, "is a run of schema 1.0: this adlcore reads schema 1"),
    ("adlcore", 3, "manifest.json: adlcore is 3: must be of type str"),
    ("numpy", None, "manifest.json: numpy is None: must be of type str"),
    ("status", "over", "manifest.json: status is 'over': must be one of open, sealed"),
    ("status", ["open"], "manifest.json: status is ['open']: must be one of open, sealed"),
    ("configuration", "x", "manifest.json: configuration is 'x': must be of type dict"),
    ("configuration", [["rule", "x"]], "manifest.json: configuration is [['rule', 'x']]: must be of type dict"),
    ("configuration", None, "manifest.json: configuration is None: must be of type dict"),
    ("files", [], "manifest.json: files is []: must be of type dict"),
    ("files", {"events.parquet": 5}, "manifest.json: files['events.parquet'] is 5: must be of type str"),
    ("names", [], "manifest.json: names is []: must be a dict with parties, kinds, causes"),
    ("names.parties", [[]], "manifest.json: names.parties[0] is []: must be text"),
    ("names.parties", ["street", -1], "manifest.json: names.parties[1] is -1: must be text"),
    ("names.kinds", [None], "manifest.json: names.kinds[0] is None: must be text"),
    ("names.causes", [{}], "manifest.json: names.causes[0] is {}: must be text"),
    ("names.causes", "x", "manifest.json: names.causes is 'x': must be of type list"),
    ("opening.time", True, "manifest.json: opening.time is True: must be of type int"),
    ("opening.time", 2**63, "manifest.json: opening.time is 9223372036854775808: must lie between"),
    ("opening.time", "1", "manifest.json: opening.time is '1': must be of type int"),
    ("opening.sequence", -1, "manifest.json: opening.sequence is -1: must be 0 or above"),
    ("opening.digest", None, "manifest.json: opening.digest is None: must be of type str"),
    ("opening.digest", "xy", "manifest.json: opening.digest is 'xy': must be hexadecimal"),
    ("hashes.before", None, "manifest.json: hashes.before is None: must be of type str"),
    ("counts", 3, "manifest.json: counts is 3: must be a dict with passes, events"),
]
SEALED = [
    ("counts.passes", None, "manifest.json: counts.passes is None: must be of type int"),
    ("counts.events", False, "manifest.json: counts.events is False: must be of type int"),
    ("counts.events", -3, "manifest.json: counts.events is -3: must be 0 or above"),
    ("hashes.digest", None, "manifest.json: hashes.digest is None: must be of type str"),
    ("hashes.after", 7, "manifest.json: hashes.after is 7: must be of type str"),
]
OPEN = [
    ("counts.passes", 3, "manifest.json: counts.passes is 3: must be null until the run is sealed"),
    ("hashes.digest", "", "manifest.json: hashes.digest is '': must be null until the run is sealed"),
]


@cases(
    "name place value words",
    [(name, *row) for name, more in (("two-sealed", SEALED), ("two-2", OPEN)) for row in (*BOTH, *more)],
)
def test_a_value_that_no_manifest_has_is_named(copied, name, place, value, words):
    folder = forged(copied(name), place, value)
    for call in (open_run, TWO.resume, TWO.verify, lambda path: adl.io.repair(path, TWO.house(), TWO.passes)):
        refused_with(lambda call=call: call(folder), words)


@cases(
    "fund words",
    [
        ({"asset": None, "balance": "1"}, "configuration.funds[1].asset is None: must be"),
        ({"asset": 5, "balance": "1"}, "configuration.funds[1].asset is 5: must be"),
        ({"asset": "USDT", "balance": None}, "configuration.funds[1].balance is None: must be"),
        ({"asset": "USDT", "balance": "x"}, "configuration.funds[1].balance is 'x': must be"),
        ({"asset": "USDT", "balance": "1", "name": []}, "configuration.funds[1].name is []: must be"),
        ({"asset": "USDT", "balance": "1", "scope": 3}, "configuration.funds[1].scope is 3: must be"),
    ],
)
def test_a_fund_of_a_configuration_that_is_none_is_named_in_the_report(copied, fund, words):
    from adlcore.report.facts.run_facts import Facts

    sound = {"asset": "USDT", "balance": "9"}
    run = open_run(forged(copied("two-sealed"), "configuration.funds", [sound, fund]))
    refused_with(lambda: Facts(run), words)


@pytest.mark.parametrize("schema", [2, 0, "1", None, [1]])
def test_an_unknown_schema_is_refused_by_name(copied, schema):
    folder = copied("ten-sealed")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "schema": schema}))
    for call in (lambda: open_run(folder), lambda: TEN.resume(folder), lambda: TEN.verify(folder)):
        refused_with(call, f"is a run of schema {schema}: this adlcore reads schema 1", value=schema)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "manifest.json cannot be read as JSON"),
        ("{", "manifest.json cannot be read as JSON"),
        ("[" * 100_000, "manifest.json cannot be read as JSON"),
        ("[]", "manifest.json is no run's: must have a schema and a status"),
        ("{}", "manifest.json is no run's: must have a schema and a status"),
        ('{"schema": 1, "adlcore": "0.1.0", "hash": "0"}', "manifest.json is no run's"),
        ('{"schema": 1, "status": "open"}', "manifest.json was altered: its check does not fit its bytes"),
        ('{"schema": 1, "status": "open", "check": 5}', "manifest.json was altered"),
    ],
)
def test_a_broken_manifest_is_refused(copied, text, words):
    folder = copied("ten-4")
    (folder / "manifest.json").write_text(text)
    for call in (lambda: open_run(folder), lambda: TEN.resume(folder), lambda: TEN.verify(folder)):
        refused_with(call, words)
    assert (folder / "manifest.json").read_text() == text


def test_a_forged_manifest_that_lacks_something_is_refused(copied):
    from adlcore.io.runs import manifest as run_manifest

    folder = copied("ten-4")
    manifest = run_manifest.read_manifest(folder)
    for key in manifest:
        if key not in ("schema", "status"):
            run_manifest.write_manifest(folder, {name: value for name, value in manifest.items() if name != key})
            refused_with(lambda: open_run(folder), f"manifest.json has no {key!r}")
    for part in ("names", "opening", "hashes", "counts"):
        run_manifest.write_manifest(folder, {**manifest, part: {}})
        refused_with(lambda: open_run(folder), f"manifest.json: {part} has no ")
    for opening in ({"digest": "xy"}, {"sequence": "1"}, {"digest": 3}):
        run_manifest.write_manifest(folder, {**manifest, "opening": {**manifest["opening"], **opening}})
        refused_with(lambda: open_run(folder), "manifest.json")


def test_numbers_of_another_version_are_not_guessed(copied):
    from adlcore.io.runs import manifest as run_manifest

    folder = copied("ten-4")
    manifest = run_manifest.read_manifest(folder)
    names = {**manifest["names"], "kinds": list(KINDS[:-1])}
    run_manifest.write_manifest(folder, {**manifest, "names": names})
    assert len(open_run(folder).events()["kind"]) == 81
    for part, other in (("kinds", [*KINDS[1:], KINDS[0]]), ("causes", [*CAUSES, "luck"])):
        run_manifest.write_manifest(folder, {**manifest, "adlcore": "9.9", "names": {**manifest["names"], part: other}})
        words = (
            f"was recorded by adlcore 9.9, whose {part} of events have other numbers: must be sealed by that version"
        )
        refused_with(lambda: open_run(folder), words)
        refused_with(lambda: TEN.resume(folder), words)
