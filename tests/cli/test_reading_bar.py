"""The bar over the bytes of a file."""

import io

import pytest

from adlcore.cli._reading_bar import ReadingBar
from adlcore.cli._screen import Screen


@pytest.mark.parametrize(("seconds", "terminal", "shown"), [(5.0, True, True), (0.5, True, False), (5.0, False, False)])
def test_a_bar_appears_on_reads_over_a_second(seconds, terminal, shown):
    clock = iter([0.0, seconds / 2, *[seconds] * 10])
    screen = Screen(force_terminal=terminal, width=80, record=True, file=io.StringIO())
    with ReadingBar("big.csv", screen, lambda: next(clock)) as bar:
        for done in range(5):
            bar(done, 4)
    assert ("reading big.csv" in screen.export_text()) is shown
