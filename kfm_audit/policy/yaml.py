"""YAML as people mean it: dates stay text, `on`, `off`, `yes` and `no` are words, no key stands twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import yaml

_DEPTH: Final = 100
"""Deeper documents are hostile, and exhaust the C stack of the loader."""


def read_yaml(data: bytes, composed: Callable[[yaml.Node], None] | None = None) -> object:
    """Decode one document. Raises ValueError with a reason that fits on one line.

    `composed` is given the document's root before values are made of it: for those who need places,
    or scalars as they are written.
    """
    import yaml

    class Loader(yaml.CSafeLoader):
        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
            seen = set()
            for key, _ in node.value:
                name = key.value if isinstance(key, yaml.ScalarNode) else None
                if name in seen:
                    problem = f"the key `{name}` stands twice in one map"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
                if name is not None:
                    seen.add(name)
            mapping: dict[object, object] = super().construct_mapping(node, deep)
            return mapping

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in found if not tag.endswith((":timestamp", ":bool"))]
        for first, found in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))
    try:
        if not _too_deep(data):
            loader = Loader(data)
            root = loader.get_single_node()
            if root is None:
                return None
            if composed is not None:
                composed(root)
            return loader.construct_document(root)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise ValueError(" ".join(str(error).replace('in "<byte string>", ', "at ").split())) from None
    raise ValueError("it is nested too deeply")


def _too_deep(data: bytes) -> bool:
    """Whether maps and lists are nested beyond reason; found without recursion, and not read to the end."""
    import yaml

    depth = 0
    for event in yaml.parse(data, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEPTH:
                return True
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return False
