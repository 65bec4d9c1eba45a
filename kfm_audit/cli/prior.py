"""`--against prior`: what stands before the plan that a command was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kfm_audit.cli.parser import UsageError

if TYPE_CHECKING:
    from kfm_audit.alarmtests.alarms import LoadedAlarms
    from kfm_audit.evidence import Evidence


def before_the_plan(loaded: LoadedAlarms, named: str) -> Evidence:
    """What stands before the plans among the alarms that were `named` so. Raises UsageError where there is none."""
    from kfm_audit.replay.prior import prior

    if not loaded.library.of_kind("terraform-plan"):
        raise UsageError(
            f"--against prior: {named} holds no plan, so nothing says what stands before it; give a plan, or the "
            "alarms to compare with"
        )
    return prior(loaded.evidence, loaded.library.facts)
