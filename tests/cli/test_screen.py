"""The ways out to a terminal: lines as they stand, in which every character is seen."""

import io

import pytest
from rich.text import Text

from adlcore.cli._screen import Screen, complain, print_lines

pytestmark = pytest.mark.usefixtures("terminal")


def test_a_title_is_bold_where_there_are_colours_and_text_is_no_markup():
    for coloured, begins in ((True, "\x1b[1ma[b]\x1b[0m"), (False, "a[b]")):
        file = io.StringIO()
        screen = Screen(file=file, force_terminal=coloured, color_system="standard" if coloured else None)
        screen.titled("a[b]", r": [bold]\u202e")
        screen.print(Text("\u202e"))
        assert file.getvalue() == begins + ": [bold]\\u202e\n\\u202e\n"


def test_lines_stay_lines_and_a_complaint_is_one(capsys):
    print_lines("a\x1b[2J\nb", None)
    complain("error", "it\n is\twrong")
    assert capsys.readouterr() == ("a\\x1b[2J\nb\n", "error: it is wrong\n")
