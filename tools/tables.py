"""The generated parts of hand-written pages, each between `<!-- NAME: generated -->` and `<!-- end -->`."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from unittest import mock

import msgspec
from msgspec import Struct

from kfm_audit import config
from kfm_audit.cli.parser import build_parser
from kfm_audit.exits import Exit
from kfm_audit.inputs import KINDS
from kfm_audit.policy import model
from kfm_audit.reports import FORMATS
from tools.described import attribute_docs, summary
from tools.markdown import table, type_and_default

END: Final = "<!-- end -->"
WIDTH: Final = 100
"""Columns of the help texts."""


def pages(root: Path) -> Iterator[tuple[str, str]]:
    """Path and text of every page, with its generated parts as they must be."""
    for path, parts in _parts().items():
        yield path, filled((root / path).read_text(encoding="utf-8"), parts, path)


def filled(text: str, parts: Mapping[str, str], path: str) -> str:
    """The page with its parts replaced. Raises ValueError where the page and the parts do not fit."""
    for name, part in parts.items():
        head = f"<!-- {name}: generated -->\n"
        before, *after = text.split(head)
        if len(after) != 1 or END not in after[0]:
            raise ValueError(f"{path}: `{head.strip()}` must stand in it once, with `{END}` below it")
        text = f"{before}{head}\n{part}\n\n{END}{after[0].partition(END)[2]}"
    unknown = set(re.findall(r"<!-- (.+?): generated -->", text)) - set(parts)
    if unknown:
        raise ValueError(f"{path}: nothing generates {', '.join(sorted(unknown))}")
    return text


def _parts() -> dict[str, dict[str, str]]:
    return {
        "docs/configuration.md": {
            "config": keys(config.Config),
            "stack": keys(config.Stack),
            "profile": keys(config.Profile),
            "suppress": keys(config.Suppress),
            "profiles": _profiles(),
            "policy": keys(model.Policy),
            "policy sections": _policy_sections(),
            "rule entry": keys(model.RuleEntry),
            "exit codes": exit_codes(),
        },
        "docs/command-line.md": {
            **{f"kfm-audit {name}".strip(): f"```text\n{text}```" for name, text in help_texts().items()},
            "formats": _formats(),
        },
        "docs/inputs.md": {"kinds": _kinds()},
    }


def keys(struct: type[Struct]) -> str:
    """The keys of a part of a document: type, default, meaning."""
    docs = attribute_docs(struct)
    return table(
        ("key", "type", "default", "meaning"),
        (
            (f"`{field.encode_name}`", *type_and_default(struct, field), docs.get(field.name, ""))
            for field in msgspec.structs.fields(struct)
        ),
    )


def exit_codes() -> str:
    """What a pipeline is told."""
    meanings = attribute_docs(Exit)
    return table(("exit code", "`check`"), ((str(int(code)), meanings[code.name]) for code in Exit))


def help_texts() -> dict[str, str]:
    """The help of every command, by its name; "" is the program's own."""
    with mock.patch.dict(os.environ, {"COLUMNS": str(WIDTH), "NO_COLOR": "1"}):
        parser = build_parser()
        texts = {"": parser.format_help()}
        for action in parser._actions:  # noqa: SLF001 - argparse gives its commands no public name
            if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
                texts |= {name: command.format_help() for name, command in action.choices.items()}
    return texts


def _profiles() -> str:
    return table(
        ("profile", "requires", "undecided"),
        (
            (
                f"`{profile.name}`",
                ", ".join(f"`{kind}`" for kind in profile.require) or "nothing",
                "fails" if profile.fail_on_undecided else "is counted apart",
            )
            for profile in config.BUILT_IN_PROFILES
        ),
    )


def _policy_sections() -> str:
    parts = []
    for title, struct in _sections():
        parts.append(f"#### {title}\n\n{summary(struct)}\n\n{keys(struct)}")
    return "\n\n".join(parts)


def _sections() -> Iterator[tuple[str, type[Struct]]]:
    """The maps in a policy, each after the one that it stands in, by the path of keys to it."""
    pending: list[tuple[str, object]] = [("", msgspec.inspect.type_info(model.Policy))]
    seen: set[type] = set()
    while pending:
        path, kind = pending.pop(0)
        if isinstance(kind, msgspec.inspect.StructType):
            if kind.cls in seen:
                continue
            seen.add(kind.cls)
            if path:
                yield f"`{path}`", kind.cls
            below = [(f"{path}.{field.encode_name}".lstrip("."), field.type) for field in kind.fields]
            pending = [*below, *pending]
        elif isinstance(kind, msgspec.inspect.UnionType):
            pending = [*((path, one) for one in kind.types), *pending]
        elif isinstance(kind, msgspec.inspect.VarTupleType):
            pending.insert(0, (f"{path}[]", kind.item_type))


def _formats() -> str:
    return table(
        ("format", "what it is for"), ((f"`{name}`", format_.title) for name, format_ in FORMATS.items())
    )


def _kinds() -> str:
    return table(
        ("kind", "what it is", "names that claim it"),
        (
            (f"`{kind.name}`", kind.title, ", ".join(f"`{name}`" for name in kind.names) or "none")
            for kind in KINDS
        ),
    )
