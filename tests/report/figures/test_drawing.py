"""What all figures share: names as labels, settings, and axes."""

import pytest

from adlcore.report.figures import drawing


def test_labels_that_would_be_alike_are_numbered():
    names = [f"{'x' * 30}{middle}{'y' * 30}" for middle in "ab"]
    assert drawing.distinct_labels([*names, "<c>"], 9) == ["xxxx…yyyy (1)", "xxxx…yyyy (2)", "&lt;c&gt;"]


def test_names_are_neither_markup_nor_templates():
    assert drawing.plotly_text("<b>\u202e'\"") == "&lt;b&gt;\\u202e'\""
    assert drawing.plotly_template_text("%{x}&") == "&#37;{x}&amp;"


def test_settings_of_a_figure_go_over_those_of_the_frame():
    layout = drawing.figure([], margin={"l": 1}, xaxis={"title": {"text": "n"}}).layout
    assert (layout.margin.l, layout.margin.r, layout.xaxis.title.text) == (1, 16, "n")
    assert layout.xaxis.title.font.color == drawing.MUTED


@pytest.mark.parametrize(("most", "steps"), [(10, 1), (11, None)])
def test_whole_numbers_have_no_ticks_between_them(most, steps):
    assert drawing.run_axis([0, most], None).get("dtick") == steps
    assert drawing.run_axis([0, most], {"type": "date"}) == {"type": "date"}
