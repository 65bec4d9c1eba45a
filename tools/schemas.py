"""`schemas/policy-v1.schema.json` and `schemas/config-v1.schema.json`, from the types that read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from kfm_audit.config import Config
from kfm_audit.policy.model import Policy, RuleEntry
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
