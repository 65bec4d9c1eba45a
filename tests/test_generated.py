"""Generated files are current, and the schemas say what the readers do."""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import jsonschema_rs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.cli.parser import EXIT_CODES
from kfm_audit.config import Config
from kfm_audit.exits import Exit
from kfm_audit.policy.model import Policy
from kfm_audit.policy.strict import DocumentError, read_strictly
from kfm_audit.policy.yaml import read_yaml
from kfm_audit.rules.judge import configure
from kfm_audit.rules.page import HEADINGS, page
from kfm_audit.rules.registry import built_in_rules
from kfm_audit.testing import read_case
from tools import generate, schemas
from tools.described import attribute_docs

ROOT = Path(__file__).parent.parent
RULES = built_in_rules()
POLICY_SCHEMA = schemas.policy_schema(RULES)
CONFIG_SCHEMA = schemas.config_schema()


def test_generated_files_are_current():
    done = subprocess.run(
        [sys.executable, "tools/generate.py", "--check"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def clone(tmp_path) -> Path:
    """The files that are generated, and those that they are parts of."""
    for folder in ("docs", "schemas"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", tmp_path)
    generate.main([], tmp_path)
    return tmp_path


def test_a_stale_file_is_shown_with_what_to_run(clone, capsys):
    assert generate.main(["--check"], clone) == 0
    page_of_rule = clone / "docs" / "rules" / "alarm-actions-disabled.md"
    text = page_of_rule.read_text()
    page_of_rule.write_text(text.replace("| error |", "| note |"))
    assert generate.main(["--check"], clone) == 1
    output = capsys.readouterr().out
    assert "-| severity | note |\n+| severity | error |" in output
    assert output.endswith("then run: python tools/generate.py\n")
    assert generate.main([], clone) == 0
    assert page_of_rule.read_text() == text
    assert generate.main(["--check"], clone) == 0


def test_the_page_of_a_rule_that_is_gone_is_removed(clone, capsys):
    old = clone / "docs" / "rules" / "rule-that-is-gone.md"
    old.write_text("# rule-that-is-gone\n")
    assert generate.main(["--check"], clone) == 1
    assert "-# rule-that-is-gone" in capsys.readouterr().out
    generate.main([], clone)
    assert not old.exists()


def test_text_around_the_generated_parts_is_kept(clone):
    file = clone / "docs" / "inputs.md"
    file.write_text(file.read_text().replace("# Inputs", "# All inputs").replace("| `prov` |", "| `what` |"))
    generate.main([], clone)
    assert file.read_text() == (ROOT / "docs" / "inputs.md").read_text().replace("# Inputs", "# All inputs")


def test_a_page_without_its_marker_is_an_error(clone):
    file = clone / "docs" / "inputs.md"
    file.write_text(file.read_text().replace("kinds: generated", "kinds"))
    with pytest.raises(ValueError, match=re.escape("docs/inputs.md: `<!-- kinds: generated -->` must stand")):
        generate.main(["--check"], clone)


def test_links_lead_somewhere():
    for file in sorted((ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", file.read_text(encoding="utf-8")):
            assert (file.parent / target).exists(), f"{file.name}: {target}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_page_of_a_rule_holds_its_docstring_and_its_declaration(rule):
    text = (ROOT / "docs" / "rules" / f"{rule.name}.md").read_text(encoding="utf-8")
    assert f"\n# {rule.name}\n\n{page(rule).summary}\n" in text
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == list(HEADINGS)
    assert f"| id | `{rule.id}` |" in text
    assert f"| severity | {rule.severity.value} |" in text
    for heading in HEADINGS:
        assert page(rule).sections[heading].strip() in text
    if rule.singly:
        assert "| accepted | one event at a time, in the config, with owner and expiry" in text


def test_exit_codes_read_the_same_everywhere():
    meanings = attribute_docs(Exit)
    assert EXIT_CODES.splitlines()[1:] == [f"  {int(code)}  {meanings[code.name]}" for code in Exit]


# --- schemas ---


@pytest.mark.parametrize("schema", [POLICY_SCHEMA, CONFIG_SCHEMA], ids=["policy", "config"])
def test_schemas_are_schemas(schema):
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("schema", [POLICY_SCHEMA, CONFIG_SCHEMA], ids=["policy", "config"])
def test_every_key_is_explained_and_every_map_is_closed(schema):
    for name, part in {"root": schema, **schema["$defs"]}.items():
        assert part["additionalProperties"] is False, name
        unexplained = [key for key, value in part["properties"].items() if not value.get("description")]
        assert unexplained == [], name


def policies() -> list[pytest.param]:
    """Every policy that ships, is an example, or stands in a rule's page or case."""
    files = {f"{file.parent.name}/{file.name}": file for file in (ROOT / "policies").glob("*.yaml")}
    files |= {str(file.relative_to(ROOT)): file for file in (ROOT / "examples").glob("**/polic*/*.yaml")}
    texts = {name: file.read_text(encoding="utf-8") for name, file in files.items()}
    for rule in RULES:
        for heading in ("Bad", "Good"):
            if "policy.yaml" in (blocks := page(rule).blocks(heading)):
                texts[f"{rule.name} {heading}"] = blocks["policy.yaml"]
    for file in (ROOT / "tests" / "rules").glob("*/*.case"):
        case = read_case(file)
        if "policy.yaml" in case.files:
            texts[f"{case.rule}/{file.stem}"] = case.files["policy.yaml"]
    return [pytest.param(texts[name], id=name) for name in sorted(texts)]


@pytest.mark.parametrize("text", policies())
def test_policies_are_valid(text):
    assert [error.message for error in iter_errors(POLICY_SCHEMA, read_yaml(text.encode()))] == []


def iter_errors(schema, document):
    return jsonschema.Draft202012Validator(schema).iter_errors(document)


def configs() -> list[pytest.param]:
    """Every config that is an example, or stands in a rule's page or the documentation."""
    texts = {
        f"{rule.name} {heading}": text
        for rule in RULES
        for heading in ("Bad", "Good")
        for name, text in page(rule).blocks(heading).items()
        if name.endswith("kfm-audit.toml")
    }
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    texts["docs/configuration.md"] = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)[0]
    for file in (ROOT / "examples").glob("**/*kfm-audit.toml"):
        texts[str(file.relative_to(ROOT))] = file.read_text(encoding="utf-8")
    return [pytest.param(texts[name], id=name) for name in sorted(texts)]


@pytest.mark.parametrize("text", configs())
def test_configs_are_valid(text):
    document = tomllib.loads(text)
    assert [error.message for error in iter_errors(CONFIG_SCHEMA, document)] == []
    read_strictly(document, Config)


def test_the_policy_of_the_documentation_is_valid():
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    policies = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert policies
    for policy in policies:
        document = read_yaml(policy.encode())
        assert [error.message for error in iter_errors(POLICY_SCHEMA, document)] == []
        configure(RULES, read_strictly(document, Policy))


WORDS = st.sampled_from(["", "error", "warning", "name", "10m", "soon", "ALM001", "TEL", "XYZ001", "x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | WORDS,
    lambda below: st.lists(below, max_size=2) | st.dictionaries(WORDS, below, max_size=2),
    max_leaves=4,
)
WHOLE = {
    "policy": 1,
    "name": "whole",
    "environments": {"names": {"prod": ["production"]}, "evidence": ["name"]},
    "severities": {"TEL": "warning", "ALM001": "note"},
    "lakefs": {
        "environment_branches": {"prod": ["env-prod"]},
        "rollback": {
            "users": ["ana", {"id": "ben", "since": "2026-01-01"}],
            "break_glass": {"groups": ["SRE"]},
        },
        "due": {"correction": "24h"},
        "overrides": [{"branches": ["env-dev"], "reason": "nobody depends on it", "due": {"review": "7d"}}],
    },
    "telemetry": {"max_values": 300, "overrides": [{"metrics": ["aws.*"], "reason": "AWS chose them"}]},
    "rules": {"ALM001": {"severity": "note", "undecided": "fail"}},
}


def places(document, path=()):
    yield path
    items = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    for key, value in items:
        yield from places(value, (*path, key))


def replaced(document, path, value):
    if not path:
        return value
    document = copy.copy(document)
    document[path[0]] = replaced(document[path[0]], path[1:], value)
    return document


def accepted(document) -> bool:
    try:
        configure(RULES, read_strictly(document, Policy))
    except DocumentError:
        return False
    return True


VALIDATOR = jsonschema_rs.Draft202012Validator(POLICY_SCHEMA)


@settings(max_examples=400)
@given(st.sampled_from(list(places(WHOLE))), VALUES)
def test_the_schema_accepts_what_the_reader_accepts(path, value):
    document = replaced(WHOLE, path, value)
    rules = document.get("rules") if isinstance(document, dict) else None
    severities = document.get("severities") if isinstance(document, dict) else None
    names = {
        *(rules if isinstance(rules, dict) else ()),
        *(severities if isinstance(severities, dict) else ()),
    }
    if "XYZ001" in names:
        return  # a rule of a plug-in: the schema admits what only the plug-in's presence can settle
    assert VALIDATOR.is_valid(document) == accepted(document), msgspec.json.encode(document)
