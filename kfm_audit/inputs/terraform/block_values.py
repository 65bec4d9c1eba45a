"""The arguments of one block in the sources, in the three values that facts have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from kfm_audit.inputs.terraform.attributes import Values
from kfm_audit.inputs.terraform.document import Json
from kfm_audit.inputs.terraform.hcl import Block
from kfm_audit.inputs.terraform.instances import pairs
from kfm_audit.inputs.terraform.language.syntax import Literal, Name
from kfm_audit.inputs.terraform.language.values import (
    Bound,
    Budget,
    MaybeNull,
    Names,
    Opened,
    Value,
    is_known,
    unknown_of,
)
from kfm_audit.inputs.terraform.opened import unresolved
from kfm_audit.inputs.terraform.scopes import Scope
from kfm_audit.values import ABSENT, Attribute, Known, PartText, Unknown

_COMPUTED: Final = frozenset({"arn", "id", "key_id", "name", "tags_all", "url"})
"""What the provider makes up where a resource does not set it: unknown then, as in a plan, and not absent."""

_NOT_CERTAIN: Final = (MaybeNull, Opened, dict, tuple)
"""Values of an object by which its keys are not certain: Terraform leaves out one that is null, and refuses others."""


class BlockValues:
    """The values of a resource's block, or of a block in it."""

    def __init__(self, block: Block, names: Names, scope: Scope, subject: str = "") -> None:
        """`names` are those of the instance. `subject` is the resource's address, "" for a nested block."""
        self._block = block
        self._names = names
        self._scope = scope
        self._subject = subject

    def get(self, name: str) -> Attribute[Json]:
        """An argument as a whole. Raises Exhausted."""
        argument = self._block.arguments.get(name)
        if argument is None:
            computed = self._subject and name in _COMPUTED
            return unresolved(f"{self._subject}.{name}") if computed else ABSENT
        expression = argument.expression
        if isinstance(expression, Literal):
            return ABSENT if expression.value is None else Known(expression.value)
        return finished(self._scope.settled(expression, self._names), self._budget)

    def value(self, name: str) -> Value:
        """An argument with what is known of it; None where it is not set. Raises Exhausted."""
        argument = self._block.arguments.get(name)
        return None if argument is None else self._scope.settled(argument.expression, self._names)

    def part_text(self, name: str) -> str | None:
        """What is known of a text. Raises Exhausted."""
        value = self.value(name)
        return value.text if isinstance(value, PartText) else None

    def items(self, name: str) -> Mapping[str, Attribute[Json]] | None:
        """The values of an object, one by one; None where its keys are not all certain. Raises Exhausted."""
        value = self.value(name)
        if not isinstance(value, dict) or any(isinstance(item, _NOT_CERTAIN) for item in value.values()):
            return None
        return {
            key: item if isinstance(item, PartText) else finished(item, self._budget)
            for key, item in value.items()
        }

    def nested(self, name: str) -> Attribute[tuple[Values, ...]]:
        """Nested blocks, and those that `dynamic` ones stand for. Raises Exhausted."""
        found = self.blocks(name)
        if isinstance(found, Unknown):
            return found
        return Known(found) if found else ABSENT

    def blocks(self, name: str) -> tuple[BlockValues, ...] | Unknown:
        """The same; none is an empty tuple. Raises Exhausted."""
        if name in self._block.arguments:
            found = self.get(name)
            if isinstance(found, Known):
                return unknown_of((found.value,), self._budget)
            return found if isinstance(found, Unknown) else ()
        blocks: list[BlockValues] = []
        for block in self._block.blocks:
            if block.type == name:
                blocks.append(BlockValues(block, self._names, self._scope))
            elif block.type == "dynamic" and block.labels == (name,):
                made = self._dynamic(block)
                if isinstance(made, Unknown):
                    return made
                blocks.extend(made)
        return tuple(blocks)

    @property
    def _budget(self) -> Budget:
        return self._scope.estate.evaluator.budget

    def _dynamic(self, block: Block) -> tuple[BlockValues, ...] | Unknown:
        content = next((inner for inner in block.blocks if inner.type == "content"), None)
        each = block.arguments.get("for_each")
        if content is None or each is None:
            return unresolved(f"{self._scope.place}dynamic.{block.labels[0]}")
        value = self._scope.settled(each.expression, self._names)
        found = pairs(value, self._budget)
        if found is None:
            return unknown_of((value,), self._budget)
        return tuple(self._contents(content, _iterator(block), found))

    def _contents(
        self, content: Block, iterator: str, found: tuple[tuple[Value, Value], ...]
    ) -> Iterator[BlockValues]:
        for key, value in found:
            yield BlockValues(
                content, Bound({iterator: {"key": key, "value": value}}, self._names), self._scope
            )


def finished(value: Value, budget: Budget) -> Attribute[Json]:
    """A value at the edge: known to its last part, or unknown as a whole with all that it comes from.

    Raises Exhausted.
    """
    if value is None:
        return ABSENT
    return Known(value) if is_known(value, budget) else unknown_of((value,), budget)


def _iterator(block: Block) -> str:
    argument = block.arguments.get("iterator")
    expression = argument.expression if argument else None
    return expression.word if isinstance(expression, Name) else block.labels[0]
