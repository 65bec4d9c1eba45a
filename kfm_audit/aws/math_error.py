"""What is wrong with an expression, and where."""

from __future__ import annotations

from kfm_audit.aws.math_tokens import Token


class MathError(ValueError):
    """CloudWatch refuses the expression, or this program cannot tell what it means.

    `position` is the 0-based offset of the first character that is wrong, `end` the
    offset after the last one. `certain` is False where only this program gives up.
    `cure` is the change that mends it, "" where that depends on what was meant.
    """

    def __init__(
        self, message: str, position: int, end: int = 0, *, certain: bool = True, cure: str = ""
    ) -> None:
        """Say what is wrong, and where."""
        super().__init__(message)
        self.message = message
        self.position = position
        self.end = max(end, position + 1)
        self.certain = certain
        self.cure = cure


def unexpected(token: Token, expected: str) -> MathError:
    """A word that cannot stand where it does, with what people often mean by it."""
    found = f"'{token.text}'" if token.text else "the end of the expression"
    hint = ""
    if token.text in ("\N{LEFT DOUBLE QUOTATION MARK}", "\N{RIGHT DOUBLE QUOTATION MARK}"):
        hint = "; write straight quotation marks"
    elif token.text in ('"', "'"):
        hint = "; the string is never closed"
    elif token.text.lower() in ("and", "or"):
        hint = "; AND and OR are written in capitals"
    elif token.text in ("=", "!"):
        hint = "; comparisons are ==, !=, <=, >=, < and >, and there is no NOT"
    return MathError(f"{found} where {expected} is expected{hint}", token.position, token.end)


def too_deep(token: Token, limit: int) -> MathError:
    """An expression that this program does not read because of its depth."""
    return MathError(
        f"the expression nests deeper than {limit} levels and is not read", token.position, certain=False
    )
