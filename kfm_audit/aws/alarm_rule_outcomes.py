"""What the rule of a composite alarm can come out as, over all states that its children may have.

`alarm_state_rule.holds` says what a rule is in one state of all its children; 30
children have 3^30 of them. Here the outcomes of parts are put together instead,
which gives the same as long as no child stands in two parts. Children that do are
tried in each of their states.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Final, TypeAlias

from kfm_audit.aws.alarm_rule import And, AtLeast, Constant, InState, Node, Not, Or, children
from kfm_audit.aws.alarm_rule_shape import shape
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.arns import alarm_name

Truths: TypeAlias = tuple[bool, ...]
"""What a rule is in each of several cases."""
States: TypeAlias = Mapping[str, AlarmState]
"""The states of alarms, by their names."""

ANY: Final = tuple(AlarmState)
_MOST_KNOWN: Final = 1_000
_known: dict[tuple[object, ...], frozenset[Truths] | None] = {}
_MOST: Final = 200_000
"""Children times combinations of states, beyond which a rule is not tried: a second of work."""


def outcomes(
    rule: Node, cases: Sequence[States] = ({},), others: Mapping[str, Sequence[AlarmState]] | None = None
) -> frozenset[Truths] | None:
    """What the rule can be in all cases together; None for a rule that is too intricate to be tried.

    Each case gives the states of the same alarms, by their names; `others` says which states another alarm
    may have, the same in all cases: any, if it is not there. With one case, {(True,), (False,)} is a rule
    that may be true or false; with x in ALARM in one case and in OK in another, (True, False) among the
    outcomes says that x alone can decide. A name and an ARN of it mean the same alarm.
    """
    names = [alarm_name(child.child) for child in children(rule)]
    # Rules that differ in the names of alarms alone come out alike.
    place = {name: number for number, name in enumerate(dict.fromkeys(names))}
    key = (
        shape(rule),
        tuple(place[name] for name in names),
        tuple(tuple(case.get(name) for name in place) for case in cases),
        tuple(tuple(others.get(name, ANY)) for name in place) if others else (),
    )
    if key not in _known:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[key] = _outcomes(rule, names, cases, others or {})
    return _known[key]


def _outcomes(
    rule: Node, names: Sequence[str], cases: Sequence[States], others: Mapping[str, Sequence[AlarmState]]
) -> frozenset[Truths] | None:
    fixed = cases[0].keys()
    found = Counter(name for name in names if name not in fixed)
    free = {name: tuple(others.get(name, ANY)) for name in found}
    twice = [name for name, count in found.items() if count > 1 and len(free[name]) > 1]
    tried = 1
    for name in twice:
        tried *= len(free[name])
        if tried * sum(found.values()) > _MOST:
            return None
    every: set[Truths] = set()
    for chosen in product(*(free[name] for name in twice)):
        now = dict(zip(twice, chosen, strict=True))
        every |= _Together([{**case, **now} for case in cases], free).of(rule)
        if len(every) == 2 ** len(cases):
            break
    return frozenset(every)


class _Together:
    """Outcomes where each child that is not in the cases stands once. Nothing recurses."""

    def __init__(self, cases: Sequence[States], free: Mapping[str, Sequence[AlarmState]]) -> None:
        self._cases = cases
        self._free = free

    def of(self, rule: Node) -> set[Truths]:
        done: list[set[Truths]] = []
        waiting: list[tuple[Node, bool]] = [(rule, False)]
        while waiting:
            node, ready = waiting.pop()
            match node:
                case Constant(value):
                    done.append({(value,) * len(self._cases)})
                case InState():
                    done.append(set(self._in_state(node)))
                case AtLeast():
                    done.append(self._at_least(node))
                case Not(operand):
                    if ready:
                        done.append({tuple(not value for value in truths) for truths in done.pop()})
                    else:
                        waiting += ((node, True), (operand, False))
                case And(operands) | Or(operands):
                    if ready:
                        parts = done[-len(operands) :]
                        del done[-len(operands) :]
                        done.append(_joined(parts, all_=isinstance(node, And)))
                    else:
                        waiting.append((node, True))
                        waiting += ((operand, False) for operand in operands)
        return done[0]

    def _in_state(self, node: InState) -> Iterator[Truths]:
        name = alarm_name(node.child)
        if name in self._cases[0]:
            yield tuple(case[name] is node.state for case in self._cases)
        else:
            yield from ((state is node.state,) * len(self._cases) for state in self._free[name])

    def _at_least(self, node: AtLeast) -> set[Truths]:
        counts = {(0,) * len(self._cases)}
        for child in node.children:
            truths = set(self._in_state(child))
            counts = {
                tuple(n + (value is not node.negated) for n, value in zip(count, truth, strict=True))
                for count in counts
                for truth in truths
            }
        return {tuple(n >= node.minimum for n in count) for count in counts}


def _joined(parts: Sequence[set[Truths]], *, all_: bool) -> set[Truths]:
    """AND or OR of parts that have nothing in common."""
    whole = parts[0]
    for part in parts[1:]:
        whole = {
            tuple((a and b) if all_ else (a or b) for a, b in zip(one, other, strict=True))
            for one in whole
            for other in part
        }
    return whole
