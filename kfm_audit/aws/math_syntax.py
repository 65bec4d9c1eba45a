"""Metric math expressions, parsed, with the position of everything.

CloudWatch user guide, "Using metric math". It documents no precedence of
operators. The usual one is taken: `OR` binds least, then `AND`, comparisons,
`+ -`, `* /`, `^`; a minus sign belongs to what follows it. Where people could
read an expression in another way, the parser says so (`Expression.unclear`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypeAlias

from msgspec import Struct

from kfm_audit.aws.math_error import MathError, too_deep, unexpected
from kfm_audit.aws.math_tokens import Token, TokenKind, tokens

MAX_LENGTH: Final = 2048
"""Characters of an expression, by the API reference of MetricDataQuery; Terraform takes 1024."""
MAX_DEPTH: Final = 100
"""Beyond this an expression is not read: a limit of this program, far above what a person writes."""

COMPARISONS: Final = ("==", "!=", "<=", ">=", "<", ">")
LOGICAL: Final = ("AND", "OR")

_SAME: Final = {"&&": "AND", "||": "OR"}
_BINDING: Final = {
    "OR": 1,
    "AND": 2,
    **dict.fromkeys(COMPARISONS, 3),
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "^": 6,
}


class Number(Struct, frozen=True):
    """A literal number."""

    value: float
    position: int
    end: int


class Text(Struct, frozen=True):
    """A string, without its quotes: only functions take them."""

    value: str
    position: int
    end: int


class Name(Struct, frozen=True):
    """The id of another query, or a keyword of a function (`REPEAT`, `ASC`)."""

    id: str
    position: int
    end: int


class Listed(Struct, frozen=True):
    """`[m1, m2]`: an array of time series."""

    items: tuple[Node, ...]
    position: int
    end: int


class Call(Struct, frozen=True):
    """`FUNCTION(argument, ...)`."""

    function: str
    arguments: tuple[Node, ...]
    position: int
    end: int


class Negated(Struct, frozen=True):
    """`-operand`."""

    operand: Node
    position: int
    end: int


class Operation(Struct, frozen=True):
    """`left operator right`; `&&` and `||` are `AND` and `OR`. `position` and `end` are those of the operator."""

    operator: str
    left: Node
    right: Node
    position: int
    end: int


Node: TypeAlias = Number | Text | Name | Listed | Call | Negated | Operation


class Unclear(Struct, frozen=True):
    """A place where AWS does not say how an expression is read. `text` says how it is read here."""

    text: str
    position: int


class Expression(Struct, frozen=True):
    """A parsed expression. `unclear` are the places whose reading AWS does not document."""

    text: str
    root: Node
    unclear: tuple[Unclear, ...] = ()


# The alarms of a module have the same expressions.
@lru_cache(maxsize=512)
def parse(text: str) -> Expression:
    """Parse an expression. Raises MathError.

    Functions and ids are not looked up: see `math_check`.
    """
    if len(text) > MAX_LENGTH:
        raise MathError(f"an expression has at most {MAX_LENGTH} characters, not {len(text)}", MAX_LENGTH)
    return _Parser(text).expression()


def is_metrics_insights(text: str) -> bool:
    """Whether a text is a Metrics Insights query (`SELECT ...`): another language, which is not parsed."""
    return text.lstrip()[:7].upper().rstrip() == "SELECT"


class _Part(Struct, frozen=True):
    """A node on the way. `grouped` says that it stands in brackets of its own; `depth` is its height."""

    node: Node
    grouped: bool
    depth: int


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tuple(tokens(text))
        self._at = 0
        self._depth = 0
        self._unclear: list[Unclear] = []

    def expression(self) -> Expression:
        if len(self._tokens) == 1:
            raise MathError("the expression is empty", 0)
        root = self._binary(1).node
        rest = self._peek
        if rest.kind is not TokenKind.END:
            raise unexpected(rest, "an operator or the end")
        return Expression(self._text, root, tuple(self._unclear))

    def _binary(self, weakest: int) -> _Part:
        """Read operands and operators that bind at least as strongly as `weakest`."""
        self._descend()
        left = self._operand()
        while (binding := _BINDING.get(self._operator, 0)) >= weakest:
            token, operator = self._peek, self._operator
            self._at += 1
            # `^` groups from the right, all others from the left.
            right = self._binary(binding if operator == "^" else binding + 1)
            self._note(token, operator, left, right)
            node = Operation(operator, left.node, right.node, token.position, token.end)
            left = self._part(node, left, right)
        self._depth -= 1
        return left

    def _operand(self) -> _Part:
        minus = self._peek
        if not self._take("-"):
            return self._primary(minus)
        self._descend()
        operand = self._operand()
        self._depth -= 1
        return self._part(Negated(operand.node, minus.position, self._before), operand)

    def _descend(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise too_deep(self._peek, MAX_DEPTH)

    def _primary(self, token: Token) -> _Part:
        match token.kind:
            case TokenKind.NUMBER:
                self._at += 1
                return _Part(Number(float(token.text), token.position, token.end), False, 1)
            case TokenKind.TEXT:
                self._at += 1
                return _Part(Text(token.text[1:-1], token.position, token.end), False, 1)
            case TokenKind.NAME if token.text not in LOGICAL:
                self._at += 1
                if self._take("("):
                    return self._listed(token, ")")
                return _Part(Name(token.text, token.position, token.end), False, 1)
            case _ if self._take("("):
                inner = self._binary(1)
                self._expect(")")
                return _Part(inner.node, True, inner.depth)
            case _ if self._take("["):
                return self._listed(token, "]")
            case _:
                raise unexpected(token, "a number, an id, a function, '(' or '['")

    def _listed(self, opening: Token, closing: str) -> _Part:
        """The rest of `FUNCTION(a, b)` or `[a, b]`; the opening bracket has been read."""
        parts: list[_Part] = []
        if not self._take(closing):
            parts.append(self._binary(1))
            while self._take(","):
                parts.append(self._binary(1))
            self._expect(closing, f"',' or '{closing}'")
        items = tuple(part.node for part in parts)
        if closing == "]" and not items:
            raise MathError("an array holds at least one time series", opening.position, self._before)
        node: Node = (
            Listed(items, opening.position, self._before)
            if closing == "]"
            else Call(opening.text, items, opening.position, self._before)
        )
        return self._part(node, *parts)

    def _part(self, node: Node, *parts: _Part) -> _Part:
        depth = 1 + max((part.depth for part in parts), default=0)
        if depth > MAX_DEPTH:
            raise too_deep(self._peek, MAX_DEPTH)
        return _Part(node, False, depth)

    def _note(self, token: Token, operator: str, left: _Part, right: _Part) -> None:
        """Note a reading that AWS does not document."""
        beside = [part.node for part in (left, right) if not part.grouped]
        for node in beside:
            match node:
                case Operation(operator="AND") if operator == "OR":
                    self._say("AND binds more strongly than OR", token)
                case Operation(operator=other) if operator in COMPARISONS and other in COMPARISONS:
                    self._say("comparisons group from the left", token)
                case Operation(operator="^") if operator == "^":
                    self._say("powers group from the right", token)
                case Negated() if operator == "^" and node is left.node:
                    self._say("a minus sign binds more strongly than ^", token)
                case _:
                    pass

    def _say(self, text: str, token: Token) -> None:
        if text not in [said.text for said in self._unclear]:
            self._unclear.append(Unclear(text, token.position))

    @property
    def _peek(self) -> Token:
        return self._tokens[self._at]

    @property
    def _operator(self) -> str:
        """The operator at hand, as it is named in `Operation`; "" where there is none."""
        token = self._peek
        if token.kind is TokenKind.MARK or token.text in LOGICAL:
            operator = _SAME.get(token.text, token.text)
            return operator if operator in _BINDING else ""
        return ""

    @property
    def _before(self) -> int:
        """The offset after the last token that was read."""
        return self._tokens[self._at - 1].end

    def _take(self, mark: str) -> bool:
        token = self._peek
        if token.kind is TokenKind.MARK and token.text == mark:
            self._at += 1
            return True
        return False

    def _expect(self, mark: str, expected: str = "") -> None:
        if not self._take(mark):
            raise unexpected(self._peek, expected or f"an operator or '{mark}'")
