"""Every byte of what is kept counts: whichever is another, is missing, or was put in, its file is named."""

import json
import shutil

import pytest

import adlcore as adl
from adlcore.io import manifests, open_run
from adlcore.io.runs import manifest as run_manifest
from support.refusals import refused_with
from support.run_logs import written
from support.run_worlds import CONFIGURATION, TEN, TWO, tree

pytestmark = [pytest.mark.usefixtures("unsynchronized"), pytest.mark.files]

FILES = sorted(TWO.tree)

#: Bytes that mean nothing in JSON, or nothing new, and some that do.
PUT_IN = (b" ", b"\n", b"\t", b"\0", b"0", b",")


def changes(data: bytes, step: int):
    """The data with one thing changed: at each byte a flip, and in turn one that went, one that came, or the end."""
    for place in range(0, len(data), step):
        yield data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :]
        kind = place // step % 3
        if kind == 0:
            yield data[:place] + data[place + 1 :]
        elif kind == 1:
            yield data[:place] + PUT_IN[place // step // 3 % len(PUT_IN)] + data[place:]
        else:
            yield data[:place]
    for more in (*PUT_IN, data):
        yield data + more
        yield more + data


@pytest.fixture
def sealed(copied):
    return copied("two-sealed")


def read_of(folder, name):
    """What reads a file of a run."""
    part, _, of = name.rpartition("/")
    if part:
        return lambda: adl.io.load(folder / part)
    if of == "manifest.json":
        return lambda: open_run(folder)
    return getattr(open_run(folder), of.removesuffix(".parquet"))


@pytest.mark.parametrize("name", FILES)
def test_every_byte_of_a_sealed_run_counts(sealed, name):
    read, data = read_of(sealed, name), TWO.tree[name]
    read()
    step = 1 if name in ("manifest.json", "before/manifest.json") else 11
    for number, changed in enumerate(changes(data, step)):
        if changed == data:
            continue
        written(sealed / name, changed)
        for call in (read, lambda: TWO.verify(sealed)) if number % 100 == 0 else (read,):
            error = refused_with(call)
            # An unknown schema is one of the folder.
            folder, _, of = name.rpartition("/")
            assert f"{sealed / name}" in str(error) or (of == "manifest.json" and str(sealed / folder) in str(error))
    written(sealed / name, data)
    assert tree(TWO.verify(sealed).path) == TWO.tree


@pytest.mark.parametrize("name", ["ten-0", "ten-4"])
def test_every_byte_of_the_manifest_of_a_run_that_goes_on_counts(copied, name):
    folder = copied(name)
    path, held = folder / "manifest.json", {**tree(folder)}
    data = held.pop("manifest.json")
    for number, changed in enumerate(changes(data, 1)):
        written(path, changed)
        for call in (open_run, TEN.resume, TEN.verify) if number % 100 == 0 else (open_run,):
            refused_with(lambda call=call: call(folder), str(folder))
    assert tree(folder) == {**held, "manifest.json": path.read_bytes()}
    written(path, data)
    assert tree(TEN.resume(folder).path) == TEN.tree


@pytest.mark.parametrize("name", ["before/manifest.json", "before/positions.parquet", "before/assets.parquet"])
def test_every_byte_of_the_books_before_a_run_that_goes_on_counts(copied, name):
    folder = copied("two-2")
    data = (folder / name).read_bytes()
    for changed in changes(data, 23):
        written(folder / name, changed)
        for call in (open_run(folder).events, lambda: TWO.resume(folder)):
            refused_with(call, str(folder / "before"))
    written(folder / name, data)
    assert tree(TWO.resume(folder).path) == TWO.tree


def said_twice(data: bytes) -> bytes:
    """A key of the first level once more, with the same value."""
    line = data.splitlines(keepends=True)[1]
    return data.replace(line, line + line, 1)


def in_another_order(data: bytes) -> bytes:
    """The first two keys in the other order."""
    first, *lines = data.splitlines(keepends=True)
    return b"".join([first, lines[1], lines[0], *lines[2:]])


def of_other_text(data: bytes) -> bytes:
    """A letter as an escape."""
    return data.replace(b'"schema"', b'"sch\\u0065ma"', 1)


@pytest.mark.parametrize("path", ["manifest.json", "before/manifest.json", "after/manifest.json"])
@pytest.mark.parametrize(
    "change",
    [
        *(said_twice, in_another_order, of_other_text),
        lambda data: json.dumps(json.loads(data)).encode(),
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.decode().encode("utf-16"),
    ],
    ids=["twice", "order", "escape", "one line", "byte order mark", "line ends", "UTF-16"],
)
def test_bytes_that_say_the_same_are_refused(sealed, path, change):
    changed = change(TWO.tree[path])
    assert changed != TWO.tree[path]
    written(sealed / path, changed)
    refused_with(read_of(sealed, path), str(sealed / path))
    refused_with(lambda: TWO.verify(sealed), str(sealed / path))


def test_a_configuration_in_another_order_is_another(sealed):
    data = TWO.tree["manifest.json"]
    first, second = b'"rule": "binance"', b'"deep": {\n      "\\u00e4": true\n    }'
    changed = data.replace(first, b"1").replace(second, first).replace(b'1,\n    "sizes"', second + b',\n    "sizes"')
    assert json.loads(changed) == json.loads(data)
    assert changed != data
    written(sealed / "manifest.json", changed)
    refused_with(lambda: open_run(sealed), "manifest.json was altered: its check does not fit its bytes")


def test_whatever_is_cut_from_a_manifest_is_missed(sealed):
    """No part of one can go so that another manifest is left: one of a folder from before it knew its files, say."""
    for name, step in (("manifest.json", 5), ("before/manifest.json", 1)):
        lines, read = TWO.tree[name].splitlines(keepends=True), read_of(sealed, name)
        for start in range(len(lines)):
            for end in range(start + 1, len(lines) + 1, step):
                rest = b"".join([*lines[:start], *lines[end:]])
                for data in {rest, rest.replace(b",\n}", b"\n}")}:
                    written(sealed / name, data)
                    refused_with(read, str(sealed))


# Manifests from before they knew their bytes --------------------------------------------------------------------------


def test_a_run_from_before_is_read_where_its_bytes_are_those_that_were_written(sealed):
    path = sealed / "manifest.json"
    former = run_manifest._former_bytes(run_manifest.read_manifest(sealed))
    assert former != TWO.tree["manifest.json"]
    for part in ("before", "after"):
        manifest = json.loads(TWO.tree[f"{part}/manifest.json"])
        written(
            sealed / part / "manifest.json",
            manifests.json_bytes({name: manifest[name] for name in ("schema", "adlcore", "hash")}),
        )
    written(path, former)
    run = TWO.verify(sealed)
    assert (run.configuration, run.after) == (CONFIGURATION, TWO.resume(sealed).after)
    for changed in changes(former, 3):
        written(path, changed)
        refused_with(lambda: open_run(sealed), str(sealed))


def nested(levels: int) -> list:
    """Lists in lists."""
    made = []
    for _ in range(levels - 1):
        made = [made]
    return made


def test_a_configuration_is_kept_as_it_was_or_refused(tmp_path):
    deep, deeper = nested(100), nested(5_000)
    for configuration in ({1: "a", "1": "b"}, {"deep": {None: 1, "null": 2}}, {"deep": deep}, {"deep": deeper}):
        call = lambda: adl.io.record(tmp_path / "run", TWO.house(), [], configuration=configuration)  # noqa: E731
        refused_with(call, "configuration cannot be kept", "must be a mapping that JSON can hold")
        assert not (tmp_path / "run").exists()
    kept = {"deep": nested(99), "n": 2**70, "x": 1e-300, "t": "\ud800", "e": {}, "l": [[], [0.1]]}
    run = adl.io.record(tmp_path / "run", TWO.house(), [], configuration=kept)
    assert open_run(run.path).configuration == kept
    shutil.rmtree(run.path)
