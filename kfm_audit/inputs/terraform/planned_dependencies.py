"""What Terraform makes before a resource: the references and `depends_on` of a plan, as a graph.

As `kfm_audit.inputs.terraform.dependencies` has it of the sources.
"""

from __future__ import annotations

import msgspec

from kfm_audit.facts import Change, CompositeAlarm
from kfm_audit.inputs.terraform.addresses import module_of, steps, without_keys
from kfm_audit.inputs.terraform.references import References
from kfm_audit.values import Known, Reference, ReferenceKind, Unknown


def in_order(alarm: CompositeAlarm, references: References) -> CompositeAlarm:
    """A composite that is to be saved, with what Terraform makes before it; any other as it is."""
    if alarm.change not in (Change.CREATED, Change.CHANGED) or not isinstance(alarm.alarm_rule, Known):
        return alarm
    return msgspec.structs.replace(alarm, made_after=before(references, alarm.subject))


def before(references: References, address: str) -> Known[tuple[str, ...]] | Unknown:
    """The addresses, without keys, of the resources that come before one, directly and through others.

    Unknown where a local, or what else the plan hides, stands between.
    """
    found: set[str] = set()
    opened: set[str] = set()
    pending = [without_keys(address)]
    visited = {*pending}
    while pending:
        for reference in references.needs(pending.pop()):
            name = without_keys(reference.name)
            managed = references.is_managed(name)
            if managed is None:
                if reference.kind is ReferenceKind.UNRESOLVED and _may_hide(name):
                    opened.add(name)
            elif name not in visited:
                visited.add(name)
                pending.append(name)
                if managed:
                    found.add(name)
    if not opened:
        return Known(tuple(sorted(found)))
    return Unknown(
        (
            *(Reference(name, ReferenceKind.RESOURCE) for name in sorted(found)),
            *(Reference(name, ReferenceKind.UNRESOLVED) for name in sorted(opened)),
        )
    )


def _may_hide(name: str) -> bool:
    """Whether a resource may stand behind an unresolved name: never behind a variable of the root module.

    What `each` stands for comes from `for_each`, which is followed itself.
    """
    modules = module_of(name)
    parts = steps(name)[2 * len(modules) :]
    head = parts[0] if parts else ""
    return head != "each" and not (head == "var" and not modules)
