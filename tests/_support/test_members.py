"""Members of a folder: plain files and folders are opened as what they are, and nothing else is."""

import os

import pytest

from adlcore._support import members
from support.planted import KINDS, plant
from support.refusals import refused

pytestmark = [pytest.mark.usefixtures("impatient"), pytest.mark.plain]


@pytest.mark.parametrize("kind", KINDS[:-1])
def test_what_is_no_plain_file_is_not_opened(tmp_path, kind):
    path = tmp_path / "name"
    path.write_bytes(b"mine")
    plant(path, tmp_path / "outside", kind)
    named = "a symbolic link" if "link" in kind else f"a {kind}"
    for call in (members.stat_member, members.open_descriptor, members.open_member):
        refused(lambda call=call: call(path), f"{path} is {named}: must be a plain file")
    if kind != "folder":
        refused(lambda: members.stat_member(path, folder=True), f"{path} is {named}: must be a folder")


def test_a_plain_file_is_opened_and_only_what_a_user_names_through_a_link(tmp_path):
    path, way = tmp_path / "plain", tmp_path / "way"
    path.write_bytes(b"mine")
    way.symlink_to(path)
    for file in (members.open_member(path), members.open_named(path), members.open_named(way)):
        with file:
            assert file.read() == b"mine"
    assert members.stat_member(path).st_size == 4
    assert members.stat_member(tmp_path, folder=True) is not None
    assert members.stat_member(tmp_path / "absent") is None
    refused(lambda: members.open_named(tmp_path), f"{tmp_path} is a folder: must be a plain file")


def test_a_file_of_two_names_is_not_appended_to(tmp_path):
    path = tmp_path / "plain"
    path.write_bytes(b"mine")
    members.refuse_shared(path, os.stat(path))
    os.link(path, tmp_path / "other")
    must = "must be a copy of its own, for what is appended would stand in the others, too"
    refused(lambda: members.refuse_shared(path, os.stat(path)), f"{path} is a file of 2 names: {must}")
