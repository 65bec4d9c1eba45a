"""The tags that a resource will have."""

from __future__ import annotations

from collections.abc import Mapping

from kfm_audit.inputs.terraform.attributes import Attributes
from kfm_audit.values import ABSENT, Attribute, Known, Unknown


def effective_tags(
    read: Attributes, default_tags: Attribute[Mapping[str, str]]
) -> Attribute[Mapping[str, str]]:
    """`tags_all` where it is known; else `default_tags` of the provider with `tags` over them."""
    computed = read.mapping("tags_all")
    if isinstance(computed, Known):
        return computed
    own = read.mapping("tags")
    if isinstance(own, Unknown):
        return own
    if isinstance(default_tags, Unknown):
        return default_tags
    defaults = default_tags.value if isinstance(default_tags, Known) else {}
    tags = {**defaults, **(own.value if isinstance(own, Known) else {})}
    return Known(tags, isinstance(own, Known) and own.sensitive) if tags else ABSENT
