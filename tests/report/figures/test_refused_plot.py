"""What triggers looked at when they refused: points, and lines of bounds."""

from support import report_worlds
from support.report_pages import Page


def test_a_pass_without_a_bound_has_a_point_alone(tmp_path):
    told = [("drawdown-on", 10**8, 2**63 - 1), ("drawdown-on", 10**8, 10**9), ("drawdown-on", 2 * 10**8, 2**63 - 1)]
    page = Page.of(report_worlds.with_refusals(told), tmp_path)
    (figure,) = page.figures["refused-0"]
    bound, value = figure["data"]
    assert (bound["y"], value["y"]) == ([None, 10.0, None], [1.0, 1.0, 2.0])
    assert page.column("Why funds refused", "bound") == ["none", "10.00", "none"]
