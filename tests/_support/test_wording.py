"""Numbers as people read them."""

import pytest

from adlcore._support import wording


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (wording.amount_text(-123_456_789, 8), "−1.2346"),
        (wording.amount_text(1, 8), "0.00000001"),
        (wording.amount_text(123_456_000_000, 8, signed=True), "+1,234.56"),
        (wording.money(-4_321.9), "−4,322"),
        (wording.money(-4_321.9, plain=True), "-4,321.90"),
        (wording.money(0.000123456789, plain=True), "0.000123457"),
        (wording.money(float("inf")), "–"),
        (wording.short(999_999_999_999), "1000 billion"),
        (wording.percent(float("nan")), "–"),
        (wording.percent(0.9996), ">99.9 %"),
        (wording.amount_text(-1, 12), "−0.00000000"),
        (wording.amount_text(-1, 12, plain=True), "-0.000000000001"),
        (wording.grouped("1234.56789"), "1,234.56789"),
        (wording.grouped("-12340"), "−12,340"),
        (wording.ratio(1.23456e-5), "1.2346e-05"),
        (wording.ratio(-1.23456e-5), "−1.2346e-05"),
        (wording.ratio(70096.2, plain=True), "70096"),
        (wording.ratio(float("-inf")), "–"),
        (wording.listed([]), ""),
    ],
)
def test_numbers_are_written_for_people(said, expected):
    assert said == expected
