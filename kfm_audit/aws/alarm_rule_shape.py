"""What a composite's rule asks, whatever the alarms are called."""

from __future__ import annotations

from kfm_audit.aws.alarm_rule import And, AtLeast, Constant, InState, Node, Not, Or


def shape(node: Node) -> tuple[str, ...]:
    """A rule with its children put aside: rules of one shape differ in the names of alarms alone.

    Operators stand before their operands, with how many they take.
    """
    found: list[str] = []
    waiting = [node]
    while waiting:
        match waiting.pop():
            case InState(state):
                found.append(state.value)
            case Constant(value):
                found.append(str(value))
            case Not(operand):
                found.append("NOT")
                waiting.append(operand)
            case And(operands):
                found.append(f"AND {len(operands)}")
                waiting.extend(reversed(operands))
            case Or(operands):
                found.append(f"OR {len(operands)}")
                waiting.extend(reversed(operands))
            case AtLeast() as least:
                negated = "NOT " if least.negated else ""
                found.append(f"{negated}AT_LEAST {least.minimum} {least.state.value} {len(least.children)}")
    return tuple(found)
