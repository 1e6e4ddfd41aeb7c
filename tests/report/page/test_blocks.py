"""Blocks of the page as HTML."""

from adlcore.report.page.blocks import TableBlock, amount_column, empty_note, number_column, text_column
from adlcore.report.page.page import templates


def html_of(block):
    """A block as the page has it."""
    return getattr(templates().get_template("blocks.html").module, block.kind)(block)


def test_a_table_is_sortable_from_two_rows_and_filtered_from_nine():
    for rows, sortable, filtered in ((1, False, False), (2, True, False), (8, True, False), (9, True, True)):
        columns = [text_column("name", ["<x>"] * rows), number_column("n", ["1"] * rows, range(rows))]
        made = html_of(TableBlock("some", columns, "a < b"))
        assert ("aria-sort" in made) == sortable
        assert ('type="search"' in made) == filtered
        assert made.count("&lt;x&gt;") == rows
        assert "a &lt; b" in made


def test_what_is_not_known_is_sorted_by_nothing():
    made = html_of(
        TableBlock("t", [number_column("n", ["–"], [float("nan")]), amount_column("cash", [None], [8], absent="none")])
    )
    assert made.count('data-key=""') == 2
    assert ">none</td>" in made


def test_a_line_where_there_is_nothing_is_muted():
    assert html_of(empty_note("a & b")).strip() == '<p class="nothing">a &amp; b</p>'
