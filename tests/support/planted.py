"""What somebody puts under a name that is not theirs: links, pipes, folders, sockets."""

import os
import socket
from pathlib import Path

import pytest

KINDS = ("link to a file", "link to a folder", "dangling link", "pipe", "folder", "socket", "hard link")


def plant(path: Path, outside: Path, kind: str) -> None:
    """Put something in the place of whatever is there; what was there, or something precious, lies outside then."""
    outside.mkdir()
    (outside / "precious").write_bytes(b"precious")
    (outside / "folder").mkdir()
    for name in ("wallets.parquet", "manifest.json", "notes.txt"):
        (outside / "folder" / name).write_bytes(b"precious")
    path.parent.mkdir(exist_ok=True)
    if os.path.lexists(path):
        path.rename(outside / "own")
    own = outside / "own"
    if kind == "link to a file":
        path.symlink_to(own if own.is_file() else outside / "precious")
    elif kind == "link to a folder":
        path.symlink_to(own if own.is_dir() else outside / "folder")
    elif kind == "dangling link":
        path.symlink_to(outside / "new")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        # Of a short name: a longer one cannot be bound.
        with socket.socket(socket.AF_UNIX) as bound, pytest.MonkeyPatch.context() as patch:
            patch.chdir(path.parent)
            bound.bind(path.name)
    elif kind == "folder":
        path.mkdir()
        (path / "notes.txt").write_bytes(b"precious")
    else:
        os.link(own if own.is_file() else outside / "precious", path)
