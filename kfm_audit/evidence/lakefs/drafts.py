"""Records that a case still owes, with all that its traces know: drafts, which never settle it by themselves."""

from __future__ import annotations

import msgspec

from kfm_audit.facts import Case, Debt, PersonKind
from kfm_audit.lakefs.operations import Operation
from kfm_audit.prov.terms import KFM, PROV, XSD


def correction_draft(case: Case) -> str:
    """The correction document, as JSON on one line. It is a draft (`kfm:draft`) until its TODOs are filled in."""
    first, last = case.first, case.rollbacks[-1]
    resets = [call.target for call in case.rollbacks if call.operation == Operation.HARD_RESET.value]
    requests = [call.request_id for call in case.rollbacks if call.request_id]
    faceless = not first.user or case.identity in (PersonKind.SHARED, PersonKind.SOFTWARE)
    break_glass = Debt.REVIEW in case.due
    document = {
        "@context": {"prov": PROV, "xsd": XSD, "kfm": KFM},
        "@id": f"urn:kfm:correction:{first.request_id or 'TODO'}",
        "@type": ["prov:Activity", "kfm:Correction"],
        "prov:startedAtTime": {"@value": f"{first.time:%Y-%m-%dT%H:%M:%SZ}", "@type": "xsd:dateTime"},
        "prov:endedAtTime": {"@value": "TODO", "@type": "xsd:dateTime"},
        "prov:wasAssociatedWith": {
            "@id": f"urn:kfm:person:{'TODO' if faceless else first.user}",
            **({"@type": "prov:Person"} if faceless or case.identity is PersonKind.HUMAN else {}),
        },
        "prov:qualifiedAssociation": {
            "@type": "prov:Association",
            "prov:agent": {"@id": "urn:kfm:person:TODO", "@type": "prov:Person"},
            "prov:hadRole": {"@id": f"kfm:{'retrospectiveApprover' if break_glass else 'approver'}"},
        },
        "kfm:lakefsRepository": first.repository,
        "kfm:lakefsBranch": first.branch,
        **({"kfm:lakefsRequestId": requests} if requests else {}),
        "kfm:revertedCommit": (first.previous if last.restored or resets else "") or "TODO",
        "kfm:restoredCommit": last.restored or (resets[-1] if resets else "TODO"),
        "kfm:reasonCategory": "TODO",
        "kfm:justification": "TODO",
        "kfm:trigger": "manual" if break_glass else "TODO",
        "kfm:incident": "TODO",
        "kfm:draft": True,
    }
    return msgspec.json.encode(document).decode()


def incident_draft(case: Case) -> str:
    """The incident record, as JSON on one line: it survives any wrapping. It is open until somebody closes it."""
    record = {
        "id": "INC-TODO",
        "severity": "TODO",
        "service": "TODO",
        "environment": case.environment,
        "status": "open",
        "opened_at": f"{case.first.time:%Y-%m-%dT%H:%M:%SZ}",
        "summary": "TODO",
        "rollbacks": [call.request_id or call.subject for call in case.rollbacks],
    }
    return msgspec.json.encode(record).decode()
