"""What the parts of a policy are made of."""

from datetime import timedelta
from typing import Annotated

from msgspec import Meta, Struct

# Five digits are 27 years in hours, and never more than a date can hold.
Duration = Annotated[str, Meta(pattern=r"^[0-9]{1,5}[smhd]$", examples=["90s", "10m", "24h", "7d"])]


class Section(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a policy: unknown keys are refused."""


def duration(text: str) -> timedelta:
    """Read a `Duration`: `90s`, `10m`, `24h` or `7d`. Raises ValueError on anything else."""
    units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    number, unit = text[:-1], text[-1:]
    if unit not in units or not number.isascii() or not number.isdigit():
        raise ValueError(f"{text!r} is no duration: write 90s, 10m, 24h or 7d")
    return timedelta(**{units[unit]: int(number)})
