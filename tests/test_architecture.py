"""The arrows of docs/architecture.md, read from the imports as they are written."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "kfm_audit"

LAYERS = (
    ("__main__", "testing"),
    ("cli",),
    ("audit", "alarmtests", "case", "collect", "exits", "ledger", "population", "questions", "replay"),
    ("config",),
    ("reports",),
    ("rules",),
    ("inputs",),
    ("findings",),
    ("drill",),
    ("simulation",),
    ("evidence",),
    ("policy",),
    ("facts",),
    ("values",),
)
"""From the top to the bottom: a module imports from its own layer and from those below."""

GROUND = ("aws", "lakefs", "prov", "telemetry")
"""Libraries that import nothing of ours but `values`."""

EVERYWHERE = ("digest", "globs", "pattern", "shipped", "")
"""What any layer may import, because it imports nothing of ours; "" is the package, for its version."""

FOR_RULES = ("facts", "evidence", "drill", "values", *GROUND)
"""What a rule may import beside the kit and the standard library."""

HEAVY = frozenset(
    {
        *(
            "dataclasses",
            "difflib",
            "hcl2",
            "importlib.metadata",
            "inspect",
            "json",
            "unittest",
            "urllib.request",
        ),
        *("jsonschema", "jsonschema_rs", "pathspec", "prometheus_client", "pyoxigraph", "rdflib", "rich"),
        *("rich_argparse", "tomllib", "tree_sitter", "tree_sitter_hcl", "yaml"),
    }
)
"""Imported only inside the function that needs them: a run pays for what it reads."""

LONGEST = 300
LONG_FOR_A_REASON = {
    "kfm_audit/inputs/terraform/language/evaluate.py": (
        "one method for each kind of expression of the language, and the table that chooses among them"
    ),
}
"""Modules with more lines than `LONGEST`, and why each is one thing all the same."""


def modules() -> list[Path]:
    return sorted(file for file in PACKAGE.rglob("*.py") if "_shipped" not in file.parts)


def shown(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imported(tree: ast.AST) -> Iterator[str]:
    """The full names of all imported modules, inside functions and under TYPE_CHECKING too."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                assert level == 0, "imports are absolute"
                # `from kfm_audit import shipped` imports a module, `from kfm_audit.facts import Fact` a name.
                yield from (f"{module}.{name.name}" for name in names)


def part_of(name: str) -> str:
    """The first part of a name: `facts` of `kfm_audit.facts.base.Fact`; "" for the package itself."""
    part = name.removeprefix("kfm_audit").lstrip(".").partition(".")[0]
    return part if (PACKAGE / part).is_dir() or (PACKAGE / f"{part}.py").is_file() else ""


def part_of_file(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def ours(tree: ast.AST) -> list[str]:
    return [name for name in imported(tree) if name.split(".")[0] == "kfm_audit"]


def allowed(part: str) -> set[str]:
    """The parts that a part may import."""
    if part in GROUND:
        return {part, "values", *EVERYWHERE}
    if part in EVERYWHERE or part == "__init__":
        return {""}
    at = next(number for number, layer in enumerate(LAYERS) if part in layer)
    return {*(name for layer in LAYERS[at:] for name in layer), *GROUND, *EVERYWHERE}


def test_every_part_has_its_place():
    parts = {part_of_file(file) for file in modules()} - {"__init__"}
    assert parts <= {name for layer in LAYERS for name in layer} | {*GROUND, *EVERYWHERE}


@pytest.mark.parametrize("file", modules(), ids=shown)
def test_imports_run_one_way(file):
    upward = [name for name in ours(parsed(file)) if part_of(name) not in allowed(part_of_file(file))]
    assert upward == [], "imports run downwards: see The arrows in docs/architecture.md"


def rule_modules() -> list[Path]:
    return [file for file in modules() if file.match("kfm_audit/rules/*/*.py") and file.name != "__init__.py"]


@pytest.mark.parametrize("file", rule_modules(), ids=shown)
def test_a_rule_knows_no_parser_path_or_format(file):
    for name in imported(parsed(file)):
        top = name.split(".")[0]
        if top != "kfm_audit":
            assert top in sys.stdlib_module_names | {"msgspec"}, (
                f"{name}: a rule needs the standard library only"
            )
            assert top not in ("pathlib", "os", "io", "json"), f"{name}: a rule reads no files"
        else:
            assert name.startswith("kfm_audit.rules.kit.") or part_of(name) in FOR_RULES, (
                f"{name}: not for a rule"
            )


@pytest.mark.parametrize("file", modules(), ids=shown)
def test_nothing_heavy_is_imported_at_the_top(file):
    assert not HEAVY & set(imported_at_the_top(parsed(file)))


def imported_at_the_top(tree: ast.Module) -> Iterator[str]:
    """What an import of the module imports: not what stands in functions or under TYPE_CHECKING."""
    for node in tree.body:
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str(module)):
                yield module
                yield module.partition(".")[0]


def test_a_plan_is_checked_without_what_other_inputs_need(tmp_path):
    (tmp_path / "tfplan.json").write_text(
        '{"format_version": "1.2", "terraform_version": "1.9.5", "resource_changes": []}'
    )
    code = (
        "import os, sys; from kfm_audit.cli import entry_point; "
        "os._exit = lambda code: print(code, *sys.modules); "
        "sys.argv[1:] = ['check', '--isolated', '--quiet', 'tfplan.json']; entry_point()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        check=True,
        capture_output=True,
        text=True,
    )
    code, *modules_loaded = done.stdout.splitlines()[-1].split()
    loaded = set(modules_loaded)
    assert (code, "kfm_audit.audit" in loaded) == ("0", True)
    # In a clone the packs are YAML; in a wheel they are JSON, and yaml is not needed either.
    ours = {"kfm_audit.inputs.telemetry_formats.otlp", "kfm_audit.prov.graph", "kfm_audit.aws.math_check"}
    needless = HEAVY - {"yaml"} | {"numpy", "matplotlib"} | ours
    assert loaded & needless == set()


@pytest.mark.parametrize("folder", ["kfm_audit", "tools"])
def test_modules_are_small(folder):
    long = {
        shown(file): lines
        for file in sorted((ROOT / folder).rglob("*.py"))
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert set(long) == {name for name in LONG_FOR_A_REASON if name.startswith(f"{folder}/")}, long


def test_files_are_named_after_what_they_hold():
    vague = {"utils", "util", "helpers", "common", "misc", "tools", "base_utils"}
    assert not [
        shown(file) for file in modules() if vague & set(file.relative_to(PACKAGE).with_suffix("").parts)
    ]


def test_every_module_postpones_its_annotations():
    without = [
        shown(file)
        for file in modules()
        if any(isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AnnAssign) for node in parsed(file).body)
        and "annotations" not in {name.rpartition(".")[2] for name in imported(parsed(file))}
    ]
    # What a policy may say is decoded at each start, and annotations that are texts would be parsed then.
    assert without == [f"kfm_audit/policy/{name}.py" for name in ("contract", "lakefs", "model", "section")]


def test_the_page_names_the_same_arrows():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    middle = [layer[0] for layer in LAYERS[1:]]
    assert f"`{' → '.join(middle)}`" in page
    assert all(f"`{name}`" in page for name in GROUND)
