"""Files that somebody names: plain ones are replaced at once, whole and synchronised; all else keeps what it is."""

import errno
import io
import os
import stat
import threading
from pathlib import Path

import numpy as np
import pytest

import adlcore as adl
from adlcore._support import files
from adlcore.io import selections
from support import ten_wallets
from support.refusals import fails_at, refused

pytestmark = pytest.mark.files

CONTRACT = adl.Contract("AVAX", lot="0.01")
SELECTION = adl.select([0.5, 2.0], [250, 100], 125)
STATE = ten_wallets.house().state()


@pytest.fixture(scope="module")
def events():
    """The events of one call."""
    house = adl.ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder())
    return house.mark(**ten_wallets.DOWN)


@pytest.fixture(scope="module")
def sealed(kept):
    """A run to report."""
    return adl.io.open_run(kept / "ten-sealed")


def write(kind, path, events):
    """Write a file of a kind."""
    if kind == "npz":
        STATE.snapshot.to_npz(path)
    elif kind in ("csv", "fills.jsonl", "fills.parquet"):
        selections.write_selection(path, SELECTION, CONTRACT)
    else:
        adl.io.write_events(events, path)


KINDS = ("csv", "fills.jsonl", "fills.parquet", "jsonl", "arrow", "parquet", "npz")


@pytest.fixture(params=KINDS)
def kind(request):
    """Every kind of file."""
    return request.param


@pytest.fixture
def writer(kind, events):
    """Writes a file of the kind."""
    return lambda path: write(kind, path, events)


def same(kind, path, other):
    """Whether two files say the same; an archive differs by whether its writer could go back."""
    if kind == "npz":
        with np.load(path) as one, np.load(other) as two:
            return one.files == two.files and all(np.array_equal(one[name], two[name]) for name in one.files)
    return path.read_bytes() == other.read_bytes()


def names(folder):
    """What a folder holds."""
    return sorted(os.listdir(folder))


# What is no plain file ------------------------------------------------------------------------------------------------


def received(path, act):
    """What comes out of a pipe while something is done; the reader is there before the writer."""
    parts = []
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(opened, True)

    def read():
        while part := os.read(opened, 2**16):
            parts.append(part)

    # Kept open, so that the pipe has no end before the reader begins.
    held = os.open(path, os.O_WRONLY)
    reader = threading.Thread(target=read)
    reader.start()
    try:
        act()
    finally:
        os.close(held)
        reader.join()
        os.close(opened)
    return b"".join(parts)


def test_a_pipe_is_written_to(tmp_path, kind, writer):
    plain, pipe, copy = (tmp_path / f"{name}.{kind}" for name in ("plain", "pipe", "copy"))
    writer(plain)
    os.mkfifo(pipe)
    copy.write_bytes(received(pipe, lambda: writer(pipe)))
    assert stat.S_ISFIFO(os.lstat(pipe).st_mode)
    assert same(kind, plain, copy)


@pytest.fixture
def device(tmp_path):
    """A device that swallows everything: one of our own, or a link to that of the machine."""
    path = tmp_path / "null"
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        os.close(os.open(path, os.O_WRONLY))
    except OSError:
        path.unlink(missing_ok=True)
        path.symlink_to(os.devnull)
    return path


def test_a_device_is_written_to(device, kind, writer):
    named = device.with_name(f"null.{kind}")
    device.rename(named)
    before, parent = os.lstat(named), names(named.parent)
    writer(named)
    after = os.lstat(named)
    assert (after.st_ino, after.st_mode, after.st_rdev) == (before.st_ino, before.st_mode, before.st_rdev)
    assert names(named.parent) == parent


def test_a_full_device_is_an_error_that_names_it(tmp_path, kind, writer):
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no device that is full")
    path = tmp_path / f"full.{kind}"
    path.symlink_to("/dev/full")
    assert fails_at(path, lambda: writer(path), OSError, "No space left").errno == errno.ENOSPC
    assert path.is_symlink()


def test_a_folder_is_refused(tmp_path, kind, writer):
    folder = tmp_path / f"folder.{kind}"
    folder.mkdir()
    (tmp_path / f"link.{kind}").symlink_to(folder)
    for path in (folder, tmp_path / f"link.{kind}"):
        fails_at(path, lambda: writer(path), IsADirectoryError)
    assert names(tmp_path) == [folder.name, f"link.{kind}"]
    assert names(folder) == []


def test_an_open_file_is_written_to_and_stays_open(tmp_path):
    plain, open_file = tmp_path / "plain.csv", io.BytesIO()
    for path in (plain, open_file):
        selections.write_selection(path, SELECTION, CONTRACT)
    assert open_file.getvalue() == plain.read_bytes()
    text = io.StringIO()
    refused(
        lambda: selections.write_selection(text, SELECTION, CONTRACT),
        f"path is {text!r}: must be a path, or a file that is open for bytes",
    )


def test_a_pipe_without_a_suffix_gets_csv(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    out = received(tmp_path / "pipe", lambda: selections.write_selection(tmp_path / "pipe", SELECTION, CONTRACT))
    assert out.startswith(b"account,row,place,")
    with pytest.raises(adl.AdlError, match=r"must be one of \.csv"):
        selections.writable_suffix(tmp_path / "plain")


# Links ----------------------------------------------------------------------------------------------------------------


def test_the_target_of_a_link_is_replaced(tmp_path, kind, writer):
    (tmp_path / "far").mkdir()
    target, plain = tmp_path / "far" / f"target.{kind}", tmp_path / f"plain.{kind}"
    target.write_bytes(b"before")
    writer(plain)
    (tmp_path / "middle").symlink_to(f"far/target.{kind}")
    link = tmp_path / f"link.{kind}"
    link.symlink_to(tmp_path / "middle")
    writer(link)
    assert link.is_symlink()
    assert (tmp_path / "middle").is_symlink()
    assert same(kind, target, plain)
    assert names(tmp_path / "far") == [target.name]


def test_what_a_link_leads_to_is_made(tmp_path, kind, writer):
    link, target = tmp_path / f"link.{kind}", tmp_path / f"target.{kind}"
    link.symlink_to(target.name)
    writer(link)
    assert link.is_symlink()
    assert target.is_file()


def test_links_that_lead_nowhere(tmp_path, kind, writer):
    (tmp_path / f"one.{kind}").symlink_to(f"two.{kind}")
    (tmp_path / f"two.{kind}").symlink_to(f"one.{kind}")
    (tmp_path / f"absent.{kind}").symlink_to(f"absent/x.{kind}")
    before = names(tmp_path)
    for name, number in (("one", errno.ELOOP), ("absent", errno.ENOENT)):
        assert (
            fails_at(tmp_path / f"{name}.{kind}", lambda: writer(tmp_path / f"{name}.{kind}"), OSError, name).errno
            == number
        )
    assert names(tmp_path) == before


def test_a_link_planted_for_the_work_is_not_written_through(tmp_path, kind, writer):
    path, victim = tmp_path / f"out.{kind}", tmp_path / "victim"
    victim.write_bytes(b"mine")
    number = os.getpid()
    for name in (f".{path.name}.{number}", f".{path.name}.{number}.{threading.get_ident()}", f".{path.name}.new"):
        (tmp_path / name).symlink_to(victim)
    before = names(tmp_path)
    writer(path)
    assert victim.read_bytes() == b"mine"
    assert names(tmp_path) == sorted([*before, path.name])


def test_links_are_not_followed_where_nobody_asked(tmp_path):
    victim, link = tmp_path / "victim", tmp_path / "link"
    victim.write_bytes(b"mine")
    for target in (victim, os.devnull, "absent", "link"):
        link.symlink_to(target)
        with files.open_replacement(link, follow=False) as file:
            file.write(b"new")
        assert not link.is_symlink()
        assert link.read_bytes() == b"new"
        assert stat.S_IMODE(link.stat().st_mode) == stat.S_IMODE(victim.stat().st_mode)
        link.unlink()
    assert victim.read_bytes() == b"mine"
    assert names(tmp_path) == ["victim"]


# Plain files ----------------------------------------------------------------------------------------------------------


def test_a_file_is_on_the_disk_before_it_takes_its_name(tmp_path, kind, writer, monkeypatch):
    steps, change = [], files.change

    def noted(path, call, *given, **named):
        if call is os.replace:
            steps.append("name")
            assert given[1] == path
            assert Path(given[0]).parent == path.parent
        elif "sync" in call.__name__:
            steps.append("folder" if stat.S_ISDIR(os.fstat(given[0]).st_mode) else "file")
        elif call is os.write:
            assert not steps
        return change(path, call, *given, **named)

    monkeypatch.setattr(files, "change", noted)
    writer(tmp_path / f"out.{kind}")
    assert steps == ["file", "name", "folder"]


@pytest.mark.parametrize("call", ["_sync_file", "replace"])
@pytest.mark.parametrize("there", [True, False])
def test_what_fails_leaves_what_was_there(tmp_path, kind, writer, monkeypatch, call, there):
    path = tmp_path / f"out.{kind}"
    if there:
        path.write_bytes(b"before")

    def fail(*_):
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(files if call == "_sync_file" else os, call, fail)
    assert fails_at(path, lambda: writer(path), OSError, "quota").errno == errno.EDQUOT
    assert names(tmp_path) == ([path.name] if there else [])
    if there:
        assert path.read_bytes() == b"before"


def interrupted(path, new):
    with files.open_replacement(path, new=new) as file:
        file.write(b"half")
        raise KeyboardInterrupt


def test_an_interruption_leaves_nothing(tmp_path):
    for new in (False, True):
        with pytest.raises(KeyboardInterrupt):
            interrupted(tmp_path / "out", new)
        assert names(tmp_path) == []


def test_a_file_that_must_be_new(tmp_path):
    with files.open_replacement(tmp_path / "out", new=True) as file:
        file.write(b"first")
    with pytest.raises(FileExistsError) as caught, files.open_replacement(tmp_path / "out", new=True) as file:
        file.write(b"second")
    assert caught.value.filename == str(tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"first"
    assert names(tmp_path) == ["out"]


def test_who_may_read_a_file_stays(tmp_path, kind, writer):
    path, fresh = tmp_path / f"out.{kind}", tmp_path / f"fresh.{kind}"
    path.write_bytes(b"before")
    for mode in (0o600, 0o640, 0o444):
        path.chmod(mode)
        writer(path)
        assert stat.S_IMODE(path.stat().st_mode) == mode
    mask = os.umask(0o027)
    try:
        writer(fresh)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(fresh.stat().st_mode) == 0o640


def test_whose_a_file_is_stays(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"before")
    other = 12345 if os.geteuid() == 0 else os.geteuid()
    os.chown(path, other, -1)
    with files.open_replacement(path) as file:
        file.write(b"after")
    assert (path.stat().st_uid, path.read_bytes()) == (other, b"after")


def test_names_as_long_as_the_system_has_them(tmp_path, kind, writer):
    path = tmp_path / ("x" * (254 - len(kind)) + f".{kind}")
    writer(path)
    assert names(tmp_path) == [path.name]
    for broken in (tmp_path / f"x{path.name}", tmp_path / "absent" / f"x.{kind}", path / f"x.{kind}"):
        fails_at(broken, lambda: writer(broken), OSError, r"long|No such|Not a")
    assert names(tmp_path) == [path.name]


# Reports and events ---------------------------------------------------------------------------------------------------


def test_descriptors_are_known_by_every_name(tmp_path):
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("/dev/stdout")
    for name in ("/dev/stdout", "/dev/fd/1", "/dev/../dev/fd/1", tmp_path / "one"):
        assert files.descriptor_of(name) == 1
        assert files.is_stream(name)
    for name in (tmp_path / "1", tmp_path, "/dev/null", tmp_path / "absent"):
        assert files.descriptor_of(name) is None


def test_a_report_is_written_as_the_others_are(sealed, tmp_path):
    plain, target, open_file = tmp_path / "plain.html", tmp_path / "target.html", io.BytesIO()
    adl.report.write(sealed, plain)
    adl.report.write(sealed, open_file)
    assert open_file.getvalue() == plain.read_bytes()
    os.mkfifo(tmp_path / "pipe.html")
    out = received(tmp_path / "pipe.html", lambda: adl.report.write(sealed, tmp_path / "pipe.html"))
    assert out == plain.read_bytes()
    (tmp_path / "link.html").symlink_to(target)
    adl.report.write(sealed, tmp_path / "link.html")
    assert (tmp_path / "link.html").is_symlink()
    assert target.read_bytes() == plain.read_bytes()
    with pytest.raises(IsADirectoryError):
        adl.report.write(sealed, tmp_path)
    assert names(tmp_path) == ["link.html", "pipe.html", "plain.html", "target.html"]


def test_digests_of_event_files_are_whole_in_a_pipe(tmp_path, events):
    os.mkfifo(tmp_path / "pipe.arrow")
    (tmp_path / "got.arrow").write_bytes(
        received(tmp_path / "pipe.arrow", lambda: adl.io.write_events(events, tmp_path / "pipe.arrow"))
    )
    found = adl.io.read_events(tmp_path / "got.arrow")
    assert all(np.array_equal(found[name], column) for name, column in events.columns().items())
