"""How evenly it was shared, as a curve."""

import numpy as np
import pytest


def test_the_curve_holds_the_share_of_all_but_the_user_with_most(fallen_facts, page):
    (held,) = fallen_facts.bearers
    (lorenz,) = page.figures["lorenz"]
    share = np.sort(held.per_user)[:-1].sum() / held.per_user.sum()
    assert lorenz["data"][1]["y"][-2:] == pytest.approx([100 * share, 100], rel=1e-4)
