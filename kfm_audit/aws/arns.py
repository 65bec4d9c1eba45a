"""Amazon resource names: `arn:partition:service:region:account:resource`."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

_ARN: Final = re.compile(r"arn:(aws[a-z-]*):([a-z0-9-]+):([a-z0-9-]*):([^:]*):(.+)", re.DOTALL)


class Arn(Struct, frozen=True):
    """An ARN, taken apart. Which service it belongs to is its third field, never a substring."""

    partition: str
    service: str
    region: str
    account: str
    resource: str


def parse_arn(text: str) -> Arn | None:
    """Take an ARN apart; None for what is none."""
    match = _ARN.fullmatch(text)
    return Arn(*match.groups()) if match else None
