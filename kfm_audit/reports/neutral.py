"""Text from inputs, made harmless: nothing in it moves a cursor, hides, or commands a CI runner.

Inputs are written by others. A name may hold an escape sequence that recolours
a terminal, a right-to-left override that makes it read as another one, or a
line that GitHub's runner takes for a workflow command.
"""

from __future__ import annotations

from typing import Final

from kfm_audit.pattern import pattern

_INVISIBLE: Final = pattern(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
"""Characters that Unicode counts as marks or letters and that show nothing (Default_Ignorable_Code_Point).

The runner's own comparison skips them, so that one before `::` hides a command from us and not from it.
"""

_COMMAND: Final = pattern(r"(?<!\S):(?=:[A-Za-z])|#(?=#[A-Za-z]*\[)")
"""Where a command begins: `::command` at the start of a word (a line may be wrapped there), or the older
`##[command]` anywhere (GitHub), `##vso[` (Azure), `##teamcity[`.
"""


def neutral(text: str) -> str:
    """`text` as one line in which everything can be seen and nothing commands."""
    if text.isascii() and text.isprintable() and not _may_command(text):
        return text
    return "".join(cells(text))


def cells(text: str) -> list[str]:
    r"""What is shown for each character of `text`: itself, or an escape such as `\x1b`."""
    shown = [
        char if char.isprintable() and (char.isascii() or not _INVISIBLE.match(char)) else _escape(char)
        for char in text
    ]
    for command in _COMMAND.finditer(text) if _may_command(text) else ():
        shown[command.start()] += " "
    return shown


def _may_command(text: str) -> bool:
    """Whether the expression for commands need be asked: hardly any text holds what begins one."""
    return "::" in text or "##" in text


def columns(cell: str) -> int:
    """How many columns of a terminal a shown cell takes."""
    if cell.isascii():
        return len(cell)
    from unicodedata import category, east_asian_width

    return sum(
        0 if category(char) in ("Mn", "Me") else 2 if east_asian_width(char) in "WF" else 1 for char in cell
    )


def shorten(text: str, limit: int) -> str:
    """`text`, or its beginning and `...` where it has more than `limit` characters."""
    return text if len(text) <= limit else text[: limit - 3].rstrip() + "..."


def abridge(text: str, width: int) -> str:
    """What is shown of `text` in at most `width` columns: where it is too long, `...` stands for its middle."""
    shown = cells(text)
    if sum(map(columns, shown)) <= width:
        return "".join(shown)
    room = max(width - 3, 2)
    head, tail = _fitting(shown, room - room // 2), _fitting(shown[::-1], room // 2)
    return f"{''.join(head)}...{''.join(tail[::-1])}"


def _fitting(shown: list[str], width: int) -> list[str]:
    """The first of the cells, as many as fit."""
    used = 0
    for number, cell in enumerate(shown):
        used += columns(cell)
        if used > width:
            return shown[:number]
    return shown


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
