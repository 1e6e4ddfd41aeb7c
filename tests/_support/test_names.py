"""The names that a caller may have meant, of which an error speaks."""

from adlcore._support.names import nearest_names


def test_the_nearest_names_to_whatever_is_given():
    assert nearest_names("quantiy", ["price", "quantity", "quality"]) == ["quantity", "quality"]
    assert nearest_names("quantiy", ["quantity", "quality"], most=1) == ["quantity"]
    assert nearest_names("pri", ["price"], cutoff=0.8) == []
    assert nearest_names(None, ["None", "two"]) == ["None"]
    assert nearest_names("a" * 256 + "b" * 10**6, ["a" * 256]) == ["a" * 256]
