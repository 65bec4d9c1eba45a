"""Reports built by hand, for the tests of every format."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from kfm_audit.facts import MetricAlarm
from kfm_audit.findings.finding import (
    Acceptance,
    AcceptedBy,
    Finding,
    LocatedRelated,
    Place,
    SettledFinding,
    Severity,
    Verdict,
)
from kfm_audit.findings.fingerprint import fingerprint
from kfm_audit.reports.report import (
    Answer,
    IgnoredFile,
    InputRecord,
    InputStatus,
    Question,
    Report,
    RuleCount,
    View,
    Window,
)
from kfm_audit.rules.kit import LIVE, NoSettings, Rule, RuleBody
from kfm_audit.values import Location, Origin

NOW = datetime(2026, 1, 31, 3, 10, tzinfo=UTC)

_PAGE = """{summary}

    ## Why
    {why}

    ## Bad
    ```json tfplan.json
    {{"format_version": "1.2", "resource_changes": []}}
    ```

    ## Good
    ```json tfplan.json
    {{"format_version": "1.2"}}
    ```

    ## When it is undecided
    Never.

    ## Settings
    None.

    ## References
    None.
    """


def _judge(_fact: object, _ctx: object) -> Iterator[Finding]:
    yield from ()


def rule(id_: str, name: str, severity: Severity, summary: str, why: str) -> Rule:
    return Rule(
        id=id_,
        name=name,
        on=(MetricAlarm,),
        changes=LIVE,
        severity=severity,
        singly=id_.startswith("LFS"),
        written=RuleBody(settings=NoSettings, judge=_judge, doc=_PAGE.format(summary=summary, why=why)),
    )


RULES = (
    rule(
        "ALM001",
        "alarm-without-sns-action",
        Severity.ERROR,
        "No SNS topic is told when the alarm goes off.",
        "An alarm that tells nobody is a graph.",
    ),
    rule(
        "LFS001",
        "rollback-by-unlisted-role",
        Severity.ERROR,
        "Production was moved back by somebody who is not listed for it.",
        "Who may move production data back is decided beforehand.",
    ),
    rule(
        "LFS002",
        "rollback-without-correction",
        Severity.ERROR,
        "A rollback has no correction Activity.",
        "A rollback that nobody accounts for cannot be explained a year later.",
    ),
    rule(
        "SYS001",
        "unreadable-input",
        Severity.ERROR,
        "A file, or a part of one, could not be read.",
        "What was not read was not checked.",
    ),
    rule(
        "SYS004",
        "nothing-checked",
        Severity.ERROR,
        "No input was recognised below PATHS.",
        "A linter that is pointed at the wrong folder must not say that all is well.",
    ),
    rule(
        "TEL002",
        "high-cardinality-label",
        Severity.WARNING,
        "A label takes too many values.",
        "Each value is a series, and each series is paid for.",
    ),
    rule(
        "TEL004",
        "label-value-outside-vocabulary",
        Severity.NOTE,
        "A label has a value that the vocabulary does not list.",
        "A misspelt value is a second series.",
    ),
)
_BY_ID = {each.id: each for each in RULES}


ALARM = Location("infra/prod/alarms.tf", 14, 19, 14, 21, "/resource_changes/3")


def finding(
    rule_id: str = "ALM001",
    message: str = "notifies no SNS topic",
    *,
    subject: str = "aws_cloudwatch_metric_alarm.ingest_errors",
    verdict: Verdict = Verdict.FAIL,
    severity: Severity | None = None,
    help: str = (  # noqa: A002 - the field's name
        "Set alarm_actions to the ARN of the team's topic, such as [aws_sns_topic.alerts.arn]."
    ),
    stack: str = "infra/prod",
    attribute: str = "alarm_actions",
    due: datetime | None = None,
    persons: tuple[str, ...] = (),
    at: Location = ALARM,
    related: tuple[LocatedRelated, ...] = (),
    known: bool = False,
    acceptance: Acceptance | None = None,
) -> SettledFinding:
    """One settled finding; all that a test does not care about is believable."""
    return SettledFinding(
        finding=Finding(
            rule=rule_id,
            name=_BY_ID[rule_id].name if rule_id in _BY_ID else "made-up-rule",
            severity=severity or (_BY_ID[rule_id].severity if rule_id in _BY_ID else Severity.ERROR),
            verdict=verdict,
            message=message,
            help=help,
            subject=subject,
            stack=stack,
            place=Place(Origin(at.path, at.pointer), attribute),
            due=due,
            persons=persons,
            fingerprint=fingerprint(rule_id, stack, subject, attribute),
        ),
        location=at,
        related=related,
        known=known,
        acceptance=acceptance,
    )


FAILED = finding(
    related=(
        LocatedRelated("the topic that the other alarms notify", Location("infra/prod/sns.tf", 3, 1, 3, 33)),
    ),
)
UNDECIDED = finding(
    message="whether it notifies an SNS topic is known only after apply: alarm_actions refers to var.topics",
    subject='module.ingest.aws_cloudwatch_metric_alarm.backlog["eu-west-1"]',
    verdict=Verdict.UNDECIDED,
    help="Give the plan the value of var.topics, or name the topic directly.",
    at=Location("infra/prod/modules/ingest/main.tf", 41, 2, 41, 34),
)
UNLISTED = finding(
    "LFS001",
    "was reset to 5f2c81d by dana.lopez@example.org at 2026-01-31T02:57:12Z, who is in none of the groups "
    "that may roll back production (kfm-release-managers)",
    subject="lakefs://kfm-data/env-prod@9b1c7a52-7d0c-4f4e-a6a5-0d7e6a7c1b11",
    stack="",
    attribute="",
    help="Ask a release manager whether this was agreed. If it was an emergency, open an incident and record "
    "the break-glass approval; do not reset the branch again to undo it, that is a second rollback.",
    persons=("dana.lopez@example.org",),
    at=Location("logs/lakefs-audit.jsonl", 1207, 1, 1207, 612),
)
PENDING = finding(
    "LFS002",
    "has no correction Activity yet",
    subject="lakefs://kfm-data/env-prod@9b1c7a52-7d0c-4f4e-a6a5-0d7e6a7c1b11",
    verdict=Verdict.PENDING,
    stack="",
    attribute="",
    help="Write data/lineage/reliability/rollbacks/2026-01-31.prov.jsonld with kfm:lakefsRequestId "
    "9b1c7a52-7d0c-4f4e-a6a5-0d7e6a7c1b11.",
    due=datetime(2026, 2, 1, 2, 57, 12, tzinfo=UTC),
    at=Location("logs/lakefs-audit.jsonl", 1207, 1, 1207, 612),
)
UNREADABLE = finding(
    "SYS001",
    "claims to be PROV-O JSON-LD and is not JSON: Input data was truncated",
    subject="data/lineage/reliability/rollbacks/2025-12-06.prov.jsonld",
    stack="",
    attribute="",
    help="It is cut off or edited by hand: write it again.",
    at=Location("data/lineage/reliability/rollbacks/2025-12-06.prov.jsonld"),
)
NOTHING_CHECKED = finding(
    "SYS004",
    "no input was recognised: looked at 3 files",
    subject=".",
    stack="",
    attribute="",
    help="Name the folder that holds a Terraform plan in JSON.",
    at=Location(""),
)
CARDINALITY = finding(
    "TEL002",
    "has 1,204 values of label user_id, which policy limits to 500",
    subject="kfm_ingest_rows_total",
    stack="",
    attribute="labels/user_id",
    help="Drop the label, or move it to a trace attribute.",
    at=Location("data/telemetry/metrics.json", 1, 180233, 1, 180242),
    known=True,
)
SUPPRESSED = finding(
    subject="aws_cloudwatch_metric_alarm.canary",
    at=Location("infra/prod/alarms.tf", 31, 19, 31, 21),
    acceptance=Acceptance(
        by=AcceptedBy.INLINE,
        reason="the canary is watched by a person until March",
        owner="team-ingest",
        expires="2026-03-31",
    ),
)

ANSWERED = (
    Question("told", "Will somebody be told?", Answer.ANSWERED, "12 alarms"),
    Question(
        "moved",
        "Who moved production data back, were they allowed to, is it accounted for?",
        Answer.ANSWERED,
        "1 rollback in 1 case; the log covers 2026-01-30T00:00:00Z to 2026-01-31T03:00:00Z",
    ),
    Question("evidence", "Does the evidence hold?", Answer.ANSWERED, "3 corrections and 2 incidents"),
    Question(
        "telemetry", "Does telemetry stay affordable and comparable?", Answer.ANSWERED, "41 metric families"
    ),
)
QUESTIONS = (
    Question("told", "Will somebody be told?", Answer.PARTLY, "12 alarms; 1 undecided"),
    ANSWERED[1],
    Question(
        "evidence",
        "Does the evidence hold?",
        Answer.NOT_CHECKED,
        "data/lineage/reliability/rollbacks/2025-12-06.prov.jsonld could not be read",
    ),
    ANSWERED[3],
)
INPUTS = (
    InputRecord(
        path="data/lineage/reliability/rollbacks/2025-12-06.prov.jsonld",
        kind="",
        status=InputStatus.UNREADABLE,
        bytes=812,
        sha256=None,
        facts=0,
    ),
    InputRecord(
        path="data/telemetry/metrics.json",
        kind="telemetry",
        status=InputStatus.READ,
        bytes=190112,
        sha256="0f" * 32,
        facts=41,
    ),
    InputRecord(
        path="infra/prod/tfplan.json",
        kind="terraform-plan",
        status=InputStatus.READ,
        bytes=48211,
        sha256="a1" * 32,
        facts=27,
    ),
    InputRecord(
        path="logs/lakefs-audit.jsonl",
        kind="lakefs-log",
        status=InputStatus.PARTLY,
        bytes=2_512_334_008,
        sha256=None,
        facts=3,
    ),
)


def report(*findings: SettledFinding, **changes: object) -> Report:
    """A report of a run over a small monorepo, with these findings in the documented order."""
    made = Report(
        version="0.1.0",
        now=NOW,
        window=Window(since=NOW - timedelta(days=1)),
        policy_name="kfm-v11",
        policy_sha256="c4" * 32,
        questions=QUESTIONS,
        inputs=INPUTS,
        ignored=(IgnoredFile("package.json", "holds nothing that an input of any kind would"),),
        facts={"metric-alarm": 12, "rollback": 1, "topic": 2},
        rules=RULES,
        counts={
            "ALM001": RuleCount(tested=12, failed=1, undecided=1),
            "LFS002": RuleCount(tested=1, pending=1),
        },
        findings=tuple(sorted(findings, key=lambda settled: settled.sort_key)),
        exit_code=1 if findings else 0,
    )
    return replace(made, **changes)


def full_report() -> Report:
    """One finding of every sort."""
    return report(
        FAILED, UNDECIDED, UNLISTED, PENDING, UNREADABLE, CARDINALITY, SUPPRESSED, resolved=2, exit_code=4
    )


def many(number: int, **changes: object) -> tuple[SettledFinding, ...]:
    """So many findings of one cause, in three files."""
    return tuple(
        finding(
            subject=f"aws_cloudwatch_metric_alarm.queue[{index}]",
            at=Location(f"infra/prod/queues-{index % 3}.tf", 10 + index, 19, 10 + index, 21),
            **changes,
        )
        for index in range(number)
    )


LINES = {
    ("infra/prod/alarms.tf", 14): "  alarm_actions = []\n",
    ("infra/prod/alarms.tf", 31): "  alarm_actions = [] # kfm-audit: ignore[ALM001]\n",
    ("infra/prod/modules/ingest/main.tf", 41): "\talarm_actions       = var.topics\n",
    ("data/telemetry/metrics.json", 1): '{"resourceMetrics": ['
    + '{"name": "x"}, ' * 12014
    + '"user_id", {}]}',
}


def view(**changes: object) -> View:
    """A view with the sources of the findings above."""
    made = View(
        excerpt=lambda place: LINES.get((place.path, place.line)),
        width=90,
    )
    return replace(made, **changes)
