"""Markdown tables, and the words for types in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from msgspec import inspect


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; without a head, of names and values."""
    rows = tuple(rows)
    width = len(head) or len(rows[0])
    lines = [_row(head or ("",) * width), "|" + "---|" * width, *(_row(row) for row in rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|").replace("\n", " ") for cell in cells) + " |"


def type_and_default(struct: type[msgspec.Struct], field: msgspec.structs.FieldInfo) -> tuple[str, str]:
    """A field's type in words, and its default; "" where it must be given or where empty is the default."""
    described = inspect.type_info(struct)
    assert isinstance(described, inspect.StructType)
    kind = next(one.type for one in described.fields if one.name == field.name)
    if field.required:
        return type_words(kind), "required"
    default = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    if isinstance(default, msgspec.Struct) or default in (None, "", (), {}):
        return type_words(kind), ""
    return type_words(kind), f"`{msgspec.json.encode(default).decode()}`".replace('"', "")


# msgspec describes types by classes of its own, whose parts differ.
def type_words(kind: Any) -> str:
    """A type, as the author of a document calls it."""
    match kind:
        case inspect.LiteralType():
            return " or ".join(f"`{value}`" for value in kind.values)
        case inspect.UnionType():
            return " or ".join(type_words(one) for one in kind.types if not isinstance(one, inspect.NoneType))
        case inspect.VarTupleType() | inspect.ListType():
            return f"list of {type_words(kind.item_type)}"
        case inspect.DictType():
            return f"map to {type_words(kind.value_type)}"
        case inspect.Metadata():
            examples = (kind.extra_json_schema or {}).get("examples", ())
            return ", ".join(f"`{one}`" for one in examples) or type_words(kind.type)
        case _:
            return _WORDS.get(type(kind), "text")


_WORDS: Final = {
    inspect.AnyType: "anything",
    inspect.BoolType: "true or false",
    inspect.FloatType: "number",
    inspect.IntType: "whole number",
    inspect.StructType: "map",
}
