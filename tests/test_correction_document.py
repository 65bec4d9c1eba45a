"""The example of `docs/correction-document.md`: valid, complete, and passing all PRV rules."""

from __future__ import annotations

import re
from pathlib import Path

from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.prov import KIND, NAMES
from kfm_audit.inputs.source import Source
from kfm_audit.policy.model import Policy
from kfm_audit.prov.contexts import BUNDLED
from kfm_audit.prov.terms import CORRECTION_TERMS
from kfm_audit.testing import run_check

DOCUMENT = (Path(__file__).parent.parent / "docs" / "correction-document.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"(?ms)^```json (\S+)\n(.*?)^```$", DOCUMENT))


def test_the_example_passes_every_rule_of_its_family() -> None:
    ran = run_check(FILES, ("--select", "PRV", "--fail-on-undecided"))
    assert ran.findings == []
    assert ran.code == 0


def test_without_the_directory_nobody_knows_that_two_people_are_two() -> None:
    ran = run_check({"correction.prov.jsonld": FILES["correction.prov.jsonld"]}, ("--select", "PRV"))
    assert [(finding["rule"], finding["verdict"]) for finding in ran.findings] == [("PRV006", "undecided")]


def test_the_example_leaves_no_field_of_a_correction_empty() -> None:
    name = "correction.prov.jsonld"
    source = Source(name, None, FILES[name].encode())
    context = ReadContext(Policy(policy=1, name="test"), Path("/base"), Path("/base"))
    document, correction = KIND.read(source, context).facts
    assert document.broken == ""
    empty = {field for field in correction.__struct_fields__ if getattr(correction, field) in ("", (), None)}
    assert empty == {"before", "stack", "todo"}
    assert all(agent.roles and agent.names for agent in correction.agents)
    assert correction.agents[1].approved is not None


def test_the_document_names_every_term_name_and_context() -> None:
    missing = [
        word
        for word in (*(f"kfm:{term}" for term in CORRECTION_TERMS), *BUNDLED)
        if f"`{word}`" not in DOCUMENT
    ]
    assert missing == []
    assert [name for name in NAMES if name not in DOCUMENT and not name.startswith("rollbacks/")] == []
