"""Text from outside as HTML: every character of it is seen, and none is markup."""

from __future__ import annotations

import html

from ..._support.text import visible

__all__ = ["escaped"]


def escaped(text: str, *, quote: bool = True) -> str:
    r"""One line of text as HTML shows it; with `quote` it may stand in an attribute, too.

    Examples
    --------
    >>> print(escaped("<b>\u202eann"))
    &lt;b&gt;\u202eann
    """
    return html.escape(visible(text), quote)
