"""Whether a composite alarm can be in ALARM without the alarm that suppresses its actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kfm_audit.aws.alarm_rule import And, InState, Node, Not
from kfm_audit.aws.alarm_rule_error import AlarmRuleError
from kfm_audit.aws.alarm_rule_outcomes import outcomes
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.arns import alarm_name
from kfm_audit.facts import Alarm, CompositeAlarm

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

_ALWAYS: Final = frozenset({(True,)})
_NEVER: Final = frozenset({(False,)})


def never_without(evidence: Evidence, alarm: CompositeAlarm, suppressor: Alarm) -> bool:
    """Whether in all states of all alarms in which the composite's rule is true, the suppressor is in ALARM."""
    node = evidence.alarms.rule_of(alarm)
    if node is None or isinstance(node, AlarmRuleError):
        return False
    references = dict.fromkeys(alarm_name(child.child) for child in evidence.alarms.children_of(alarm))
    own = [name for name in references if evidence.alarms.named(alarm, name) == (suppressor,)]
    suppressing: Node | AlarmRuleError | None = None
    if own:
        suppressing = InState(AlarmState.ALARM, own[0], 0)
    elif isinstance(suppressor, CompositeAlarm):
        suppressing = evidence.alarms.rule_of(suppressor)
    if suppressing is None or isinstance(suppressing, AlarmRuleError) or outcomes(suppressing) == _ALWAYS:
        return False
    # A rule that is never true is ALM018's.
    return outcomes(node) != _NEVER and outcomes(And((node, Not(suppressing)))) == _NEVER


def follows(evidence: Evidence, alarm: CompositeAlarm, suppressor: Alarm) -> bool:
    """Whether the suppressor goes into ALARM because the composite does, whatever other alarms are in.

    It watches the composite itself, or composites that go into ALARM with it. One whose rule is always true is none.
    """
    following = {_key(alarm)}
    waiting = list(evidence.alarms.above(alarm))
    while waiting:
        above = waiting.pop(0)
        if _key(above) in following or not _with(evidence, above, following):
            continue
        if _key(above) == _key(suppressor):
            return True
        following.add(_key(above))
        waiting += evidence.alarms.above(above)
    return False


def _with(evidence: Evidence, composite: CompositeAlarm, others: set[tuple[str, str]]) -> bool:
    """Whether a composite's rule is true where these alarms are in ALARM, and not always."""
    node = evidence.alarms.rule_of(composite)
    if node is None or isinstance(node, AlarmRuleError) or outcomes(node) == _ALWAYS:
        return False
    names = dict.fromkeys(alarm_name(child.child) for child in evidence.alarms.children_of(composite))
    found = ((name, evidence.alarms.named(composite, name)) for name in names)
    tripped = [name for name, alarms in found if len(alarms) == 1 and _key(alarms[0]) in others]
    return outcomes(node, [dict.fromkeys(tripped, AlarmState.ALARM)]) == _ALWAYS


def _key(alarm: Alarm) -> tuple[str, str]:
    return alarm.stack, alarm.subject
