"""Colours have a dark form, and stay apart for every reader."""

import re
from itertools import combinations

import numpy as np
import pytest

from adlcore.report.figures import palette
from adlcore.report.figures.palette import DARK_FORMS


def test_every_colour_of_a_figure_has_a_dark_form(page):
    found = set(re.findall(r"'(#[0-9a-f]{6})'", str(page.figures)))
    assert found
    assert found <= set(DARK_FORMS)


#: How colours look with deuteranopia, protanopia and tritanopia, in linear RGB: Machado, Oliveira and Fernandes, "A
#: Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE TVCG 15(6), 2009, severity 1.0.
EYES = {
    "all colours": np.eye(3),
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colour, eyes):
    """CIE L*a*b* of a colour as eyes see it."""
    sent = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    light = np.where(sent <= 0.04045, sent / 12.92, ((sent + 0.055) / 1.055) ** 2.4)
    x, y, z = np.cbrt(XYZ @ np.clip(np.array(eyes) @ light, 0, 1) / [0.9505, 1.0, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("dark", [False, True])
def test_colours_side_by_side_stay_apart_for_every_reader(eyes, dark):
    for group in (palette.STAGE_COLOURS, palette.LIGHTS, palette.LINE_COLOURS[:4], palette.LINE_COLOURS[4:]):
        seen = [lab(DARK_FORMS[colour] if dark else colour, EYES[eyes]) for colour in group]
        apart = [float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2)]
        assert min(apart) > 12
