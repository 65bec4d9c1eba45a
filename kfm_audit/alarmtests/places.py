"""Where the parts of a YAML document stand, and scalars that stay as they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from kfm_audit.policy.yaml import read_yaml

if TYPE_CHECKING:
    import yaml

Path = tuple[str, ...]

_EXPANDED: Final = 1_000_000
"""A document that aliases blow up beyond this many nodes is hostile."""
AS_WRITTEN: Final = frozenset({"values", "eval_time", "evaluate_from", "interval", "at", "starts_at"})
"""Keys whose scalars are text: to YAML `0x9` is the number nine, in a series it is ten zeros."""


class Place(Struct, frozen=True):
    """A place in a file; both are 1-based, columns in code points."""

    line: int = 1
    column: int = 1


class Document:
    """A YAML document with the places of its parts."""

    def __init__(self, value: object, root: yaml.Node | None) -> None:
        """`root` is the node that `value` was made of."""
        self.value = value
        self._root = root

    def place(self, path: Path) -> Place:
        """Where the value at a path of keys and indexes stands, or the nearest thing around it that is there.

        A value of a map is shown by its key.
        """
        node, found = self._root, Place()
        for step in path:
            below = _below(node, step)
            if below is None:
                break
            node, shown = below
            found = Place(shown.start_mark.line + 1, shown.start_mark.column + 1)
        return found


def read_document(data: bytes) -> Document:
    """Decode one document. Raises ValueError with a reason that fits on one line."""
    roots: list[yaml.Node] = []

    def composed(root: yaml.Node) -> None:
        _size(root, {})
        _keep_as_written(root, set())
        roots.append(root)

    value = read_yaml(data, composed)
    return Document(value, roots[0] if roots else None)


def _below(node: yaml.Node | None, step: str) -> tuple[yaml.Node, yaml.Node] | None:
    """The node at one step below another, and the one that shows where it is."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        return next(((value, key) for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and step.isdigit() and int(step) < len(node.value):
        item = node.value[int(step)]
        return item, item
    return None


def _keep_as_written(node: yaml.Node, seen: set[int]) -> None:
    import yaml

    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _keep_as_written(item, seen)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value in AS_WRITTEN and isinstance(value, yaml.ScalarNode):
                value.tag = "tag:yaml.org,2002:str"
            else:
                _keep_as_written(value, seen)


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many nodes there are when every alias is written out. Raises ValueError for too many."""
    import yaml

    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in known:
        known[id(node)] = 0
        parts = (part for item in node.value for part in (item if isinstance(item, tuple) else (item,)))
        known[id(node)] = 1 + sum(_size(part, known) for part in parts)
    if not 0 < known[id(node)] <= _EXPANDED:
        raise ValueError("an alias stands for what it stands in, or for more than any file of tests holds")
    return known[id(node)]
