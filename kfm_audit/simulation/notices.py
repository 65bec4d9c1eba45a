"""What alarms do at their changes: the actions of the new state, unless a suppressor holds them back."""

from __future__ import annotations

from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.suppressor import Held, Switch, suppress
from kfm_audit.evidence.notification.topics import actions_into
from kfm_audit.facts import ActionsSuppressor, Alarm
from kfm_audit.simulation.timeline import Notice, Timeline, Withholding
from kfm_audit.values import Known, Unknown, known


def actions_of(alarm: Alarm, state: AlarmState) -> tuple[str, ...]:
    """The actions that are configured for a state: ARNs, else the addresses of what they will be."""
    match actions_into(alarm, state):
        case Known(actions, sensitive):
            return tuple("an action that is marked sensitive" for _ in actions) if sensitive else actions
        case Unknown(references):
            return tuple(dict.fromkeys(reference.name for reference in references))
        case _:
            return ()


def notices_of(timeline: Timeline) -> tuple[Notice, ...]:
    """What an alarm without a suppressor does: its actions at each change, at once."""
    alarm = timeline.alarm
    return tuple(
        Notice(at=change.at, alarm=alarm, change=change, actions=actions, certain=certain and change.certain)
        for change in timeline.changes
        for actions, certain in (_taken(alarm, change.new),)
        if actions
    )


def suppressed_notices(
    timeline: Timeline, suppressor: ActionsSuppressor, other: Timeline | None, stop: int
) -> tuple[tuple[Notice, ...], tuple[Withholding, ...]]:
    """What a composite with a suppressor does, and what is held back.

    `other` is the suppressor's timeline; None where the input does not hold it,
    and then it is taken never to be in ALARM. A period that is not known, or
    below 0, counts as 0, and nothing is certain.
    """
    alarm = timeline.alarm
    wait, extension = known(suppressor.wait_period) or 0, known(suppressor.extension_period) or 0
    sure = (
        other is not None
        and all(span.certain for span in other.spans)
        and not any(
            isinstance(item, Unknown) for item in (suppressor.wait_period, suppressor.extension_period)
        )
        and min(wait, extension) >= 0
    )
    found = suppress(
        (Switch(change.at, change.new) for change in timeline.changes),
        (Switch(change.at, change.new) for change in (other.changes if other else ())),
        wait=max(wait, 0),
        extension=max(extension, 0),
        until=stop,
        suppressing=other is not None and other.initial is AlarmState.ALARM,
    )
    changes = {change.at: change for change in timeline.changes}
    notices = []
    for taken in found.taken:
        actions, certain = _taken(alarm, taken.state)
        change = changes[taken.changed]
        if actions:
            certain = certain and sure and change.certain
            notices.append(Notice(at=taken.at, alarm=alarm, change=change, actions=actions, certain=certain))
    withheld = tuple(
        Withholding(
            alarm=alarm, state=item.state, by=item.by, since=item.since, until=item.until, tie=item.tie
        )
        for item in found.withheld
    )
    return tuple(notices), withheld


def never_released(withheld: tuple[Withholding, ...]) -> tuple[Withholding, ...]:
    """Those that a suppressor in ALARM held back to the end."""
    return tuple(item for item in withheld if item.until is None and item.by is Held.ALARM)


def _taken(alarm: Alarm, state: AlarmState) -> tuple[tuple[str, ...], bool]:
    """The actions that a change into a state takes, and whether it is certain that they are taken."""
    if alarm.actions_enabled == Known(False):
        return (), True
    return actions_of(alarm, state), not isinstance(alarm.actions_enabled, Unknown)
