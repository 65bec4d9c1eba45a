"""Where reports go, and when the run judges."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.action.plans import DEAF, SOUND, one_alarm
from tests.cli.test_exit_codes import POLICY, RESET

ROOT = Path(__file__).resolve().parents[2]
ESCAPE = "\x1b["


@pytest.fixture(autouse=True)
def plan(project):
    project.write("tfplan.json", DEAF)


def test_findings_go_to_standard_output_and_the_run_to_standard_error(project):
    done = project.check()
    assert "ALM001" in done.out
    assert "Will somebody be told?" not in done.out
    assert "ALM001" not in done.err
    assert "Will somebody be told?" in done.err


def test_quiet_says_nothing_about_the_run(project):
    done = project.check("--quiet")
    assert done.err == ""
    assert "ALM001" in done.out


def test_outputs_are_repeated_and_folders_are_made(project):
    done = project.check(
        "--quiet",
        "--output",
        "text",
        "--output",
        "json=out/a/report.json",
        "--output",
        "sarif=out/report.sarif",
    )
    assert done.code == 1
    assert "ALM001" in done.out
    report = json.loads((project.folder / "out/a/report.json").read_text())
    assert [finding["rule"] for finding in report["findings"]] == ["ALM001"]
    sarif = json.loads((project.folder / "out/report.sarif").read_text())
    assert [result["ruleId"] for result in sarif["runs"][0]["results"]] == ["ALM001"]


def test_with_files_only_standard_output_stays_empty(project):
    assert project.check("--quiet", "--output", "json=report.json").out == ""


def test_json_is_the_newest_version(project):
    arguments = ("--quiet", "--now", "2026-01-31T00:00:00Z", "--output")
    assert project.check(*arguments, "json").out == project.check(*arguments, "json-v1").out


def test_a_report_of_an_earlier_run_is_no_input(project):
    project.check("--output", "json=report.json", "--output", "sarif=report.sarif.json", "--quiet")
    code, report = project.report()
    assert code == 1
    assert [record["path"] for record in report["inputs"]] == ["tfplan.json"]
    assert {entry["path"] for entry in report["ignored"]} == {"report.json", "report.sarif.json"}


def test_a_file_appears_whole_or_not_at_all(project):
    file = project.write("report.json", "the report of yesterday")
    os.link(file, project.folder / "kept")
    project.check("--output", f"json={file}", "--quiet")
    json.loads(file.read_text())
    assert (project.folder / "kept").read_text() == "the report of yesterday", "replaced, not written over"
    assert sorted(path.name for path in project.folder.iterdir()) == ["kept", "report.json", "tfplan.json"]


def test_a_file_has_the_rights_that_the_umask_gives(project):
    before = os.umask(0o027)
    try:
        project.check("--output", "json=report.json", "--quiet")
    finally:
        os.umask(before)
    assert (project.folder / "report.json").stat().st_mode & 0o777 == 0o640


def test_a_link_is_written_through(project):
    (project.folder / "latest.json").symlink_to("reports/today.json")
    (project.folder / "reports").mkdir()
    project.check("--output", "json=latest.json", "--quiet")
    assert (project.folder / "latest.json").is_symlink()
    json.loads((project.folder / "reports/today.json").read_text())


def test_a_device_is_written_to_and_stays(project):
    assert project.check("--output", f"json={os.devnull}", "--quiet").code == 1
    assert not Path(os.devnull).is_file()


def test_what_cannot_be_written_is_wrong_usage(project):
    project.write("file", "")
    done = project.check("--output", "json=file/report.json", "--quiet")
    assert done.code == 2
    assert "Traceback" not in done.err


def test_min_severity_hides_and_counts(project):
    project.write("policy.yaml", "policy: 1\nrules: {ALM001: {severity: note}}\n")
    arguments = ("--policy", "policy.yaml", "--select", "ALM001", "--output", "json", "--quiet")
    report = json.loads(project.check(*arguments, "--min-severity", "warning").out)
    assert report["findings"] == []
    assert report["summary"]["findings"] == {"error": 0, "warning": 0, "note": 1}


# --- colour ---


def test_colour_follows_terminal_and_wishes(project, monkeypatch):
    assert ESCAPE not in project.check().out
    monkeypatch.setenv("FORCE_COLOR", "1")
    done = project.check()
    assert ESCAPE in done.out
    assert ESCAPE in done.err
    assert ESCAPE not in project.check("--no-color").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert ESCAPE not in project.check().out
    monkeypatch.setenv("NO_COLOR", "")
    assert ESCAPE in project.check().out, "an empty NO_COLOR is none (no-color.org)"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")
@pytest.mark.parametrize(("terminal", "coloured"), [("xterm-256color", True), ("dumb", False)])
def test_a_dumb_terminal_is_not_coloured(project, terminal, coloured):
    import pty

    command = [sys.executable, "-m", "kfm_audit", "check", "--isolated", "--select", "ALM001", "tfplan.json"]
    environment = {name: value for name, value in os.environ.items() if "COLOR" not in name}
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal_end:
        subprocess.run(
            command,
            cwd=project.folder,
            env=environment | {"TERM": terminal, "PYTHONPATH": str(ROOT)},
            stdout=theirs,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        os.close(theirs)
        assert (ESCAPE.encode() in terminal_end.read(1024)) is coloured


def test_a_file_is_never_coloured(project, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    project.check("--output", "text=report.txt", "--quiet")
    assert ESCAPE not in (project.folder / "report.txt").read_text()


def test_programs_never_read_colour(project, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    for format_ in ("json", "sarif", "github", "summary"):
        assert ESCAPE not in project.check("--output", format_, "--quiet").out


# --- time ---


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        ("2026-01-31T09:00:00Z", "2026-01-31T09:00:00Z"),
        ("2026-01-31T09:00:00", "2026-01-31T09:00:00Z"),
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31T09:00:00+02:00", "2026-01-31T07:00:00Z"),
    ],
)
def test_now_is_utc(project, now, shown):
    assert project.report("--now", now)[1]["now"] == shown


def test_without_now_it_is_the_clock(project):
    now = project.report()[1]["now"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", now)


def test_since_and_until_choose_events(project):
    project.repository()
    project.write("lakefs/audit.jsonl", RESET)
    project.write("policy.yaml", POLICY)

    def events(*arguments):
        return project.found(
            "--now", "2026-02-28T00:00:00Z", "--policy", "policy.yaml", "--select", "LFS002", *arguments
        )

    one = [("LFS002", "lakefs/audit.jsonl")]
    assert events() == one
    assert events("--since", "2026-01-30T03:00:00Z") == one
    assert events("--since", "2026-01-30T03:00:01Z") == []
    assert events("--until", "2026-01-30T03:00:01Z") == one
    assert events("--until", "2026-01-30T03:00:00Z") == []


# --- in a process of its own ---


def command(*arguments: str) -> list[str]:
    code = "import sys; from kfm_audit.cli import entry_point; entry_point()"
    return [sys.executable, "-c", code, *arguments]


def variables(**more: str) -> dict[str, str]:
    """The environment, with output buffered as it is for users."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return {**inherited, "PYTHONPATH": str(ROOT), **more}


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("--version",), 0, "kfm-audit "),
        (("--help",), 0, "usage: kfm-audit "),
        (("check", "--help"), 0, "usage: kfm-audit check "),
        (("rules",), 0, "ALM001"),
        (("explain", "ALM001"), 0, "# ALM001"),
        (("check",), 1, "tfplan.json:"),
        (("check", "--output", "json"), 1, "{"),
    ],
)
def test_what_is_written_into_a_pipe_arrives(project, arguments, code, text):
    for more in ({}, {"PYTHONUNBUFFERED": "1"}):
        done = subprocess.run(
            command(*arguments),
            cwd=project.folder,
            env=variables(**more),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout[: len(text)]) == (code, text), done.stderr


def test_what_is_wrong_arrives_in_a_pipe_too(project):
    done = subprocess.run(
        command("check", "--select", "ALM0001"),
        cwd=project.folder,
        env=variables(),
        capture_output=True,
        text=True,
        check=False,
    )
    message = "kfm-audit: no rule or family is called ALM0001: did you mean `ALM001`?\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


@pytest.mark.parametrize(
    "arguments", [("check",), ("check", "--output", "json"), ("rules",), ("explain", "ALM001")]
)
@pytest.mark.parametrize("takes", [0, 20])
def test_a_reader_that_goes_away_gets_no_traceback(project, arguments, takes):
    for number in range(40):
        project.write(f"{number}/tfplan.json", one_alarm(name=f"prod-{number}"))
    reading, writing = os.pipe()
    process = subprocess.Popen(
        command(*arguments), cwd=project.folder, env=variables(), stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    if takes:
        os.read(reading, takes)
    os.close(reading)
    _, errors = process.communicate(timeout=60)
    assert b"Traceback" not in errors
    assert b"BrokenPipe" not in errors
    # A pipe holds 64 KiB: what fitted in before the reader had gone is no broken pipe.
    assert process.returncode in (0, 1, 141)
    assert takes or process.returncode == 141


def test_standard_error_that_goes_away_gets_no_traceback(project):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        command("check"),
        cwd=project.folder,
        env=variables(),
        stdout=subprocess.PIPE,
        stderr=writing,
        check=False,
    )
    os.close(writing)
    assert b"ALM001" in done.stdout
    assert done.returncode in (1, 141)


def test_an_encoding_that_knows_less_does_no_harm(project):
    project.write("tfplan.json", one_alarm(name="prod-\u00fcber-\u732b"))
    done = subprocess.run(
        command("check", "--quiet"),
        cwd=project.folder,
        env=variables(PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C"),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert b"ALM001" in done.stdout


@pytest.mark.parametrize("format_", ["text", "json", "sarif", "github", "summary"])
def test_the_same_run_gives_the_same_bytes(project, format_):
    for number in range(5):
        project.write(f"{number}/tfplan.json", one_alarm(name=f"prod-{number}"))
    project.write("sound.json", SOUND)
    outputs = {
        subprocess.run(
            command("check", "--now", "2026-01-31T00:00:00Z", "--output", format_),
            cwd=project.folder,
            env=variables(PYTHONHASHSEED=seed),
            capture_output=True,
            check=False,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1
    assert outputs.pop()
