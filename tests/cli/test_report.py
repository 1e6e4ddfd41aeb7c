"""``adlcore report``: one file, wherever it may stand."""

from pathlib import Path

import pytest


def test_report_is_one_file(good, small_run, tmp_path):
    assert good("report", small_run, "--out", tmp_path / "page.html").startswith(f"{tmp_path / 'page.html'}: ")
    pages = [Path(path).read_text(encoding="utf-8") for path in (tmp_path / "page.html", small_run / "report.html")]
    assert pages[0] == pages[1]


@pytest.mark.parametrize("through", ["cut", "link", "../{}/cut", "cut/sub/.."])
def test_a_report_is_not_put_where_a_run_goes_on(good, bad, stopped, at, through):
    folder = stopped(2)
    (at / "link").symlink_to(folder)
    (folder / "sub").mkdir()
    parts = ("after", "events.parquet", "passes.parquet", "marks.parquet")
    names = [*parts, *(f".{name}.new" for name in (*parts, "manifest.json", "before", "events.arrow.dropped"))]
    names += ["events.arrow.dropped", "events.arrow.dropped.2", "after.dropped", "before.dropped.3", "before/x.html"]
    for name in names:
        out = Path(through.format(at.name), name)
        told = bad("report", "cut", "--out", out)
        assert told == f"out is {str(out)!r}: must be cut/report.html, or another name that the run does not use"
    (at / "page.html").symlink_to(folder / "marks.parquet")
    assert "must be cut/report.html" in bad("report", "cut", "--out", "page.html")
    for out in (folder / "report.html", folder / "mine.html", at / "after"):
        good("report", "cut", "--out", out)
    assert "3 made now, sealed" in good("resume", "cut")
