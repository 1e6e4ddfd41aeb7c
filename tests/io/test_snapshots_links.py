"""What somebody puts into a snapshot folder or beside a file: no link is followed, and nothing foreign is removed."""

import os
import shutil
import threading

import pytest

import adlcore as adl
from adlcore.io import snapshots
from adlcore.lab import crowd
from support.planted import KINDS, plant
from support.refusals import fails_at, refused_with
from support.run_worlds import tree

pytestmark = [pytest.mark.usefixtures("impatient"), pytest.mark.files]

SNAPSHOT, OTHER = crowd.snapshot(20, 2), crowd.snapshot(5, 1)


@pytest.fixture
def folder(tmp_path):
    """A folder that holds a snapshot."""
    adl.io.save(SNAPSHOT, tmp_path / "venue")
    return tmp_path / "venue"


@pytest.mark.parametrize("kind", KINDS[:-1])
@pytest.mark.parametrize("name", ["manifest.json", "wallets.parquet", "contracts.parquet"])
def test_what_is_no_file_of_a_snapshot_is_neither_read_nor_replaced(folder, tmp_path, name, kind):
    plant(folder / name, tmp_path / "outside", kind)
    precious, before = tree(tmp_path / "outside"), tree(folder)
    words = f"{folder / name} is a", ": must be a plain file"
    refused_with(lambda: adl.io.load(folder), *words)
    refused_with(lambda: adl.io.save(OTHER, folder, overwrite=True), *words)
    assert tree(tmp_path / "outside") == precious
    assert tree(folder) == before
    assert sorted(os.listdir(tmp_path)) == ["outside", "venue"]


def test_a_file_of_two_names_is_replaced_under_one(folder, tmp_path):
    plant(folder / "wallets.parquet", tmp_path / "outside", "hard link")
    precious = tree(tmp_path / "outside")
    assert adl.io.load(folder) == SNAPSHOT
    adl.io.save(OTHER, folder, overwrite=True)
    assert adl.io.load(folder) == OTHER
    assert tree(tmp_path / "outside") == precious


def test_a_folder_within_is_not_gone_through(folder):
    (folder / "orders.parquet").unlink()
    (folder / "orders.parquet").mkdir()
    (folder / "orders.parquet" / "notes.txt").write_text("mine")
    words = f"{folder}/orders.parquet is a folder: must be a plain file"
    refused_with(lambda: adl.io.save(OTHER, folder, overwrite=True), words)
    assert (folder / "orders.parquet" / "notes.txt").read_text() == "mine"


def test_what_comes_while_a_snapshot_is_replaced_stays(folder, tmp_path, monkeypatch):
    write = snapshots._write

    def meanwhile(snapshot, work):
        write(snapshot, work)
        (folder / "notes.txt").write_text("mine")

    monkeypatch.setattr(snapshots, "_write", meanwhile)
    refused_with(lambda: adl.io.save(OTHER, folder, overwrite=True), "holds 'notes.txt', which is no snapshot's")
    assert (folder / "notes.txt").read_text() == "mine"
    (folder / "notes.txt").unlink()
    assert adl.io.load(folder) == SNAPSHOT
    assert os.listdir(tmp_path) == ["venue"]


def test_a_link_that_takes_the_place_of_a_folder_is_not_gone_through(folder, tmp_path, monkeypatch):
    write, elsewhere = snapshots._write, tmp_path / "elsewhere"

    def meanwhile(snapshot, work):
        write(snapshot, work)
        folder.rename(elsewhere)
        folder.symlink_to(elsewhere)

    monkeypatch.setattr(snapshots, "_write", meanwhile)
    refused_with(lambda: adl.io.save(OTHER, folder, overwrite=True), f"{folder} has become a symbolic link: must stay ")
    assert folder.is_symlink()
    assert adl.io.load(elsewhere) == SNAPSHOT
    assert sorted(os.listdir(tmp_path)) == ["elsewhere", "venue"]


# Files ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_beside_a_file_that_is_written_leads_nowhere(tmp_path, monkeypatch, kind):
    monkeypatch.setattr("secrets.token_hex", lambda size: "0" * size)  # nobody else knows this name
    work = tmp_path / f".venue.npz.{'0' * 8}.new"
    plant(work, tmp_path / "outside", kind)
    precious = tree(tmp_path)
    fails_at(tmp_path / "venue.npz", lambda: SNAPSHOT.to_npz(tmp_path / "venue.npz"), FileExistsError)
    assert tree(tmp_path) == precious


def test_the_file_that_a_link_leads_to_is_replaced(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "venue.npz").write_bytes(b"old")
    (tmp_path / "link.npz").symlink_to(tmp_path / "elsewhere" / "venue.npz")
    SNAPSHOT.to_npz(tmp_path / "link.npz")
    assert (tmp_path / "link.npz").is_symlink()
    assert adl.io.load(tmp_path / "elsewhere" / "venue.npz") == SNAPSHOT
    assert adl.io.load(tmp_path / "link.npz") == SNAPSHOT


def test_a_pipe_is_written_to_and_not_read(tmp_path):
    pipe, held = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: held.append(pipe.read_bytes()))
    reader.start()
    SNAPSHOT.to_npz(pipe)
    reader.join()
    assert pipe.is_fifo()
    (tmp_path / "venue.npz").write_bytes(held[0])
    assert adl.io.load(tmp_path / "venue.npz") == SNAPSHOT
    for read in (adl.io.load, adl.Snapshot.from_npz):
        refused_with(lambda read=read: read(pipe), f"{pipe} is a pipe: must be a plain file")


def test_a_device_stays_one(tmp_path):
    null = tmp_path / "null"
    try:
        os.mknod(null, 0o666 | 0o020000, os.makedev(1, 3))
    except PermissionError:
        null = tmp_path / "link"
        null.symlink_to("/dev/null")
    SNAPSHOT.to_npz(null)
    assert null.is_char_device()
    refused_with(lambda: adl.Snapshot.from_npz(null), f"{null} is a device: must be a plain file")


def test_a_copy_of_hard_links_is_read(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "backup", copy_function=os.link)
    assert adl.io.load(tmp_path / "backup") == SNAPSHOT
