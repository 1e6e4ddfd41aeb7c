"""Text that moves the cursor, ends lines, turns text around, is not seen, or is markup to somebody."""

from adlcore._support.text import visible

#: What moves the cursor, ends lines, turns text around, is not seen, or is markup to somebody.
HOSTILE = (
    *("\x1b[2J", "\x1b]8;;http://x\x1b\\y", "\x9b31m", "\x07\b\x7f", "a\rb", "a\nb", "a\tb", "\x00", "\x85", "a\x0bb"),
    *("\u202ebob", "\u2066x\u2069", "\u200fx", "\u061cx", "\u200b", "\ufeffx", "\xad", "\u2028", "\u2029", "\ue000"),
    *("\U000e0041", "\u3164", "x\ufe0f", "\u115f", "\xa0", "[bold red]x[/]", "[link=http://x]y[/]", ":boom:", "<b>"),
)


def hidden(text: str) -> list[str]:
    """The characters of some lines that are not seen."""
    return [character for character in text if character != "\n" and character != visible(character)]
