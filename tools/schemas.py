"""`schemas/policy-v1.schema.json` and `schemas/config-v1.schema.json`, from the types that read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from kfm_audit.alarmtests.document import TestFile
from kfm_audit.alarmtests.formats.document import ReportDocument
from kfm_audit.alarmtests.places import AS_WRITTEN
from kfm_audit.config import Config
from kfm_audit.drill.document import DrillDocument
from kfm_audit.policy.model import Policy, RuleEntry
from kfm_audit.replay.document import Document
from kfm_audit.rules.kit import NoSettings, Rule
from kfm_audit.rules.page import page
from tools.described import attribute_docs, summary

# A JSON Schema is a tree of any JSON values.
Schema = dict[str, Any]

BASE: Final = "https://kansasfrontiermatrix.org/schemas/kfm-audit/"
_POINTER: Final = "#/$defs/{name}"
_EDIT: Final = "Generated; edit {file}, then run `python tools/generate.py`."


def schemas(rules: Iterable[Rule]) -> Iterator[tuple[str, str]]:
    """Path and text of every file."""
    yield "schemas/policy-v1.schema.json", _text(policy_schema(tuple(rules)))
    yield "schemas/config-v1.schema.json", _text(config_schema())
    yield "schemas/alarm-tests-v1.schema.json", _text(alarm_tests_schema())
    yield "schemas/report/test-json-v1.schema.json", _text(test_report_schema())
    yield "schemas/report/replay-json-v1.schema.json", _text(replay_schema())
    yield "schemas/report/drill-json-v1.schema.json", _text(drill_schema())


def alarm_tests_schema() -> Schema:
    """The schema of a file of alarm tests."""
    defs = _definitions((TestFile,))
    for part in defs.values():
        for key in AS_WRITTEN & set(part.get("properties", ())):
            # An editor takes a bare `5` for a number; here it is read as it is written.
            part["properties"][key]["type"] = ["string", "number"]
    root = defs.pop(TestFile.__name__)
    edit = _EDIT.format(file="kfm_audit/alarmtests/document.py")
    return _document("alarm-tests-v1.schema.json", "kfm-audit alarm tests, version 1", edit, root, defs)


def test_report_schema() -> Schema:
    """The schema of what `kfm-audit test --output json` writes."""
    defs = _definitions((ReportDocument,))
    root = defs.pop(ReportDocument.__name__)
    edit = _EDIT.format(file="kfm_audit/alarmtests/formats/document.py")
    return _document("report/test-json-v1.schema.json", "kfm-audit test, version 1", edit, root, defs)


def replay_schema() -> Schema:
    """The schema of what `kfm-audit replay --output json` writes."""
    defs = _definitions((Document,))
    root = defs.pop(Document.__name__)
    root["description"] = "What alarms would have done over recorded history, before a change and after it."
    edit = _EDIT.format(file="kfm_audit/replay/document.py")
    return _document("report/replay-json-v1.schema.json", "kfm-audit replay, version 1", edit, root, defs)


def drill_schema() -> Schema:
    """The schema of what `kfm-audit drill --output json` writes."""
    defs = _definitions((DrillDocument,))
    root = defs.pop(DrillDocument.__name__)
    edit = _EDIT.format(file="kfm_audit/drill/document.py")
    return _document("report/drill-json-v1.schema.json", "kfm-audit drill, version 1", edit, root, defs)


def config_schema() -> Schema:
    """The schema of `kfm-audit.toml` and of `[tool.kfm-audit]`."""
    defs = _definitions((Config,))
    root = defs.pop(Config.__name__)
    root["description"] = "Settings of one project for kfm-audit; the command line wins over them."
    edit = _EDIT.format(file="kfm_audit/config.py")
    return _document("config-v1.schema.json", "kfm-audit config, version 1", edit, root, defs)


def policy_schema(rules: tuple[Rule, ...]) -> Schema:
    """The schema of a policy as it is written, before what it extends is merged in."""
    defs = _definitions((Policy, RuleEntry))
    root = defs.pop(Policy.__name__)
    families = sorted({rule.family for rule in rules})
    other = f"^(?!{'|'.join(families)})[A-Z]{{3}}"
    ids = [rule.id for rule in rules]
    root["properties"]["severities"]["propertyNames"] = {
        "anyOf": [{"enum": [*families, *ids]}, {"pattern": f"{other}([0-9]{{3}})?$"}]
    }
    root["properties"]["rules"] |= {
        "properties": {rule.id: _entry(rule, defs) for rule in rules},
        "propertyNames": {"anyOf": [{"enum": ids}, {"pattern": f"{other}[0-9]{{3}}$"}]},
        "additionalProperties": {
            "description": "A rule of a plug-in.",
            **defs[RuleEntry.__name__],
            "additionalProperties": True,
        },
    }
    edit = _EDIT.format(file="kfm_audit/policy/model.py, or the settings of a rule")
    return _document("policy-v1.schema.json", "kfm-audit policy, version 1", edit, root, defs)


def _entry(rule: Rule, defs: dict[str, Schema]) -> Schema:
    """What a policy may say of one rule: severity, what undecided means, and the rule's own settings."""
    about = page(rule).summary
    if rule.settings is NoSettings:
        return {"description": about, "$ref": _POINTER.format(name=RuleEntry.__name__)}
    found = _definitions((rule.settings,), f"#/$defs/{rule.id}.{{name}}")
    own = found.pop(rule.settings.__name__)
    defs |= {f"{rule.id}.{name}": schema for name, schema in found.items()}
    return {
        **own,
        "description": about,
        "properties": defs[RuleEntry.__name__]["properties"] | own["properties"],
        "additionalProperties": False,
    }


def _definitions(types: tuple[type[Struct], ...], pointer: str = _POINTER) -> dict[str, Schema]:
    """The definitions of structs and of all that they hold, described by their docstrings."""
    _, defs = msgspec.json.schema_components(types, ref_template=pointer)
    for struct in _structs(types):
        if struct.__name__ in defs:
            _describe(defs[struct.__name__], struct)
    return defs


def _structs(types: Iterable[type[Struct]]) -> Iterator[type[Struct]]:
    from msgspec import inspect

    pending: list[Any] = [inspect.type_info(kind) for kind in types]
    while pending:
        kind = pending.pop()
        if isinstance(kind, inspect.StructType):
            yield kind.cls
            pending += [field.type for field in kind.fields]
        for part in ("types", "item_type", "value_type", "type"):
            below = getattr(kind, part, ())
            pending += below if isinstance(below, tuple) else (below,)


def _describe(schema: Schema, struct: type[Struct]) -> None:
    """Put docstrings where editors show them, and leave out the defaults that say nothing."""
    schema.pop("title", None)
    if summary(struct):
        schema["description"] = summary(struct)
    else:
        schema.pop("description", None)
    docs = attribute_docs(struct)
    for field in msgspec.structs.fields(struct):
        value = schema["properties"][field.encode_name]
        if value.get("default", "") in ("", None, (), [], {}):
            value.pop("default", None)
        if field.name in docs:
            schema["properties"][field.encode_name] = {"description": docs[field.name], **value}
    if not schema.get("required"):
        schema.pop("required", None)


def _document(name: str, title: str, edit: str, root: Schema, defs: dict[str, Schema]) -> Schema:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": BASE + name,
        "$comment": edit,
        "title": title,
        **root,
        "$defs": {key: defs[key] for key in sorted(defs)},
    }


def _text(schema: Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
