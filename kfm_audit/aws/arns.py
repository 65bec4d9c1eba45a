"""Amazon resource names: `arn:partition:service:region:account:resource`.

AWS General Reference, "Amazon Resource Names (ARNs)".
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from kfm_audit.pattern import pattern

# A template such as `arn:aws:sns:${var.region}:...` is no ARN yet, and a pattern of an IAM policy
# (`arn:aws:sns:*:...`) names nothing: neither has a region of this form.
_ARN: Final = pattern(r"arn:(aws[a-z-]*):([a-z0-9-]+):([a-z0-9-]*):([A-Za-z0-9-]*):([^\x00-\x1f]+)", re.ASCII)
_BEGINNING: Final = pattern(r"arn:aws[a-z-]*:([a-z0-9-]+):", re.ASCII)
_ALARM: Final = "alarm:"
_PARTITIONS: Final = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("us-iso-", "aws-iso"),
    ("eu-isoe-", "aws-iso-e"),
    ("eusc-", "aws-eusc"),
)


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


def service_of(text: str) -> str | None:
    """The service of an ARN, also of one whose later fields are still templates; None for what is none.

    `arn:aws:sns:${var.region}:${local.account}:oncall` is a topic's, whatever the region will be.
    """
    match = _BEGINNING.match(text)
    return match[1] if match else None


def partition_of(region: str) -> str:
    """The partition that a region belongs to: `aws-cn` for `cn-north-1`."""
    return next((name for prefix, name in _PARTITIONS if region.startswith(prefix)), "aws")


def alarm_arn(name: str, region: str, account: str) -> str:
    """The ARN that CloudWatch gives to an alarm."""
    return f"arn:{partition_of(region)}:cloudwatch:{region}:{account}:{_ALARM}{name}"


def alarm_name(reference: str) -> str:
    """The name of an alarm that is referred to by name or by ARN.

    A name may itself hold colons, and anything that is not an alarm's ARN is a
    name: CloudWatch then looks for an alarm that is called so.
    """
    arn = parse_arn(reference)
    if arn is None or arn.service != "cloudwatch" or not arn.resource.startswith(_ALARM):
        return reference
    return arn.resource.removeprefix(_ALARM)
