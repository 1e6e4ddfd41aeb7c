"""What somebody puts under a name that a run uses: it is removed or refused, and what it leads to is as it was."""

import os

import pytest

import adlcore as adl
from adlcore.io import open_run
from support.planted import KINDS, plant
from support.refusals import refused_with
from support.run_worlds import TEN, tree

pytestmark = [pytest.mark.usefixtures("unsynchronized", "impatient"), pytest.mark.files]

TABLES = ("events.parquet", "passes.parquet", "marks.parquet")
FILES = ("manifest.json", "events.arrow", *TABLES)
PARTS = ("before", "after")
#: Files that are written beside their names, folders that are filled there, and some of what is in the latter.
WORK = tuple(f".{name}.new" for name in ("manifest.json", *TABLES, "events.arrow.dropped"))
WORK_PARTS = (".before.new", ".after.new")
INNER = ("before/manifest.json", "before/wallets.parquet")
WORK_INNER = (".before.new/manifest.json", ".after.new/wallets.parquet")


def goes(name: str, kind: str) -> bool:
    """Whether it is a writer's own to remove, or a file like any other."""
    if name in (*WORK, *WORK_PARTS, *WORK_INNER):
        return kind != "folder"
    return kind == "hard link" and name in ("manifest.json", *TABLES, *INNER)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [*FILES, *PARTS, *INNER, *WORK, *WORK_PARTS, *WORK_INNER])
def test_what_is_put_under_a_name_of_a_run_leads_nowhere(copied, tmp_path, name, kind):
    folder, outside = copied("ten-2"), tmp_path / "outside"
    plant(folder / name, outside, kind)
    precious, before = tree(outside), tree(folder)
    if goes(name, kind):
        assert tree(TEN.resume(folder).path) == TEN.tree
    else:
        refused_with(lambda: TEN.resume(folder), str(folder / name))
        if (name, kind) != ("after", "folder"):  # which is looked into when the run ends
            assert tree(folder) == before
        if kind != "folder" or name not in PARTS:  # books that cannot be read are put aside
            refused_with(lambda: adl.io.repair(folder, TEN.house(), TEN.passes), str(folder / name))
    assert tree(outside) == precious


READ = ("manifest.json", "events.arrow", "before", *INNER)


@pytest.mark.parametrize("kind", KINDS[:-1])
@pytest.mark.parametrize("name", READ)
def test_what_is_no_file_of_an_open_run_is_not_read(copied, tmp_path, name, kind):
    folder = copied("ten-2")
    plant(folder / name, tmp_path / "outside", kind)
    precious = tree(tmp_path / "outside")
    if kind != "folder" or name != "before":
        refused_with(lambda: open_run(folder).before, f"{folder / name} is a", ": must be a ")
    refused_with(lambda: TEN.verify(folder), str(folder / name))
    assert tree(tmp_path / "outside") == precious


@pytest.mark.parametrize("kind", KINDS[:-1])
@pytest.mark.parametrize("name", ["manifest.json", *TABLES, "after", "after/orders.parquet"])
def test_what_is_no_file_of_a_sealed_run_is_not_read(copied, tmp_path, name, kind):
    folder = copied("ten-sealed")
    plant(folder / name, tmp_path / "outside", kind)

    def read():
        run = open_run(folder)
        return run.events(), run.passes(), run.marks(), run.after

    refused_with(read, str(folder / name))
    refused_with(lambda: TEN.verify(folder), str(folder / name))


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_is_begun_where_somebody_was_before(tmp_path, kind):
    folder, outside = tmp_path / "run", tmp_path / "outside"
    plant(folder / ".manifest.json.new", outside, kind)
    precious = tree(outside)
    if kind == "folder":
        refused_with(lambda: TEN.record(folder), f"{folder}/.manifest.json.new is a folder: must be a plain file")
        assert tree(folder) == {".manifest.json.new/notes.txt": b"precious"}
    else:
        assert tree(TEN.record(folder).path) == TEN.tree
    assert tree(outside) == precious


@pytest.mark.parametrize("name", [".manifest.json.new", ".events.parquet.new", ".after.new", ".before.new", "after"])
@pytest.mark.parametrize("when", [0, 3])
def test_a_link_that_comes_while_a_run_goes_on_leads_nowhere(tmp_path, name, when):
    folder, outside = tmp_path / "run", tmp_path / "outside"

    def on_pass(number, *_):
        if number == when:
            plant(folder / name, outside, "link to a folder")

    try:
        TEN.record(folder, on_pass=on_pass)
    except (adl.AdlError, OSError):
        (folder / name).unlink(missing_ok=True)
        TEN.resume(folder)
    assert tree(folder) == TEN.tree
    assert sorted(tree(outside)) == ["folder/manifest.json", "folder/notes.txt", "folder/wallets.parquet", "precious"]
    assert set(tree(outside).values()) == {b"precious"}


def test_a_link_in_the_place_of_a_folder_that_is_being_filled_leads_nowhere(tmp_path, monkeypatch):
    """The race: the folder is another one when the next file is made in it, and when it is removed."""
    import pyarrow.parquet as pq

    folder, outside = tmp_path / "run", tmp_path / "outside"
    write, work = pq.write_table, folder / ".before.new"

    def swapped(*arguments, **options):
        if not outside.exists():
            work.rename(tmp_path / "moved")
            plant(work, outside, "link to a folder")
        write(*arguments, **options)

    monkeypatch.setattr(pq, "write_table", swapped)
    refused_with(lambda: TEN.record(folder), f"{work} is a symbolic link: must be a folder")
    assert set(tree(outside).values()) == {b"precious"}
    assert len(tree(outside)) == 4
    monkeypatch.undo()
    assert tree(TEN.resume(folder).path) == TEN.tree
    assert set(tree(outside).values()) == {b"precious"}


def test_a_file_of_two_names_is_not_appended_to(copied, tmp_path):
    folder = copied("ten-2")
    os.link(folder / "events.arrow", tmp_path / "backup")
    known = (tmp_path / "backup").read_bytes()
    refused_with(lambda: TEN.resume(folder), f"{folder}/events.arrow is a file of 2 names: must be a copy of its own")
    assert len(open_run(folder).passes()["pass"]) == 2
    (folder / "events.arrow").unlink()
    (folder / "events.arrow").write_bytes(known)
    assert tree(TEN.resume(folder).path) == TEN.tree
    assert (tmp_path / "backup").read_bytes() == known


def test_a_device_is_not_written_to(copied):
    folder = copied("ten-2")
    for name in ("events.arrow", "manifest.json", "events.parquet"):
        kept = (folder / name).read_bytes() if (folder / name).exists() else None
        (folder / name).unlink(missing_ok=True)
        try:
            os.mknod(folder / name, 0o666 | 0o020000, os.makedev(1, 3))
        except PermissionError:
            pytest.skip("only root makes devices")
        refused_with(lambda name=name: TEN.resume(folder), f"{folder / name} is a device: must be a plain file")
        (folder / name).unlink()
        if kept is not None:
            (folder / name).write_bytes(kept)
    assert tree(TEN.resume(folder).path) == TEN.tree


def test_what_a_user_names_may_be_a_link(copied, tmp_path):
    folder = copied("ten-2")
    (tmp_path / "link").symlink_to(folder)
    assert len(open_run(tmp_path / "link").passes()["pass"]) == 2
    TEN.resume(tmp_path / "link")
    assert TEN.verify(tmp_path / "link").sealed
    assert tree(folder) == TEN.tree


def test_a_pipe_is_no_run(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for call in (open_run, TEN.resume, TEN.verify):
        refused_with(lambda call=call: call(tmp_path / "pipe"), "pipe is no run: has no manifest.json")
    refused_with(lambda: TEN.record(tmp_path / "pipe"), "pipe is a file: must be a folder, or not be there")
