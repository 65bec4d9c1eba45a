"""Which config applies, and what is wrong with it."""

from __future__ import annotations

import pytest

from kfm_audit import __version__
from tests.action.plans import DEAF

SILENT = 'ignore = ["ALM001"]\n'


@pytest.fixture(autouse=True)
def plan(project):
    project.repository()
    project.write("infra/prod/tfplan.json", DEAF)


def silent(project, *arguments, cwd=".") -> bool:
    """Whether the config that ignores ALM001 applies."""
    return project.found(*arguments, cwd=cwd) == []


@pytest.mark.parametrize("name", ["kfm-audit.toml", ".kfm-audit.toml", "pyproject.toml"])
@pytest.mark.parametrize("folder", [".", "infra", "infra/prod"])
def test_it_is_found_from_paths_up_to_the_root_of_the_repository(project, name, folder):
    assert not silent(project, "infra/prod")
    text = f"[tool.kfm-audit]\n{SILENT}" if name == "pyproject.toml" else SILENT
    project.write(f"{folder}/{name}", text)
    assert silent(project, "infra/prod")
    assert silent(project, ".", cwd="infra/prod")
    assert silent(project, "infra/prod/tfplan.json")


def test_it_is_not_found_beyond_the_repository(project):
    (project.folder.parent / "kfm-audit.toml").write_text(SILENT)
    assert not silent(project, "infra/prod")


def test_without_a_repository_it_is_found_up_to_the_working_directory(tmp_path, project):
    project.write("../outside/a/b/tfplan.json", DEAF)
    project.write("../outside/kfm-audit.toml", SILENT)
    assert silent(project, "a/b", cwd="../outside")
    assert not silent(project, "b", cwd="../outside/a")
    assert not silent(project, "../outside/a")
    assert silent(project, "../outside")


def test_it_is_not_found_below_the_folder_of_all_paths(project):
    project.write("infra/prod/kfm-audit.toml", SILENT)
    project.write("infra/dev/tfplan.json", DEAF)
    assert not silent(project, "infra/prod", "infra/dev")


def test_the_nearest_wins_as_a_whole(project):
    project.write("kfm-audit.toml", SILENT)
    project.write("infra/kfm-audit.toml", 'min-severity = "note"\n')
    assert not silent(project, "infra/prod")


def test_in_one_folder_the_first_name_wins(project):
    project.write("kfm-audit.toml", SILENT)
    project.write(".kfm-audit.toml", "")
    project.write("pyproject.toml", "[tool.kfm-audit]\n")
    assert silent(project, ".")
    (project.folder / "kfm-audit.toml").unlink()
    assert not silent(project, ".")


def test_a_pyproject_without_our_table_is_passed_by(project):
    project.write("kfm-audit.toml", SILENT)
    for text in (
        "[project]\nname = 'x'\n",
        "[tool]\n",
        "tool = 3\n",
        "[tool.ruff]\n",
        "<<<<<<< HEAD\n",
        "\xff",
    ):
        project.write("infra/pyproject.toml", text.encode("latin-1"))
        assert silent(project, "infra/prod"), text


def test_a_pyproject_with_our_table_must_be_read(project):
    project.write("infra/pyproject.toml", "[tool.kfm-audit]\nignore = ['ALM001']\n<<<<<<< HEAD\n")
    done = project.check("infra/prod")
    assert done.code == 2
    assert "pyproject.toml: is not TOML: " in done.err


def test_config_and_environment_name_another(project, monkeypatch):
    project.write("elsewhere/silent.toml", SILENT)
    project.write("elsewhere/loud.toml", "")
    project.write("kfm-audit.toml", "")
    assert silent(project, "--config", "elsewhere/silent.toml", "infra")
    monkeypatch.setenv("KFM_AUDIT_CONFIG", "elsewhere/silent.toml")
    assert silent(project, "infra")
    assert not silent(project, "--config", "elsewhere/loud.toml", "infra")
    assert not silent(project, "--isolated", "infra")


def test_config_must_be_one(project):
    project.write("pyproject.toml", "[project]\n")
    done = project.check("--config", "pyproject.toml")
    assert (done.code, done.err) == (2, "kfm-audit: pyproject.toml: has no table [tool.kfm-audit]\n")


def test_isolated_takes_none(project):
    project.write("kfm-audit.toml", SILENT)
    assert silent(project, "infra")
    assert not silent(project, "--isolated", "infra")


def test_the_command_line_wins_over_the_profile_and_the_profile_over_the_config(project):
    profile = '[[profile]]\nname = "mild"\nfail-on = "never"\nselect = ["TEL"]\n'
    project.write("kfm-audit.toml", f'fail-on = "error"\nselect = ["ALM"]\n{profile}')
    assert project.check("infra").code == 1
    assert project.check("--profile", "mild", "infra").code == 0
    assert project.check("--profile", "mild", "--select", "ALM", "infra").code == 0
    assert project.check("--profile", "mild", "--select", "ALM", "--fail-on", "note", "infra").code == 1


def test_a_default_profile_and_a_profile_of_a_built_in_name(project):
    project.write("kfm-audit.toml", 'default-profile = "nightly"\n')
    assert project.check("infra").code == 3
    assert project.check("--profile", "pr", "infra").code == 1
    project.write("kfm-audit.toml", 'default-profile = "nightly"\n[[profile]]\nname = "nightly"\n')
    assert project.check("infra").code == 1


def test_a_policy_is_relative_to_the_config(project):
    project.write("infra/ours.yaml", "policy: 1\nseverities: {ALM: note}\n")
    project.write("infra/kfm-audit.toml", 'policy = "ours.yaml"\n')
    assert project.check("infra").code == 0
    assert project.check("--policy", "core", "infra").code == 1
    project.write("infra/kfm-audit.toml", 'policy = "core"\n')
    assert project.check("infra").code == 1


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ('fail-onn = "error"\n', ":1 (fail-onn)", "unknown key `fail-onn`: did you mean `fail-on`?"),
        ('\nfail_on = "error"\n', ":2 (fail_on)", "unknown key `fail_on`: did you mean `fail-on`?"),
        (
            '[[suppress]]\nrule = "ALM001"\nsubject = "*"\nreson = "none"\n',
            ":4 (suppress.0.reson)",
            "unknown key `reson`: did you mean `reason`?",
        ),
        ('[[stack]]\nplan = "a"\n', ":1 (stack.0)", "lacks the key `root`"),
        ('fail-on = "eror"\n', ":1 (fail-on)", "`eror` is no value of this key: did you mean `error`?"),
        ("select = 'ALM001'\n", ":1 (select)", "expected a list, got text"),
        (
            'fail-on-undecided = "yes"\n',
            ":1 (fail-on-undecided)",
            "expected true or false or nothing, got text",
        ),
        ("policy = [\n", "", "is not TOML: Invalid value (at end of document)"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(project, text, place, message):
    project.write("kfm-audit.toml", text)
    done = project.check("--fail-on", "never")
    assert (done.code, done.err) == (2, f"kfm-audit: {project.folder}/kfm-audit.toml{place}: {message}\n")


def test_a_rule_that_the_config_names_must_exist(project):
    project.write("kfm-audit.toml", 'ignore = ["ALM0001"]\n')
    done = project.check()
    assert (done.code, done.err) == (
        2,
        "kfm-audit: no rule or family is called ALM0001: did you mean `ALM001`?\n",
    )


@pytest.mark.parametrize(
    ("required", "message"),
    [
        (f"=={__version__}", None),
        (f">={__version__},<99", None),
        (__version__, None),
        (">=99", f"asks for version >=99, this is {__version__}"),
        ("<0.0.1", f"asks for version <0.0.1, this is {__version__}"),
        (f"!={__version__}", f"asks for version !={__version__}, this is {__version__}"),
        (f">={__version__},>=99", f"asks for version >={__version__},>=99, this is {__version__}"),
        ("latest", "required-version 'latest' is no version: write `>=0.1,<1`"),
        (">=1.0rc1", "required-version '>=1.0rc1' is no version: write `>=0.1,<1`"),
    ],
)
def test_the_required_version(project, required, message):
    project.write("kfm-audit.toml", f'required-version = "{required}"\n{SILENT}')
    done = project.check()
    if message is None:
        assert done.code == 0
    else:
        assert (done.code, done.err) == (2, f"kfm-audit: {project.folder}/kfm-audit.toml: {message}\n")
