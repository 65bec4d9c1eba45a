"""The text that `data.aws_iam_policy_document` makes of its blocks, with marks for what is not known yet.

Terraform AWS provider, "Data Source: aws_iam_policy_document", and its
`internal/service/iam/policy_model.go` for how documents are merged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Protocol

import msgspec

from kfm_audit.aws.partly_known import UNKNOWN
from kfm_audit.inputs.terraform.language.values import Budget, Opened, Value, with_marks
from kfm_audit.values import PartText, Unknown

TYPE: Final = "aws_iam_policy_document"
TEXTS: Final = frozenset({"json", "minified_json"})
"""The attributes that hold the document."""

_LISTS: Final = (
    ("actions", "Action"),
    ("not_actions", "NotAction"),
    ("resources", "Resource"),
    ("not_resources", "NotResource"),
)
_PRINCIPALS: Final = (("principals", "Principal"), ("not_principals", "NotPrincipal"))

Statement = dict[str, object]


class Fields(Protocol):
    """The arguments of the data source, or of a block in it."""

    def value(self, name: str) -> Value:
        """An argument, with what is known of it."""
        ...

    def blocks(self, name: str) -> tuple[Fields, ...] | Unknown:
        """Nested blocks; unknown where how many there are is."""
        ...


class _Lost(Exception):  # noqa: N818 - no failure: what the document says hangs on what is not known
    """Which statements the document has cannot be told."""


def policy_text(fields: Fields, budget: Budget) -> str | None:
    """The document; None where it cannot be told which statements it has. Raises Exhausted."""
    try:
        statements: list[Statement] = []
        for name in ("source_json", "source_policy_documents"):
            for text in _documents(fields.value(name), budget):
                _merge(statements, statements_of(text))
        _merge(statements, _own(fields, budget))
        for name in ("override_policy_documents", "override_json"):
            for text in _documents(fields.value(name), budget):
                _merge(statements, statements_of(text))
    except (_Lost, RecursionError):
        return None
    return msgspec.json.encode({"Version": "2012-10-17", "Statement": statements}).decode()


def statements_of(text: str) -> list[Statement] | None:
    """The statements of a document in JSON; None where it cannot be told which it has."""
    try:
        document = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return None
    found = document.get("Statement", []) if isinstance(document, dict) else None
    found = [found] if isinstance(found, dict) else found
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        return None
    return None if any(UNKNOWN in key for item in found for key in item) else found


def _documents(value: Value, budget: Budget) -> Iterator[str]:
    """The texts of documents that are merged in."""
    for item in value if isinstance(value, tuple) else (value,):
        if item is None or item == "":
            continue
        text = with_marks(item, budget) if isinstance(item, PartText) else item
        if not isinstance(text, str):
            raise _Lost
        yield text


def _merge(into: list[Statement], statements: list[Statement] | None) -> None:
    """Add statements; one with a Sid takes the place of an earlier one with the same."""
    if statements is None:
        raise _Lost
    for statement in statements:
        sid = statement.get("Sid")
        same = [n for n, earlier in enumerate(into) if sid and earlier.get("Sid") == sid]
        if same:
            into[same[0]] = statement
        else:
            into.append(statement)


def _own(fields: Fields, budget: Budget) -> list[Statement]:
    blocks = fields.blocks("statement")
    if isinstance(blocks, Unknown):
        raise _Lost
    return [_statement(block, budget) for block in blocks]


def _statement(block: Fields, budget: Budget) -> Statement:
    statement: Statement = {"Effect": "Allow"}
    for name, element in (("sid", "Sid"), ("effect", "Effect")):
        value = with_marks(block.value(name), budget)
        if isinstance(value, str) and value:
            statement[element] = value
    for name, element in _LISTS:
        texts = _texts(block.value(name), budget)
        if texts:
            statement[element] = texts
    for name, element in _PRINCIPALS:
        principals = _principals(block, name, budget)
        if principals:
            statement[element] = principals
    condition = _condition(block, budget)
    if condition:
        statement["Condition"] = condition
    return statement


def _principals(block: Fields, name: str, budget: Budget) -> str | Mapping[str, list[str]]:
    found = block.blocks(name)
    if isinstance(found, Unknown):
        return UNKNOWN
    principals: dict[str, list[str]] = {}
    for inner in found:
        kind = _text(inner.value("type"), budget)
        identifiers = _texts(inner.value("identifiers"), budget)
        if kind == "*" and "*" in identifiers:
            return "*"
        principals.setdefault(kind, []).extend(identifiers)
    return principals


def _condition(block: Fields, budget: Budget) -> str | Mapping[str, Mapping[str, list[str]]]:
    found = block.blocks("condition")
    if isinstance(found, Unknown):
        return UNKNOWN
    tests: dict[str, dict[str, list[str]]] = {}
    for inner in found:
        test, variable = (_text(inner.value(name), budget) for name in ("test", "variable"))
        tests.setdefault(test, {}).setdefault(variable, []).extend(_texts(inner.value("values"), budget))
    return tests


def _text(value: Value, budget: Budget) -> str:
    text = with_marks(value, budget)
    return text if isinstance(text, str) else UNKNOWN


def _texts(value: Value, budget: Budget) -> list[str]:
    """A list of texts. One that is not known is one mark: of how many texts it is, makes no difference."""
    if value is None:
        return []
    items = value if isinstance(value, tuple) and not isinstance(value, Unknown | Opened) else (value,)
    # `&{aws:username}` is how the data source writes what a policy calls `${aws:username}`.
    return [_text(item, budget).replace("&{", "${") for item in items]
