"""Members of a folder: plain files and folders are opened as what they are, and nothing else is."""

from __future__ import annotations

import os
import socket

import pytest

from adlcore._support import members
from support.refusals import refused

pytestmark = [pytest.mark.usefixtures("impatient"), pytest.mark.plain]


def link(path):
    path.symlink_to(path.parent / "plain")


def bind(path):
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(os.path.relpath(path))


#: What may stand under a name, and what errors call it.
KINDS = {
    "a folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "a socket": bind,
    "a symbolic link": link,
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_plain_file_is_not_opened(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain").write_bytes(b"mine")
    path = tmp_path / "name"
    KINDS[kind](path)
    for call in (members.member, members.descriptor, members.open_member):
        refused(lambda call=call: call(path), f"{path} is {kind}: must be a plain file")
    if kind != "a folder":
        refused(lambda: members.member(path, folder=True), f"{path} is {kind}: must be a folder")


def test_a_plain_file_is_opened_and_only_what_a_user_names_through_a_link(tmp_path):
    path, way = tmp_path / "plain", tmp_path / "way"
    path.write_bytes(b"mine")
    link(way)
    for file in (members.open_member(path), members.open_named(path), members.open_named(way)):
        with file:
            assert file.read() == b"mine"
    assert members.member(path).st_size == 4
    assert members.member(tmp_path, folder=True) is not None
    assert members.member(tmp_path / "absent") is None
    refused(lambda: members.open_named(tmp_path), f"{tmp_path} is a folder: must be a plain file")


def test_a_file_of_two_names_is_not_appended_to(tmp_path):
    path = tmp_path / "plain"
    path.write_bytes(b"mine")
    members.refuse_shared(path, os.stat(path))
    os.link(path, tmp_path / "other")
    must = "must be a copy of its own, for what is appended would stand in the others, too"
    refused(lambda: members.refuse_shared(path, os.stat(path)), f"{path} is a file of 2 names: {must}")
