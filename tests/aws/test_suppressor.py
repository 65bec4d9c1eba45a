"""The six timelines of the guide: WaitPeriod 2, ExtensionPeriod 3."""

from __future__ import annotations

import pytest

from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.suppressor import Held, Switch, suppress

OK, ALARM = AlarmState.OK, AlarmState.ALARM
WAIT, EXTENSION, BY_ALARM = Held.WAIT_PERIOD, Held.EXTENSION_PERIOD, Held.ALARM

SCENARIOS = {
    "the suppressor stays OK": ([(2, ALARM)], [], False, [(4, ALARM)], [(WAIT, 2, 4)]),
    "it goes off while waiting": ([(2, ALARM)], [(3, ALARM)], False, [], [(WAIT, 2, 3), (BY_ALARM, 3, None)]),
    "the composite changes back": (
        [(2, ALARM), (3, OK)],
        [],
        False,
        [(5, OK)],
        [(WAIT, 2, 3), (WAIT, 3, 5)],
    ),
    "it is in ALARM before": ([(2, ALARM)], [], True, [], [(BY_ALARM, 2, None)]),
    "it leaves ALARM": (
        [(2, ALARM)],
        [(3, ALARM), (6, OK)],
        False,
        [(9, ALARM)],
        [(WAIT, 2, 3), (BY_ALARM, 3, 6), (EXTENSION, 6, 9)],
    ),
    "the composite changes in the extension": (
        [(2, ALARM), (7, OK)],
        [(3, ALARM), (6, OK)],
        False,
        [(9, OK)],
        [(WAIT, 2, 3), (BY_ALARM, 3, 6), (EXTENSION, 6, 7), (WAIT, 7, 9)],
    ),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_scenarios_of_the_guide(name):
    composite, suppressor, suppressing, taken, withheld = SCENARIOS[name]
    found = suppress(
        [Switch(*item) for item in composite],
        [Switch(*item) for item in suppressor],
        wait=2,
        extension=3,
        until=20,
        suppressing=suppressing,
    )
    assert [(item.at, item.state) for item in found.taken] == taken
    assert [(item.by, item.since, item.until) for item in found.withheld] == withheld
    assert not any(item.tie for item in found.withheld)


def test_a_change_at_the_very_end_of_a_period_is_marked():
    found = suppress([Switch(2, ALARM)], [Switch(4, ALARM)], wait=2, extension=3, until=20)
    assert found.taken == ()
    assert [item.tie for item in found.withheld] == [True, False]


def test_without_periods_actions_are_taken_at_once():
    found = suppress([Switch(2, ALARM), Switch(3, OK)], [], wait=0, extension=0, until=20)
    assert [(item.at, item.state) for item in found.taken] == [(2, ALARM), (3, OK)]
    assert found.withheld == ()


def test_what_is_due_after_the_end_is_not_taken():
    assert suppress([Switch(2, ALARM)], [], wait=2, extension=3, until=3).taken == ()
