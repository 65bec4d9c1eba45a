"""The rules of composite alarms (`AlarmRule`), parsed as CloudWatch parses them.

Grammar and limits: CloudWatch user guide, "Create a composite alarm" and
"Composite alarms", and the API reference of PutCompositeAlarm. The wording of
errors and what is accepted: the API's own answers of September 2026. Tokens are
upper case; `AND` binds tighter than `OR`; a bare name ends at white space, a
round bracket or a comma. Nothing recurses: a rule may nest deeper than Python's stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

from msgspec import Struct

from kfm_audit.aws.alarm_rule_error import AlarmRuleError
from kfm_audit.aws.alarm_rule_tokens import Token, tokens
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.pattern import pattern

MAX_LENGTH: Final = 10_240
MAX_CHILDREN: Final = 100
MAX_ELEMENTS: Final = 500
"""Elements are references to alarms, `TRUE`, `FALSE` and pairs of grouping brackets."""

_THRESHOLD: Final = pattern(r"([0-9]+)(%?)")
_STATE: Final = "ALARM, OK, or INSUFFICIENT_DATA"
_OPERAND: Final = f"'(', 'NOT', AT_LEAST, TRUE or FALSE, {_STATE}"
_NAME: Final = (
    f"'NOT', 'AND', 'OR', 'AT_LEAST', NUMBER, PERCENTAGE NUMBER, TRUE or FALSE, {_STATE}, "
    "unquoted alarm name, quoted alarm name"
)


class InState(Struct, frozen=True):
    """`ALARM(child)`: true while the child is in the state.

    `child` is a name or an ARN, as it is written but unquoted; `position` is the
    0-based offset at which it stands.
    """

    state: AlarmState
    child: str
    position: int


class Constant(Struct, frozen=True):
    """`TRUE` or `FALSE`."""

    value: bool


class Not(Struct, frozen=True):
    """`NOT operand`. A doubled `NOT` is none: the parser leaves it out."""

    operand: Node


class And(Struct, frozen=True):
    """All of `operands`: two or more."""

    operands: tuple[Node, ...]


class Or(Struct, frozen=True):
    """Any of `operands`: two or more."""

    operands: tuple[Node, ...]


class AtLeast(Struct, frozen=True):
    """`AT_LEAST(threshold, state, (children))`; `percent` says that the threshold is one of the children.

    A child that is named twice counts twice.
    """

    threshold: int
    percent: bool
    negated: bool
    state: AlarmState
    children: tuple[InState, ...]

    @property
    def minimum(self) -> int:
        """How many of the children it takes: a percentage is rounded up."""
        return -(-self.threshold * len(self.children) // 100) if self.percent else self.threshold


Node: TypeAlias = InState | Constant | Not | And | Or | AtLeast


def parse_alarm_rule(text: str) -> Node:
    """Parse a rule. Raises AlarmRuleError."""
    if len(text) > MAX_LENGTH:
        raise AlarmRuleError(f"an AlarmRule has at most {MAX_LENGTH} characters, not {len(text)}", MAX_LENGTH)
    return _Parser(text).rule()


def children(node: Node) -> Iterator[InState]:
    """All references to other alarms, in the order in which they are written."""
    waiting = [node]
    while waiting:
        match waiting.pop():
            case InState() as child:
                yield child
            case Not(operand):
                waiting.append(operand)
            case And(operands) | Or(operands):
                waiting.extend(reversed(operands))
            case AtLeast(children=members):
                yield from members
            case Constant():
                pass


class _Group:
    """A pair of brackets that is still open, or the rule as a whole."""

    def __init__(self, *, negated: bool) -> None:
        self._negated = negated
        self._any: list[Node] = []
        self._all: list[Node] = []

    def add(self, operand: Node) -> None:
        self._all.append(operand)

    def end_conjunction(self) -> None:
        self._any.append(self._all[0] if len(self._all) == 1 else And(tuple(self._all)))
        self._all = []

    def close(self) -> Node:
        self.end_conjunction()
        node = self._any[0] if len(self._any) == 1 else Or(tuple(self._any))
        return _negated(node) if self._negated else node


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = tuple(tokens(text))
        self._at = 0
        self._elements = 0
        self._names: set[str] = set()

    def rule(self) -> Node:
        groups = [_Group(negated=False)]
        while True:
            self._operand(groups)
            while len(groups) > 1 and self._take(")"):
                node = groups.pop().close()
                groups[-1].add(node)
            if self._take("OR"):
                groups[-1].end_conjunction()
            elif not self._take("AND"):
                break
        if len(groups) > 1:
            raise self._no_operator("')'", ")")
        if self._peek.kind != "end":
            raise self._no_operator("<EOF>", "<EOF>")
        return groups[0].close()

    def _operand(self, groups: list[_Group]) -> None:
        """Read up to the end of the next operand, opening groups on the way."""
        while True:
            negated = False
            while self._take("NOT"):
                negated = not negated
            if self._peek.text != "(" or self._peek.kind != "mark":
                break
            self._count(self._peek)
            self._at += 1
            groups.append(_Group(negated=negated))
        node = self._primary()
        groups[-1].add(_negated(node) if negated else node)

    def _primary(self) -> Node:
        token = self._peek
        if self._take("TRUE") or self._take("FALSE"):
            self._count(token)
            return Constant(token.text == "TRUE")
        if self._take("AT_LEAST"):
            return self._at_least()
        state = self._state(_OPERAND)
        self._expect("(")
        child = self._child(state)
        self._expect(")")
        return child

    def _at_least(self) -> AtLeast:
        self._expect("(")
        token = self._peek
        number = _THRESHOLD.fullmatch(token.text) if token.kind == "word" else None
        if number is None:
            raise _unsupported(token, "NUMBER, PERCENTAGE NUMBER")
        self._at += 1
        self._expect(",")
        negated = self._take("NOT")
        state = self._state(_STATE if negated else f"'NOT', {_STATE}")
        self._expect(",")
        self._expect("(")
        members = [self._child(state)]
        while self._take(","):
            members.append(self._child(state))
        self._expect(")", "')', ','")
        self._expect(")")
        percent = bool(number[2])
        # Leading zeros aside, no valid threshold has more than three digits; int() refuses thousands of them.
        threshold = int(number[1].lstrip("0")[:4] or "0")
        if not 1 <= threshold <= (100 if percent else len(members)):
            bounds = "1 and 100" if percent else f"1 and number of alarms ({len(members)})"
            problem = f"AT_LEAST {'percentage' if percent else 'absolute'} threshold must be between {bounds}"
            raise AlarmRuleError(f"Error in AlarmRule [{problem}]", token.position)
        return AtLeast(threshold, percent, negated, state, tuple(members))

    def _state(self, expected: str) -> AlarmState:
        token = self._peek
        if token.kind == "word" and token.text in AlarmState.__members__:
            self._at += 1
            return AlarmState[token.text]
        raise _unsupported(token, expected)

    def _child(self, state: AlarmState) -> InState:
        """A reference: any word may be a name, `TRUE` too."""
        token = self._peek
        if token.kind not in ("quoted", "word"):
            following = self._after(token)
            both = token.text == following.text == ")"
            raise _unsupported(token, _NAME, text="))" if both else token.text)
        self._count(token)
        # AWS documents `\"`; that a doubled backslash stands for one is our reading.
        name = re.sub(r'\\(["\\])', r"\1", token.text[1:-1]) if token.kind == "quoted" else token.text
        self._names.add(name)
        if len(self._names) > MAX_CHILDREN:
            raise AlarmRuleError(f"an AlarmRule watches at most {MAX_CHILDREN} alarms", token.position)
        self._at += 1
        return InState(state, name, token.position)

    def _count(self, token: Token) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise AlarmRuleError(f"an AlarmRule has at most {MAX_ELEMENTS} elements", token.position)

    def _no_operator(self, expected: str, closing: str) -> AlarmRuleError:
        """A word too many: CloudWatch asks for the end alone where dropping the word would mend the rule."""
        token = self._peek
        following = self._after(token)
        mends = token.kind != "end" and following.kind != "quoted" and following.text == closing
        return _unsupported(token, expected if mends else f"{expected}, 'AND', 'OR'")

    @property
    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _after(self, token: Token) -> Token:
        return token if token.kind == "end" else self._tokens[self._at + 1]

    def _take(self, text: str) -> bool:
        token = self._peek
        if token.kind in ("word", "mark") and token.text == text:
            self._at += 1
            return True
        return False

    def _expect(self, mark: str, expected: str = "") -> None:
        if not self._take(mark):
            raise _unsupported(self._peek, expected or f"'{mark}'")


def _negated(node: Node) -> Node:
    return node.operand if isinstance(node, Not) else Not(node)


def _unsupported(token: Token, expected: str, *, text: str = "") -> AlarmRuleError:
    problem = f"Unsupported token '{text or token.text}' at char {token.position}, must be: {expected}"
    return AlarmRuleError(f"Error in AlarmRule [{problem}]", token.position)
