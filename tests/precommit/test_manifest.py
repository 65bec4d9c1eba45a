"""The hook manifest is current, and its patterns are the kinds' names."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from kfm_audit.inputs import KINDS
from tests.precommit.manifest import expression, manifest

FILE = Path(__file__).resolve().parents[2] / ".pre-commit-hooks.yaml"


def test_the_manifest_is_current():
    if os.environ.get("KFM_UPDATE_GENERATED"):
        FILE.write_text(manifest(), encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == manifest()


@pytest.fixture(scope="module")
def hooks():
    return {hook["id"]: hook for hook in yaml.safe_load(FILE.read_text(encoding="utf-8"))}


def test_the_hooks_differ_in_what_they_are_given(hooks):
    assert {
        name: (hook.get("pass_filenames", True), hook.get("require_serial", False))
        for name, hook in hooks.items()
    } == {
        "kfm-audit": (True, True),
        "kfm-audit-all": (False, False),
    }


@pytest.mark.parametrize("kind", tuple(KINDS), ids=lambda kind: kind.name)
def test_a_file_that_claims_a_kind_wakes_both_hooks(hooks, kind):
    for name in kind.names:
        path = f"data/{name.replace('*', 'x').replace('?', 'x')}"
        assert PurePosixPath(path).match(name)
        for hook in hooks.values():
            assert re.search(hook["files"], path)


def test_the_configuration_wakes_the_hook_that_looks_at_everything(hooks):
    for path in ("kfm-audit.toml", ".kfm-audit.toml", "infra/kfm-audit.toml"):
        assert re.search(hooks["kfm-audit-all"]["files"], path)
        assert not re.search(hooks["kfm-audit"]["files"], path)


@pytest.mark.parametrize("path", ["README.md", "src/app.py", "infra/kfm-audit.toml.bak", "package.json"])
def test_other_files_wake_none(hooks, path):
    assert not any(re.search(hook["files"], path) for hook in hooks.values())


NAMES = sorted({name for kind in KINDS for name in kind.names} | {"a ?b/*#.json"})
PARTS = st.text(
    st.sampled_from("ax.-_ #") | st.characters(codec="utf-8", exclude_characters="/\0\n"),
    min_size=1,
    max_size=6,
)


@given(st.sampled_from(NAMES), st.lists(PARTS | st.sampled_from(NAMES), min_size=1, max_size=3))
@example("*.tf", ["a", "main.tf"])
@example("*.tf", ["main_tf"])
def test_the_pattern_means_what_the_glob_means(glob, parts):
    path = PurePosixPath("/".join(parts).replace("*", "x").replace("?", "y"))
    found = re.search(f"(?x)(^|/)({expression(glob)})$", str(path))
    assert bool(found) == path.match(glob)
