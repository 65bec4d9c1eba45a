"""Hold a document to one of the schemas that ship.

Our schemas choose between alternatives by `if` and `then`, never by `anyOf` or `oneOf`: then every
violation says itself what is wrong, and no best match has to be guessed. Schemas refer to each
other by `$id`; nothing is ever fetched.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from kfm_audit import shipped
from kfm_audit.facts import SchemaViolation
from kfm_audit.inputs.positions import join_pointer, split_pointer
from kfm_audit.policy.strict import nearest
from kfm_audit.telemetry.quoting import quote

if TYPE_CHECKING:
    import jsonschema_rs

BASE: Final = "https://kansasfrontiermatrix.org/schemas/"
LIMIT: Final = 20
"""Violations that are named one by one; the rest is counted."""


_DIGITS: Final = 20
"""Digits of a number that are shown."""


_KEYS: Final = 5
"""Unknown keys that are named."""


def violations(schema: str, document: object) -> tuple[tuple[SchemaViolation, ...], int]:
    """What `document` breaks of the schema at `schemas/<schema>`, and how many violations beyond those.

    Each comes with its JSON pointer, in the order in which they stand. Messages name values only
    shortened and masked. A document of a size or depth that cannot be judged breaks the schema too.
    """
    kept: list[SchemaViolation] = []
    more = 0
    try:
        for error in _validator(schema).iter_errors(document):
            if len(kept) < LIMIT:
                pointer = join_pointer(*error.instance_path)
                kept.append(SchemaViolation(pointer, *_say(error)))
            else:
                more += 1
    except (ValueError, RecursionError) as error:
        # Numbers beyond any format's range and documents that are nothing but brackets.
        kept.append(
            SchemaViolation(
                "", f"cannot be held to its schema: {error}", "it is no document of ours, or hostile"
            )
        )
    return tuple(kept), more


@cache
def _validator(schema: str) -> jsonschema_rs.Validator:
    import jsonschema_rs

    return jsonschema_rs.validator_for(_read(BASE + schema), retriever=_read, validate_formats=True)


def _read(uri: str) -> dict[str, Any]:  # a schema is a JSON object of any content
    if not uri.startswith(BASE):
        raise LookupError(f"{uri} is no schema of ours, and nothing is fetched")
    document: dict[str, Any] = msgspec.json.decode(shipped.read_schema(uri.removeprefix(BASE)))
    return document


def _say(
    error: jsonschema_rs.ValidationError,
) -> tuple[str, str]:
    """What is wrong at the error's place, shown without any value in full, and what mends it."""
    keyword, instance = error.kind.name, error.instance
    names: dict[str, Any] = error.kind.as_dict()  # what belongs to the keyword
    match keyword:
        case "required":
            return f"lacks `{names['property']}`", f"add `{names['property']}`"
        case "additionalProperties":
            return _unknown(names["unexpected"], error.absolute_keyword_location or "")
        case "type":
            expected = " or ".join(_ARTICLE[kind] for kind in names["types"])
            return f"is {_kind_of(instance)} where {expected} belongs", f"write {expected}"
        case "enum":
            allowed = ", ".join(map(_shown, names["options"]))
            return f"is {_shown(instance)}, not one of {allowed}", f"write one of {allowed}"
        case "pattern":
            pattern = names["pattern"]
            return (
                f"is {_shown(instance)}, which does not match `{pattern}`",
                f"write it to match `{pattern}`",
            )
        case "format":
            wanted = names["format"]
            return f"is {_shown(instance)}, which is no {wanted}", _FORMATS.get(wanted, f"write a {wanted}")
        case "propertyNames":
            return f"has the key {_shown(names['error'].instance)}, which no key may be", "rename the key"
        case "minimum":
            return f"is {_shown(instance)}, less than {names['limit']}", "correct the number"
        case "maximum":
            return f"is {_shown(instance)}, more than {names['limit']}", "correct the number"
        case "minItems" | "minLength" | "minProperties":
            return f"is too short: at least {names['limit']} belong there", "fill it in, or leave it out"
        case "maxItems" | "maxLength" | "maxProperties":
            return f"is too long: at most {names['limit']} belong there", "shorten it"
        case _:
            return f"breaks `{keyword}`", "write it as the schema says"


_FORMATS: Final = {"date-time": "write it as 2025-12-06T02:41:07Z, with an offset"}

_ARTICLE: Final = {
    "object": "an object",
    "array": "an array",
    "string": "a string",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "a boolean",
    "null": "null",
}


def _kind_of(value: object) -> str:
    match value:
        case bool():
            return "a boolean"
        case None:
            return "null"
        case int() | float():
            return f"the number {_shown(value)}"
        case str():
            return f"the string {_shown(value)}"
        case list():
            return "an array"
        case _:
            return "an object"


def _shown(value: object) -> str:
    match value:
        case str():
            return quote(value)
        case bool():
            return "true" if value else "false"
        case int() | float():
            digits = repr(value)
            return digits if len(digits) <= _DIGITS else f"{digits[:_DIGITS]}…"
        case _:
            return _kind_of(value)


def _unknown(keys: list[str], location: str) -> tuple[str, str]:
    """Name keys that the schema does not know, with the one that was meant where there is only one."""
    known = _known_keys(location)
    shown = ", ".join(quote(key) for key in keys[:_KEYS])
    more = f" and {len(keys) - _KEYS} more" if len(keys) > _KEYS else ""
    meant = nearest(keys[0], known) if len(keys) == 1 else ""
    cure = "rename or drop what is not meant; extensions belong under the document's `extra`"
    return f"holds {shown}{more}, which the schema does not know{meant}", cure


def _known_keys(location: str) -> tuple[str, ...]:
    uri, _, pointer = location.partition("#")
    node: Any = _read(uri)  # a part of a schema: of any type
    for step in split_pointer(pointer)[:-1]:
        node = node[int(step)] if isinstance(node, list) else node[step]
    return tuple(node.get("properties", ()))
