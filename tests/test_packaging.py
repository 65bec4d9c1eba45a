"""The wheel holds all that a run needs, and runs away from the clone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

from kfm_audit import __version__
from kfm_audit.policy.load import load_policy
from kfm_audit.policy.yaml import read_yaml
from kfm_audit.rules.registry import rules_by_folder
from tests.action.plans import DEAF

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path, code: int = 0, **variables: str) -> str:
    """Run a command that sees no clone, and give its standard output."""
    hidden = {"PYTHONPATH", "PYTHONHOME", "KFM_AUDIT_CONFIG", "VIRTUAL_ENV"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if name not in hidden} | variables,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel as pip builds it; without isolation, so that no index is asked."""
    pytest.importorskip("hatchling", reason="hatchling is not installed here: the wheel cannot be built")
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check")
    run(*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT, cwd=folder)
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def names(wheel) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_it_holds_the_package_and_no_more(names):
    tracked = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "kfm_audit").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and "_shipped" not in path.parts
    }
    shipped = {f"kfm_audit/_shipped/policies/{file.stem}.json" for file in (ROOT / "policies").glob("*.yaml")}
    shipped |= {
        f"kfm_audit/_shipped/{file.relative_to(ROOT).as_posix()}"
        for file in (ROOT / "schemas").rglob("*")
        if file.is_file()
    }
    held = {name for name in names if not name.startswith(f"kfm_audit-{__version__}.dist-info/")}
    assert held == tracked | shipped | {"kfm_audit/_shipped/rules.json"}
    assert "kfm_audit/py.typed" in held


def test_its_metadata(wheel, names):
    with zipfile.ZipFile(wheel) as archive:
        about = f"kfm_audit-{__version__}.dist-info"
        metadata = message_from_string(archive.read(f"{about}/METADATA").decode())
        entry_points = archive.read(f"{about}/entry_points.txt").decode()
    assert metadata["Version"] == __version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert f"{about}/licenses/LICENSE" in names
    assert "kfm-audit = kfm_audit.cli:entry_point" in entry_points


def test_packs_are_compiled_as_a_run_reads_them(wheel):
    with zipfile.ZipFile(wheel) as archive:
        for file in (ROOT / "policies").glob("*.yaml"):
            compiled = json.loads(archive.read(f"kfm_audit/_shipped/policies/{file.stem}.json"))
            assert compiled == read_yaml(file.read_bytes())


def test_a_build_writes_nothing_into_the_clone(wheel):
    assert not (ROOT / "kfm_audit" / "_shipped").exists()


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """Python of an environment with the wheel in it, and the dependencies of this one."""
    python = environment(tmp_path_factory.mktemp("installed"))
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=wheel.parent)
    return python


@pytest.fixture(scope="module")
def editable(wheel, tmp_path_factory) -> Path:
    """The same with an editable install of the clone."""
    python = environment(tmp_path_factory.mktemp("editable"))
    pip = (python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation")
    run(*pip, "--editable", ROOT, cwd=wheel.parent)
    return python


def environment(folder: Path) -> Path:
    """An environment that sees the packages of the running one, which may be an environment itself."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    (site,) = run(python, "-c", "import site; print(*site.getsitepackages(), sep='\\n')", cwd=folder).split()
    (Path(site) / "outer.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder outside the clone, with a plan that has one finding."""
    (tmp_path / "tfplan.json").write_text(DEAF)
    return tmp_path


def command(python: Path) -> Path:
    return python.with_name("kfm-audit")


def test_the_version_is_one(installed, editable, folder):
    for python in (installed, editable):
        assert run(command(python), "--version", cwd=folder) == f"kfm-audit {__version__}\n"
        code = "from importlib.metadata import version; print(version('kfm-audit'))"
        assert run(python, "-c", code, cwd=folder) == f"{__version__}\n"


def test_the_installed_package_is_the_one_that_runs(installed, folder):
    where = run(python := installed, "-c", "import kfm_audit; print(kfm_audit.__file__)", cwd=folder).strip()
    assert Path(where).is_relative_to(python.parent.parent)


def test_it_lists_and_explains_all_rules(installed, folder):
    rules = json.loads(run(command(installed), "rules", "--format", "json", cwd=folder))
    assert [(rule["id"], rule["name"], rule["severity"]) for rule in rules] == [
        (rule.id, rule.name, rule.severity.value) for rule in rules_by_folder()
    ]
    assert "## Why" in run(command(installed), "explain", "LFS002", cwd=folder)


def checked(program: tuple[str | Path, ...], folder: Path, *arguments: str, **variables: str) -> dict:
    options = ("--now", "2026-01-31T00:00:00Z", "--output", "json", "--quiet")
    return json.loads(run(*program, "check", *options, *arguments, cwd=folder, code=1, **variables))


@pytest.mark.parametrize("pack", ["core", "kfm-v11"])
def test_wheel_editable_and_clone_find_the_same_packs(installed, editable, folder, pack):
    arguments = ("--policy", pack)
    (folder / "policy.yaml").write_text(f"policy: 1\nextends: {pack}\n")
    clone = checked((sys.executable, "-m", "kfm_audit"), folder, *arguments, PYTHONPATH=str(ROOT))
    assert clone["policy"] == {"name": pack, "sha256": load_policy(pack).sha256}
    assert {"ALM001"} <= {finding["rule"] for finding in clone["findings"]}
    for python in (installed, editable):
        assert checked((command(python),), folder, *arguments) == clone
        assert checked((python, "-m", "kfm_audit"), folder, *arguments) == clone
        extended = checked((command(python),), folder, "--policy", "policy.yaml")
        assert extended["findings"] == clone["findings"]


def test_schemas_are_found_in_the_wheel(installed, folder):
    code = (
        "from kfm_audit.shipped import read_schema; import json; "
        "print(json.loads(read_schema('policy-v1.schema.json'))['$id'])"
    )
    assert run(installed, "-c", code, cwd=folder).strip().endswith("/policy-v1.schema.json")


def test_a_run_from_the_wheel_reads_no_yaml_and_imports_no_rule_in_vain(installed, folder):
    code = (
        "import os, sys; from kfm_audit.cli import entry_point; "
        "os._exit = lambda code: print(code, *sys.modules); "
        "sys.argv[1:] = ['check', '--quiet', 'tfplan.json']; entry_point()"
    )
    ended, *names = run(installed, "-c", code, cwd=folder).splitlines()[-1].split()
    assert ended == "1"
    loaded = set(names)
    assert not loaded & {"yaml", "json", "inspect", "dataclasses", "rich", "importlib.metadata"}
    rules = {name for name in loaded if name.count(".") == 3 and name.startswith("kfm_audit.rules.")}
    families = {name.split(".")[2] for name in rules}
    assert "alm" in families
    assert families <= {"alm", "sns"}, "nothing else is woken by a plan"


def test_the_source_distribution_builds_the_same_wheel(wheel, names, tmp_path):
    code = "import sys; from hatchling.build import build_sdist; print(build_sdist(sys.argv[1]))"
    made = run(sys.executable, "-c", code, tmp_path, cwd=ROOT).strip()
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check")
    run(*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, tmp_path / made, cwd=tmp_path)
    (again,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(again) as archive:
        assert sorted(archive.namelist()) == sorted(names)


def test_the_catalogue_in_the_wheel_says_what_the_rules_say(installed, folder):
    code = (
        "from kfm_audit.rules.registry import built_in_rules, rules_by_folder\n"
        "def told(rules):\n"
        "    return [(one.id, one.name, one.on, one.changes, one.severity, one.singly) for one in rules]\n"
        "known = built_in_rules()\n"
        "assert told(known) == told(rules_by_folder())\n"
        "assert [one.body for one in known] == [one.body for one in rules_by_folder()]\n"
        "print(len(known))"
    )
    assert int(run(installed, "-c", code, cwd=folder)) == len(rules_by_folder())
