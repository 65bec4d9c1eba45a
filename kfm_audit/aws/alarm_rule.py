"""The rules of composite alarms (`AlarmRule`), parsed as CloudWatch parses them.

Grammar, precedence and the wording of errors: CloudWatch user guide, "Create a
composite alarm", and the API's own answers. Tokens are upper case; `AND` binds
tighter than `OR`; a bare name ends at white space, a bracket or a comma.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Final, TypeAlias

from msgspec import Struct

_TOKEN: Final = re.compile(r'\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<mark>[(),])|(?P<word>[^\s(),"]+))')
_OPERAND: Final = "'(', 'NOT', AT_LEAST, TRUE or FALSE, ALARM, OK, or INSUFFICIENT_DATA"
_MAX_NESTING: Final = 500
"""CloudWatch takes at most 500 elements in a rule."""


class AlarmState(Enum):
    """The states that a rule may ask for."""

    ALARM = "ALARM"
    OK = "OK"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class InState(Struct, frozen=True):
    """`ALARM(child)`: true while the child is in the state. `child` is a name or an ARN."""

    state: AlarmState
    child: str
    position: int


class Constant(Struct, frozen=True):
    """`TRUE` or `FALSE`."""

    value: bool


class Not(Struct, frozen=True):
    """`NOT operand`."""

    operand: Node


class And(Struct, frozen=True):
    """All of `operands`."""

    operands: tuple[Node, ...]


class Or(Struct, frozen=True):
    """Any of `operands`."""

    operands: tuple[Node, ...]


class AtLeast(Struct, frozen=True):
    """`AT_LEAST(threshold, state, (children))`; `percent` says that the threshold is one of the children."""

    threshold: int
    percent: bool
    negated: bool
    state: AlarmState
    children: tuple[InState, ...]


Node: TypeAlias = InState | Constant | Not | And | Or | AtLeast


class AlarmRuleError(ValueError):
    """CloudWatch would refuse the rule; the text is its own. `position` is a 0-based offset."""

    def __init__(self, message: str, position: int) -> None:
        """Say what CloudWatch says."""
        super().__init__(message)
        self.position = position


def parse_alarm_rule(text: str) -> Node:
    """Parse a rule. Raises AlarmRuleError."""
    parser = _Parser(text)
    node = parser.disjunction()
    parser.end()
    return node


def children(node: Node) -> Iterator[InState]:
    """All references to other alarms, in the order in which they are written."""
    match node:
        case InState():
            yield node
        case Constant():
            return
        case Not(operand):
            yield from children(operand)
        case And(operands) | Or(operands):
            for operand in operands:
                yield from children(operand)
        case AtLeast():
            yield from node.children


class _Token(Struct, frozen=True):
    kind: str
    text: str
    position: int


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = tuple(_tokens(text))
        self._at = 0
        self._depth = 0

    def disjunction(self) -> Node:
        operands = [self._conjunction()]
        while self._take("OR"):
            operands.append(self._conjunction())
        return operands[0] if len(operands) == 1 else Or(tuple(operands))

    def end(self) -> None:
        token = self._peek
        if token.kind == "end":
            return
        before = self._tokens[self._at - 1]
        after_operand = token.kind == "word" and before.text in ("TRUE", "FALSE")
        raise _unsupported(token, "<EOF>" if after_operand and token.text.isupper() else "<EOF>, 'AND', 'OR'")

    def _conjunction(self) -> Node:
        operands = [self._unary()]
        while self._take("AND"):
            operands.append(self._unary())
        return operands[0] if len(operands) == 1 else And(tuple(operands))

    def _unary(self) -> Node:
        self._depth += 1
        if self._depth > _MAX_NESTING:
            raise AlarmRuleError(
                f"Error in AlarmRule [more than {_MAX_NESTING} elements]", self._peek.position
            )
        try:
            return Not(self._unary()) if self._take("NOT") else self._primary()
        finally:
            self._depth -= 1

    def _primary(self) -> Node:
        token = self._peek
        if self._take("("):
            node = self.disjunction()
            self._expect(")")
            return node
        if token.kind == "word" and token.text in ("TRUE", "FALSE"):
            self._at += 1
            return Constant(token.text == "TRUE")
        if token.kind == "word" and token.text == "AT_LEAST":
            self._at += 1
            return self._at_least()
        state = self._state(_OPERAND)
        self._expect("(")
        child = self._child(state)
        self._expect(")")
        return child

    def _at_least(self) -> AtLeast:
        self._expect("(")
        token = self._peek
        number = re.fullmatch(r"(\d+)(%?)", token.text) if token.kind == "word" else None
        if number is None:
            raise _unsupported(token, "a number or a percentage")
        self._at += 1
        self._expect(",")
        negated = self._take("NOT")
        state = self._state("ALARM, OK, or INSUFFICIENT_DATA")
        self._expect(",")
        self._expect("(")
        members = [self._child(state)]
        while self._take(","):
            members.append(self._child(state))
        self._expect(")")
        self._expect(")")
        threshold, percent = int(number[1]), bool(number[2])
        if not 1 <= threshold <= (100 if percent else len(members)):
            raise AlarmRuleError(
                "AT_LEAST percentage threshold must be between 1 and 100"
                if percent
                else f"AT_LEAST absolute threshold must be between 1 and number of alarms ({len(members)})",
                token.position,
            )
        return AtLeast(threshold, percent, negated, state, tuple(members))

    def _state(self, expected: str) -> AlarmState:
        token = self._peek
        if token.kind == "word" and token.text in AlarmState.__members__:
            self._at += 1
            return AlarmState[token.text]
        raise _unsupported(token, expected)

    def _child(self, state: AlarmState) -> InState:
        token = self._peek
        if token.kind == "quoted":
            self._at += 1
            return InState(state, re.sub(r"\\(.)", r"\1", token.text[1:-1]), token.position)
        if token.kind == "word":
            self._at += 1
            return InState(state, token.text, token.position)
        raise _unsupported(token, "an alarm name or ARN")

    @property
    def _peek(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, text: str) -> bool:
        token = self._peek
        if token.kind in ("word", "mark") and token.text == text:
            self._at += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            raise _unsupported(self._peek, f"'{mark}'")


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text) and text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            position = at + len(text[at:]) - len(text[at:].lstrip())
            yield _Token("stray", text[position], position)
            break
        kind = str(found.lastgroup)
        yield _Token(kind, found[kind], found.start(kind))
        at = found.end()
    yield _Token("end", "<EOF>", len(text))


def _unsupported(token: _Token, expected: str) -> AlarmRuleError:
    return AlarmRuleError(
        f"Error in AlarmRule [Unsupported token '{token.text}' at char {token.position}, "
        f"must be: {expected}]",
        token.position,
    )
