"""Calls by the name of what they take."""


def by_keyword(label: str, call, *names: str) -> dict:
    """Calls that hand on what they are given by each of these names; a label has ``{}`` where the name is."""
    return {label.format(name): lambda value, name=name: call(**{name: value}) for name in names}
