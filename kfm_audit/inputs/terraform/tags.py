"""The tags that a resource will have."""

from __future__ import annotations

from collections.abc import Mapping

from kfm_audit.inputs.terraform.attributes import Attributes
from kfm_audit.values import ABSENT, Attribute, Known, PartMap, Unknown


def effective_tags(
    read: Attributes, default_tags: Attribute[Mapping[str, str]]
) -> Attribute[Mapping[str, str]]:
    """`tags_all` where it is known; else `default_tags` of the provider with `tags` over them."""
    computed = read.mapping("tags_all")
    if isinstance(computed, Known):
        return computed
    own = read.mapping("tags")
    if isinstance(own, Unknown) and not isinstance(own, PartMap):
        return own
    if isinstance(default_tags, Unknown):
        return default_tags
    defaults = default_tags.value if isinstance(default_tags, Known) else {}
    if isinstance(own, PartMap):
        items = {key: Known(value) for key, value in defaults.items()} | dict(own.items)
        return PartMap(own.references, tuple(sorted(items.items(), key=lambda item: item[0])))
    tags = {**defaults, **(own.value if isinstance(own, Known) else {})}
    return Known(tags, isinstance(own, Known) and own.sensitive) if tags else ABSENT
