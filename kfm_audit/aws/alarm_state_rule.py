"""Whether the rule of a composite alarm holds, given the states of its children.

CloudWatch user guide, "Create a composite alarm": a rule that is true makes
ALARM, one that is false OK; there is no third state. A child in
INSUFFICIENT_DATA therefore makes `ALARM(child)` false and `NOT ALARM(child)` true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kfm_audit.aws.alarm_rule import And, AtLeast, Constant, InState, Node, Not, Or
from kfm_audit.aws.alarm_state import AlarmState


def holds(rule: Node, state_of: Callable[[str], AlarmState | None]) -> bool | None:
    """Whether the rule is true; None where that hangs on a child whose state is not known.

    `state_of` gives the state of a child as the rule names it (a name or an
    ARN), None where it is not known. Nothing recurses: a rule may nest deeper
    than Python's stack.
    """
    done: list[bool | None] = []
    waiting: list[tuple[Node, bool]] = [(rule, False)]
    while waiting:
        node, ready = waiting.pop()
        match node:
            case Constant(value):
                done.append(value)
            case InState():
                done.append(_is_in(node, state_of))
            case AtLeast():
                done.append(_at_least(node, state_of))
            case Not(operand):
                if ready:
                    value_below = done.pop()
                    done.append(None if value_below is None else not value_below)
                else:
                    waiting += ((node, True), (operand, False))
            case And(operands) | Or(operands):
                if ready:
                    values = done[-len(operands) :]
                    del done[-len(operands) :]
                    done.append(_decided(values, deciding=isinstance(node, Or)))
                else:
                    waiting.append((node, True))
                    waiting += ((operand, False) for operand in operands)
    return done[0]


def _decided(values: Iterable[bool | None], *, deciding: bool) -> bool | None:
    """The value of AND (False decides) and of OR (True decides) over three values."""
    found: bool | None = not deciding
    for value in values:
        if value is deciding:
            return deciding
        if value is None:
            found = None
    return found


def _is_in(node: InState, state_of: Callable[[str], AlarmState | None]) -> bool | None:
    state = state_of(node.child)
    return None if state is None else state is node.state


def _at_least(node: AtLeast, state_of: Callable[[str], AlarmState | None]) -> bool | None:
    """A child that is named twice counts twice."""
    inside = [_is_in(child, state_of) for child in node.children]
    counted = [None if value is None else value is not node.negated for value in inside]
    if counted.count(True) >= node.minimum:
        return True
    return None if counted.count(True) + counted.count(None) >= node.minimum else False
