"""Wrong usage is said with the nearest right word, and ends with 2 whatever --fail-on says."""

from __future__ import annotations

import pytest

from kfm_audit import __version__
from tests.action.plans import DEAF, SOUND


@pytest.fixture(autouse=True)
def plan(project):
    project.write("tfplan.json", SOUND)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--select", "LFS2"), "no rule or family is called LFS2: did you mean `LFS002`?"),
        (("--select", "ALM01"), "no rule or family is called ALM01: did you mean `ALM001`?"),
        (("--select", "ALM0001"), "no rule or family is called ALM0001: did you mean `ALM001`?"),
        (
            ("--ignore", "alarm-without-sns-actions"),
            "no rule or family is called alarm-without-sns-actions: did you mean `alarm-without-sns-action`?",
        ),
        (("--select", "TLE"), "no rule or family is called TLE: did you mean `TEL`?"),
        (
            ("--ignore", "everything"),
            "no rule or family is called everything: families are ALM, LFS, PRV, SNS, SYS, TEL; see `kfm-audit rules`",
        ),
        (("--output", "sariff"), "--output sariff: no format is called sariff: did you mean `sarif`?"),
        (
            ("--output", "pdf=out.pdf"),
            "--output pdf=out.pdf: no format is called pdf: known are {formats}",
        ),
        (("--kind", "terraform-plans"), "no kind is called terraform-plans: did you mean `terraform-plan`?"),
        (("--profile", "nigthly"), "no profile is called 'nigthly': did you mean `nightly`?"),
        (
            ("--policy", "kfm-v12"),
            "kfm-v12: no such policy file, and no pack of that name: did you mean `kfm-v11`?",
        ),
        (
            ("--policy", "policies/ours.yaml"),
            "policies/ours.yaml: no such policy file, and no pack of that name: known are `core`, `kfm-v11`",
        ),
        (("--config", "not-there.toml"), "{folder}/not-there.toml: No such file or directory"),
        (("--baseline", "not-there.json"), "not-there.json: No such file or directory"),
        (
            ("--baseline", "tfplan.json"),
            "tfplan.json: is no JSON report: Object missing required field `findings`; {make_one}",
        ),
        (("--now", "yesterday"), "--now yesterday: is no time; write 2026-01-31T09:00:00Z"),
        (("--since", "2026-02-30"), "--since 2026-02-30: is no time; write 2026-01-31T09:00:00Z"),
        (("not-there",), "not-there: no such file or folder"),
        (
            ("-",),
            "`-` reads standard input, which has no name to go by: say what it is with --kind",
        ),
        (
            ("--output", "json", "--output", "text"),
            "--output: only one format can go to standard output; give the others a PATH",
        ),
        (
            ("--output", "json=tfplan.json/out.json"),
            "tfplan.json/out.json: cannot be written: File exists",
        ),
    ],
)
def test_the_message_names_the_cure(project, arguments, message):
    done = project.check("--fail-on", "never", *arguments)
    wanted = message.format(
        folder=project.folder,
        formats="`github`, `json`, `json-v1`, `sarif`, `summary`, `text`",
        make_one="make one with --output json=tfplan.json",
    )
    assert (done.code, done.out, done.err) == (2, "", f"kfm-audit: {wanted}\n")


def test_a_baseline_that_is_not_utf_8_is_said(project):
    project.write("b.json", b'{"findings":[{"fingerprint":"\xff"}]}')
    done = project.check("--baseline", "b.json", ".")
    said = "kfm-audit: b.json: is no JSON report: it is not UTF-8; make one with --output json=b.json\n"
    assert (done.code, done.out, done.err) == (2, "", said)


@pytest.mark.parametrize("word", ["ALM01", "alarm-without-sns"])
def test_explain_knows_the_nearest_rule(project, word):
    done = project.run("explain", word)
    assert done.code == 2
    assert "did you mean `" in done.err


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("alarm-mutd", "no rule is called alarm-mutd: did you mean `alarm-muted`?"),
        ("ALM01", "no rule is called ALM01: did you mean `ALM001`?"),
        ("alm0011", "no rule is called alm0011: did you mean `ALM011`?"),
        ("alm", "ALM is a family, not a rule; its rules are listed by `kfm-audit rules`"),
        (
            "XXX",
            "no rule is called XXX: families are ALM, LFS, PRV, SNS, SYS, TEL; see `kfm-audit rules`",
        ),
    ],
)
def test_explain_says_what_may_be_meant_and_never_all_rules(project, word, said):
    assert project.run("explain", word).err == f"kfm-audit: {said}\n"


@pytest.mark.parametrize("word", ["ALM001", "alm001", "alarm-without-sns-action", "Alarm-Without-SNS-Action"])
def test_explain_takes_id_and_name_in_any_case(project, word):
    done = project.run("explain", word)
    assert done.code == 0
    assert done.out.startswith("# ALM001 alarm-without-sns-action\n\nNo SNS topic is told")


@pytest.mark.parametrize("word", ["alm001", "alm", "Alarm-Without-SNS-Action"])
def test_select_takes_id_family_and_name_in_any_case(project, word):
    assert (
        project.check("--select", word, "--fail-on", "never").out
        == project.check("--select", word.lower() if "-" in word else word.upper(), "--fail-on", "never").out
    )


@pytest.mark.parametrize("option", [("--fail", "never"), ("--min-sev", "note"), ("--fail-on", "fatal")])
def test_options_are_neither_abbreviated_nor_guessed(project, option):
    done = project.check(*option)
    assert done.code == 2
    assert done.err.startswith("usage: kfm-audit ")
    assert "--fail-on: invalid choice" in done.err or "unrecognized arguments" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", ".", "--bogus"),
        ("case", "r1", ".", "--bogus"),
        ("rules", "--bogus"),
        ("explain", "ALM001", "--bogus"),
        ("collect", "lakefs", "--bogus"),
        ("test", "x.yaml", "--bogus"),
        ("replay", ".", "--bogus"),
        ("drill", ".", "--bogus"),
    ],
)
def test_a_command_refuses_what_it_does_not_know_with_its_own_usage(project, arguments):
    done = project.run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"usage: kfm-audit {arguments[0]} ")
    assert done.err.endswith(f"kfm-audit {arguments[0]}: error: unrecognized arguments: --bogus\n")


def test_an_unknown_command(project):
    done = project.run("chekc")
    assert done.code == 2
    assert "chekc" in done.err


def test_version(project):
    assert project.run("--version") == (0, f"kfm-audit {__version__}\n", "")


def test_select_and_ignore_take_ids_names_and_families(project):
    project.write("tfplan.json", DEAF)
    one = {"ALM001"}
    for arguments in (
        ("--select", "ALM001"),
        ("--select", "alarm-without-sns-action"),
        ("--select", "ALM"),
        ("--select", " ALM001 , TEL "),
        ("--select", "ALM", "--ignore", "ALM003"),
    ):
        assert {rule for rule, _ in project.found(*arguments)} == one, arguments
    for arguments in (("--ignore", "ALM"), ("--select", "TEL"), ("--select", "ALM", "--ignore", "ALM001")):
        assert project.found(*arguments) == [], arguments


def test_a_file_whose_name_is_an_option_is_a_file_after_two_dashes(project):
    project.write("--fail-on=never.tfplan.json", DEAF)
    assert project.found("--", "--fail-on=never.tfplan.json") == [("ALM001", "--fail-on=never.tfplan.json")]


def test_a_folder_cannot_be_an_output(project):
    done = project.check("--output", "json=.")
    assert done.code == 2
    assert "Is a directory" in done.err


def test_whoever_interrupts_a_run_gets_no_traceback(project, monkeypatch):
    def interrupted(_run):
        raise KeyboardInterrupt

    monkeypatch.setattr("kfm_audit.cli.check.audit", interrupted)
    project.write("tfplan.json", DEAF)
    assert project.check() == (130, "", "\nkfm-audit: interrupted\n")
