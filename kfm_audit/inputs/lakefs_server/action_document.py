"""The first YAML document of an action file, as nodes: that is all of it that lakeFS reads.

Go's `yaml.Unmarshal` stops after the first document. Its keys are words, so `on`
is no boolean here; a scalar that lakeFS takes for text is text, however it is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from kfm_audit.policy.yaml import read_yaml
from kfm_audit.values import Location

if TYPE_CHECKING:
    import yaml


class ActionDocument(Struct, frozen=True):
    """The root of the first document, None where it is empty, and whether others follow it."""

    root: yaml.Node | None
    more: bool


def open_action(data: bytes) -> ActionDocument:
    """Compose the first document. Raises ValueError with a reason that fits on one line."""
    import yaml

    text = data.decode("utf-8")
    end = len(text)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.DocumentEndEvent) and event.end_mark is not None:
                end = event.end_mark.index
                break
    except yaml.YAMLError:
        pass  # `read_yaml` gives the reason
    roots: list[yaml.Node] = []
    read_yaml(text[:end].encode(), roots.append)
    return ActionDocument(roots[0] if roots else None, _holds_something(text[end:]))


def _holds_something(rest: str) -> bool:
    lines = (line.strip() for line in rest.splitlines())
    return any(line and not line.startswith("#") and line not in ("---", "...") for line in lines)


def entries(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    """The entries of a map whose keys are scalars; nothing of anything else."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key.value, value


def items(node: yaml.Node | None) -> tuple[yaml.Node, ...] | None:
    """The items of a list; None of anything else."""
    import yaml

    return tuple(node.value) if isinstance(node, yaml.SequenceNode) else None


def is_map(node: yaml.Node | None) -> bool:
    """Whether it is a map."""
    import yaml

    return isinstance(node, yaml.MappingNode)


def is_null(node: yaml.Node | None) -> bool:
    """Whether there is nothing: no node, or a null."""
    return node is None or node.tag == "tag:yaml.org,2002:null"


def text_of(node: yaml.Node | None) -> str | None:
    """A scalar as it is written, "" for null; None of anything else."""
    import yaml

    if is_null(node):
        return ""
    return str(node.value) if isinstance(node, yaml.ScalarNode) else None


def is_text(node: yaml.Node) -> bool:
    """Whether YAML itself takes a scalar for text: `true` and `5` are none."""
    return bool(node.tag == "tag:yaml.org,2002:str")


def locate(path: str, root: yaml.Node | None, attribute: str) -> Location:
    """The narrowest place of an attribute path that exists."""
    import yaml

    found = root
    at: yaml.Node | None = None
    for part in (part for part in attribute.split("/") if part):
        below: tuple[yaml.Node, yaml.Node] | None = None
        if isinstance(found, yaml.MappingNode):
            below = next(((key, value) for key, value in found.value if key.value == part), None)
        elif isinstance(found, yaml.SequenceNode) and part.isdecimal() and int(part) < len(found.value):
            below = (found.value[int(part)], found.value[int(part)])
        if below is None:
            break
        at, found = below
    if at is None:
        return Location(path, 1, 1)
    mark = at.start_mark
    return Location(path, mark.line + 1, mark.column + 1)
