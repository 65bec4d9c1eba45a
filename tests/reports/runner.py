"""How GitHub's runner reads a line of a log: `ActionCommand.cs` of actions/runner, retold.

It looks for `::` after leading blanks and for `##[` anywhere, and its comparison
skips characters that are not seen.
"""

from __future__ import annotations

import re
import unicodedata

COMMANDS = {
    "add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "notice",
    "remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning",
}  # fmt: skip
IGNORABLE = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"


def seen(line):
    return "".join(
        char
        for char in line
        if unicodedata.category(char) not in ("Cc", "Cf")
        and char not in IGNORABLE
        and not 0xFE00 <= ord(char) <= 0xFE0F
        and not 0x180B <= ord(char) <= 0x180F
        and not 0xE0000 <= ord(char) <= 0xE0FFF
    )


def command(line):
    """The command in a line: (name, properties, data), or None."""
    line = seen(line).lstrip()
    if line.startswith("::"):
        info, found, data = line[2:].partition("::")
        name, _, written = info.partition(" ")
        if found and name.lower() in COMMANDS:
            pairs = [pair.split("=", 1) for pair in written.strip().split(",") if pair]
            properties = {key: unescaped(value, {":": "%3A", ",": "%2C"}) for key, value in pairs}
            return name, properties, unescaped(data, {})
    legacy = re.search(r"##\[([^\] ]*)[^\]]*\]", line)
    if legacy and legacy[1].lower() in COMMANDS:
        return legacy[1], {}, ""
    return None


def unescaped(text, more):
    for char, escape in {"\r": "%0D", "\n": "%0A", **more, "%": "%25"}.items():
        text = text.replace(escape, char)
    return text
