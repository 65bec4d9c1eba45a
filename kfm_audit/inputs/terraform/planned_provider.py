"""A provider configuration as a plan shows it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from kfm_audit.inputs.terraform.document import Json
from kfm_audit.values import ABSENT, Attribute, Known, Reference, ReferenceKind, Unknown


class PlannedProvider(Struct, frozen=True):
    """What the facts of all its resources show of it: alias, region, profile and role; and the tags that it gives."""

    told: Attribute[Mapping[str, str]]
    default_tags: Attribute[Mapping[str, str]]


def planned_provider(key: str, arguments: Mapping[str, Json]) -> PlannedProvider:
    """The configuration that a plan calls `key`, `aws.west`, by its constant arguments."""
    return PlannedProvider(_told(key, arguments), _default_tags(key, arguments))


def _told(key: str, arguments: Mapping[str, Json]) -> Attribute[Mapping[str, str]]:
    told = {"alias": key.partition(".")[2]} if "." in key else {}
    for name in ("region", "profile"):
        if isinstance(arguments.get(name), str):
            told[name] = arguments[name]
    roles = arguments.get("assume_role")
    if (
        isinstance(roles, list)
        and roles
        and isinstance(roles[0], dict)
        and isinstance(roles[0].get("role_arn"), str)
    ):
        told["role_arn"] = roles[0]["role_arn"]
    return Known(told) if told else ABSENT


def _default_tags(key: str, arguments: Mapping[str, Json]) -> Attribute[Mapping[str, str]]:
    blocks = arguments.get("default_tags")
    if not isinstance(blocks, list) or not blocks or not isinstance(blocks[0], dict):
        return ABSENT
    tags = blocks[0].get("tags")
    if not isinstance(tags, dict):
        return Unknown((Reference(f"provider.{key}.default_tags", ReferenceKind.UNRESOLVED),))
    return Known({str(name): str(value) for name, value in tags.items() if value is not None})
