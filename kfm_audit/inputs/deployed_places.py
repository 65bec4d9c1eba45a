"""Lines for findings on what is deployed: rules speak in Terraform's attributes, answers have AWS's keys."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import msgspec

from kfm_audit.inputs.deployed_documents import Piece, json_pieces, yaml_pieces
from kfm_audit.inputs.deployed_names import in_aws
from kfm_audit.inputs.positions import Positions, join_pointer, split_pointer
from kfm_audit.inputs.source import Form, Source
from kfm_audit.values import Location, Origin

if TYPE_CHECKING:
    import yaml

_KEPT: Final = 4


def locate(source: Source, origin: Origin, attribute: str) -> Location:
    """The narrowest place of an attribute. Raises OSError, ValueError."""
    if origin.line or not (origin.pointer or attribute):
        return Location(source.path, origin.line, 1 if origin.line else 0)
    path = in_aws(attribute)
    if source.shape.form is Form.TEXT:
        return _in_yaml(source, origin.pointer, path)
    if source.shape.form in (Form.OBJECT, Form.ARRAY):
        return source.positions.location(source.path, origin.pointer, path)
    number, *rest = split_pointer(origin.pointer)
    if not number.isdigit():
        return source.positions.location(source.path, origin.pointer, path)
    lines, positions = _pieces(source.data)[int(number)]
    found = positions.location(source.path, join_pointer(*rest), path)
    return msgspec.structs.replace(
        found,
        line=found.line + lines,
        end_line=found.end_line + lines,
        pointer=f"/{number}{found.pointer}",
    )


@lru_cache(_KEPT)
def _pieces(data: bytes) -> tuple[tuple[int, Positions], ...]:
    return tuple(
        (piece.lines, Positions(piece.data)) for piece in json_pieces(data) if isinstance(piece, Piece)
    )


def _in_yaml(source: Source, pointer: str, path: str) -> Location:
    parts = [*split_pointer(pointer), *(part for part in path.split("/") if part)]
    lines = _lines(source.data)
    while parts and join_pointer(*parts) not in lines:
        parts.pop()
    line = lines.get(join_pointer(*parts), 0)
    return Location(source.path, line, 1 if line else 0, pointer=join_pointer(*parts))


@lru_cache(_KEPT)
def _lines(data: bytes) -> Mapping[str, int]:
    """The line of each value, by its pointer. Raises ValueError for what is no YAML."""
    from yaml import MappingNode, SequenceNode

    from kfm_audit.policy.yaml import read_yaml

    found: dict[str, int] = {}
    for number, piece in enumerate(yaml_pieces(data)):
        roots: list[yaml.Node] = []
        read_yaml(piece.data, roots.append)
        pending = [(f"/{number}", root) for root in roots]
        while pending:
            pointer, node = pending.pop()
            found[pointer] = piece.lines + node.start_mark.line + 1
            if isinstance(node, MappingNode):
                pending.extend((f"{pointer}{join_pointer(key.value)}", item) for key, item in node.value)
            elif isinstance(node, SequenceNode):
                pending.extend((f"{pointer}/{n}", item) for n, item in enumerate(node.value))
    return found
