"""The rules of composite alarms, written out."""

from __future__ import annotations

import re

from kfm_audit.aws.alarm_rule import And, AtLeast, Constant, InState, Node, Not, Or


def print_alarm_rule(node: Node) -> str:
    """The rule as text. Parsed again, it gives the same tree, but for positions."""
    text = []
    waiting: list[Node | str] = [node]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            text.append(item)
        else:
            waiting.extend(reversed(_parts(item)))
    return "".join(text)


def _parts(node: Node) -> list[Node | str]:
    """What stands for a node, from left to right."""
    match node:
        case InState(state, child):
            return [f"{state.value}({_quoted(child)})"]
        case Constant(value):
            return ["TRUE" if value else "FALSE"]
        case Not(operand):
            return ["NOT ", *_bracketed(operand, (And, Or))]
        case And(operands):
            return _joined(operands, " AND ", (And, Or))
        case Or(operands):
            return _joined(operands, " OR ", (Or,))
        case AtLeast():
            threshold = f"{node.threshold}%" if node.percent else str(node.threshold)
            asked = f"NOT {node.state.value}" if node.negated else node.state.value
            members = ", ".join(_quoted(member.child) for member in node.children)
            return [f"AT_LEAST({threshold}, {asked}, ({members}))"]


def _joined(operands: tuple[Node, ...], operator: str, needing: tuple[type, ...]) -> list[Node | str]:
    parts: list[Node | str] = []
    for operand in operands:
        parts += [operator] if parts else []
        parts += _bracketed(operand, needing)
    return parts


def _bracketed(operand: Node, needing: tuple[type, ...]) -> list[Node | str]:
    return ["(", operand, ")"] if isinstance(operand, needing) else [operand]


def _quoted(child: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", child) + '"'
