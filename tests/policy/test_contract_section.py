"""The section `alarms` of a policy: what it refuses, how overrides and environments work, and when people work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.policy.contract import DAYS, WorkingHours, at_work, promised, promises
from kfm_audit.policy.load import PolicyError, load_policy

WHOLE = {
    "resource": "queue",
    "metric": "AWS/SQS ApproximateNumberOfMessagesVisible",
    "statistics": "[Maximum]",
    "operator": '">="',
    "threshold": "100",
    "window": "5m",
}
RATIO = {
    **WHOLE,
    "resource": "function",
    "metric": None,
    "metrics": "{errors: AWS/Lambda Errors, calls: AWS/Lambda Invocations}",
    "expression": "100 * errors / calls",
}


def contract(*more: str, alarm: dict[str, str | None] = WHOLE, **keys: str | None) -> str:
    """A policy with the contract alarm `depth`, whole but for `keys`, and further lines below `alarms`."""
    written = {key: value for key, value in {**alarm, **keys}.items() if value is not None}
    return "\n".join(
        (
            "policy: 1",
            "extends: core",
            "environments: {names: {stage: [staging], prod: [production]}}",
            "alarms:",
            *(f"  {line}" for line in more),
            "  contract:",
            "    depth:",
            *(f"      {key}: {value}" for key, value in written.items()),
            "",
        )
    )


OVERRIDE = "overrides: [{{resources: ['*'], {}}}]"
HOURS = "working_hours: {{time_zone: {}, hours: '{}', days: {}}}"

REFUSED = [
    (contract(window=None), ":6 (alarms.contract.depth): lacks the key `window`"),
    (contract(resource=None), ":6 (alarms.contract.depth): lacks the key `resource`"),
    (contract(statistics="[]"), ":6 (alarms.contract.depth): lacks the key `statistics`"),
    (contract(operator=None), ":6 (alarms.contract.depth): lacks the key `operator`"),
    (contract(threshold=None), ":6 (alarms.contract.depth): lacks the key `threshold`"),
    (
        contract(metric=None),
        ":6 (alarms.contract.depth): needs either `metric`, or `metrics` with an `expression`",
    ),
    (
        contract(alarm=RATIO, metric="AWS/Lambda Errors"),
        ":6 (alarms.contract.depth): needs either `metric`, or `metrics` with an `expression`",
    ),
    (
        contract(alarm=RATIO, expression=None),
        ":6 (alarms.contract.depth): `metrics` and `expression` go together",
    ),
    (contract(expression="2 * m"), ":6 (alarms.contract.depth): `metrics` and `expression` go together"),
    (
        contract(alarm=RATIO, expression="errors / call"),
        (
            ":13 (alarms.contract.depth.expression): speaks of call, which is not among `metrics`: "
            "did you mean `calls`?"
        ),
    ),
    (
        contract(alarm=RATIO, expression="2 * errors"),
        ":12 (alarms.contract.depth.metrics.calls): `expression` does not speak of calls",
    ),
    (
        contract(alarm=RATIO, expression="errors /"),
        ":13 (alarms.contract.depth.expression): is no metric math: ",
    ),
    (
        contract(alarm=RATIO, expression="100 * errors / Max([calls])"),
        (
            ":13 (alarms.contract.depth.expression): CloudWatch would refuse it: "
            "Function 'Max' not found: functions are written in capitals, MAX"
        ),
    ),
    (
        contract(alarm=RATIO, expression="SUM(errors) / SUM(calls)"),
        (
            ":13 (alarms.contract.depth.expression): CloudWatch would refuse it: "
            "The return value of the expression must be TimeSeries or Array[TimeSeries]"
        ),
    ),
    (
        contract(
            alarm=RATIO,
            metrics="{Errors: AWS/Lambda Errors, calls: AWS/Lambda Invocations}",
            expression="100 * Errors / calls",
        ),
        (
            ":12 (alarms.contract.depth.metrics.Errors): the id 'Errors' is none: "
            "a lower-case letter, then letters, digits and _"
        ),
    ),
    (
        contract(when="off-hours"),
        (
            ":13 (alarms.contract.depth.when): the policy does not say when people are at work: "
            "set `alarms.working_hours`"
        ),
    ),
    (
        contract(window="90s"),
        ":12 (alarms.contract.depth.window): 90s is no whole number of minutes, the period of most metrics",
    ),
    (contract(window="0m"), ":12 (alarms.contract.depth.window): 0m is no whole number of minutes"),
    (
        contract(datapoints="6"),
        ":13 (alarms.contract.depth.datapoints): 6 datapoints of a minute do not fit into a window of 5m",
    ),
    (
        contract(environments="{prdo: {threshold: 7}}"),
        ":13 (alarms.contract.depth.environments.prdo): no environment is called prdo: did you mean `prod`?",
    ),
    (
        contract(datapoints="3", environments="{prod: {window: 2m}}"),
        (
            ":14 (alarms.contract.depth.environments.prod.window): "
            "3 datapoints of a minute do not fit into a window of 2m"
        ),
    ),
    (contract(OVERRIDE.format("reason: ' '")), ":5 (alarms.overrides.0.reason): an override needs a reason"),
    (contract(OVERRIDE.format("threshold: 1")), ":5 (alarms.overrides.0): lacks the key `reason`"),
    (
        contract(OVERRIDE.format("reason: r, alarms: [depht]")),
        ":5 (alarms.overrides.0.alarms.0): no contract alarm is called depht: did you mean `depth`?",
    ),
    (
        contract(OVERRIDE.format("reason: r, window: 30s")),
        ":5 (alarms.overrides.0.window): 30s is no whole number of minutes, the period of most metrics",
    ),
    (
        contract(OVERRIDE.format("reason: r, datapoints: 7")),
        ":5 (alarms.overrides.0.datapoints): 7 datapoints of a minute do not fit into a window of 5m",
    ),
    (
        contract(OVERRIDE.format("reason: r, treshold: 7")),
        ":5 (alarms.overrides.0.treshold): unknown key `treshold`: did you mean `threshold`?",
    ),
    (
        contract(HOURS.format("America/Chicgo", "08:00-18:00", "[mon]")),
        (
            ":5 (alarms.working_hours.time_zone): no time zone is called 'America/Chicgo': "
            "did you mean `America/Chicago`?"
        ),
    ),
    (
        contract(HOURS.format("../etc", "08:00-18:00", "[mon]")),
        ":5 (alarms.working_hours.time_zone): no time zone is called '../etc'",
    ),
    (
        contract(HOURS.format("UTC", "08:00-08:00", "[mon]")),
        ":5 (alarms.working_hours.hours): 08:00-08:00 has no length; write 00:00-24:00 for all day",
    ),
    (
        contract(HOURS.format("UTC", "8-18", "[mon]")),
        ":5 (alarms.working_hours.hours): is not written as it must be: 08:00-18:00, 00:00-24:00, for example",
    ),
    (
        contract(HOURS.format("UTC", "24:00-18:00", "[mon]")),
        ":5 (alarms.working_hours.hours): is not written",
    ),
    (contract(HOURS.format("UTC", "08:00-18:00", "[]")), ":5 (alarms.working_hours.days): names no day"),
    (
        contract(HOURS.format("UTC", "08:00-18:00", "[mond]")),
        ":5 (alarms.working_hours.days.0): `mond` is no value of this key: did you mean `mon`?",
    ),
    (
        contract(resource="queues"),
        ":7 (alarms.contract.depth.resource): `queues` is no value of this key: did you mean `queue`?",
    ),
    (
        contract(metric="Errors"),
        (
            ":8 (alarms.contract.depth.metric): is not written as it must be: "
            "AWS/SQS ApproximateAgeOfOldestMessage, for example"
        ),
    ),
]


@pytest.mark.parametrize(
    ("text", "said"), REFUSED, ids=[said.partition("): ")[2][:50] for _, said in REFUSED]
)
def test_what_is_refused_is_said_with_its_place(tmp_path, text, said) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(text)
    with pytest.raises(PolicyError) as error:
        load_policy(str(file))
    assert str(error.value).startswith(f"{file}{said}")


def test_the_command_line_ends_with_2_and_says_it(project) -> None:
    project.write("ours.yaml", contract(HOURS.format("Amerika/Chicago", "08:00-18:00", "[mon]")))
    done = project.check("--policy", "ours.yaml")
    assert done.code == 2
    assert done.out == ""
    assert (
        "ours.yaml:5 (alarms.working_hours.time_zone): no time zone is called 'Amerika/Chicago'" in done.err
    )
    assert "`America/Chicago`" in done.err


def test_the_contract_of_the_documentation_is_taken(tmp_path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
    _, section = page.split("### The contract of alarms")
    file = tmp_path / "ours.yaml"
    file.write_text(section.split("```yaml\n")[1].split("```")[0])
    alarms = load_policy(str(file)).policy.alarms
    (backlog,) = (promise for promise in promises(alarms) if promise.name == "backlog-high")
    assert promised(backlog, alarms, ["aws_sqs_queue.soils", "x"], "stage").threshold == 20000
    assert promised(backlog, alarms, ["aws_sqs_queue.maps", "x"], "stage").threshold == 5000
    assert promised(backlog, alarms, ["aws_sqs_queue.maps", "x"], "prod").threshold == 1000


def test_an_override_is_held_against_the_alarms_that_it_is_about_only(tmp_path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(
        "policy: 1\nextends: kfm-v11\nalarms:\n  overrides:\n"
        "  - {resources: [slow*], alarms: [backlog-sev2], datapoints: 12, reason: bursts}\n"
    )
    (override,) = load_policy(str(file)).policy.alarms.overrides
    assert override.datapoints == 12  # too many for the windows of the other alarms


def test_the_environment_first_then_overrides_each_in_turn(tmp_path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(
        contract(
            "overrides:",
            "- {resources: ['*.bulk'], threshold: 9000, window: 20m, reason: comes in bulk}",
            "- {resources: [soils-?], alarms: ['d*'], threshold: 7000, required: false, reason: asked by soils}",
            environments="{stage: {threshold: 500, severity: Sev4}}",
        )
    )
    alarms = load_policy(str(file)).policy.alarms
    (whole,) = promises(alarms)

    def terms(*names: str, environment: str | None = None) -> tuple[object, ...]:
        made = promised(whole, alarms, names, environment)
        return made.threshold, made.window, made.severity, made.required, made.reasons

    assert terms("aws_sqs_queue.a", "a") == (100, 300, "", True, ())
    assert terms("aws_sqs_queue.a", "a", environment="stage") == (500, 300, "Sev4", True, ())
    assert terms("aws_sqs_queue.a", "a", environment="prod") == (100, 300, "", True, ())
    assert terms("aws_sqs_queue.bulk", "soils-1", environment="stage") == (
        7000, 1200, "Sev4", False, ("comes in bulk", "asked by soils"),
    )  # fmt: skip


CHICAGO = WorkingHours(time_zone="America/Chicago")
NIGHT = WorkingHours(time_zone="UTC", hours="22:00-06:00", days=("fri",))


@pytest.mark.parametrize(
    ("hours", "time", "expected"),
    [
        # 2026-03-06 is a Friday, Chicago is six hours behind UTC until 2026-03-08T08:00Z, and five from then on.
        (CHICAGO, "2026-03-06T13:59:59Z", False),
        (CHICAGO, "2026-03-06T14:00:00Z", True),
        (CHICAGO, "2026-03-06T23:59:59Z", True),
        (CHICAGO, "2026-03-07T00:00:00Z", False),
        (CHICAGO, "2026-03-07T16:00:00Z", False),
        (CHICAGO, "2026-03-08T16:00:00Z", False),
        (CHICAGO, "2026-03-09T12:59:59Z", False),
        (CHICAGO, "2026-03-09T13:00:00Z", True),
        (CHICAGO, "2026-03-09T22:59:59Z", True),
        (CHICAGO, "2026-03-09T23:00:00Z", False),
        # Back again on 2026-11-01.
        (CHICAGO, "2026-10-30T13:00:00Z", True),
        (CHICAGO, "2026-11-02T13:00:00Z", False),
        (CHICAGO, "2026-11-02T14:00:00Z", True),
        # Hours that end on the next day belong to the day on which they begin.
        (NIGHT, "2026-03-06T21:59:00Z", False),
        (NIGHT, "2026-03-06T22:00:00Z", True),
        (NIGHT, "2026-03-07T05:59:00Z", True),
        (NIGHT, "2026-03-07T06:00:00Z", False),
        (NIGHT, "2026-03-07T22:00:00Z", False),
        (NIGHT, "2026-03-06T05:00:00Z", False),
        # The first hour of a Sunday in Auckland is a Saturday noon in UTC.
        (WorkingHours(time_zone="Pacific/Auckland", hours="00:00-01:00", days=("sun",)), "2026-03-07T11:30:00Z", True),
    ],
)  # fmt: skip
def test_when_people_are_at_work(hours, time, expected) -> None:
    assert at_work(hours, datetime.fromisoformat(time)) is expected


TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ZONES = st.sampled_from(("UTC", "America/Chicago", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"))


@given(TIMES, ZONES)
def test_all_day_every_day_is_always(time, zone) -> None:
    assert at_work(WorkingHours(time_zone=zone, hours="00:00-24:00", days=DAYS), time)


@given(TIMES, ZONES)
def test_the_zone_of_the_time_itself_does_not_matter(time, zone) -> None:
    hours = WorkingHours(time_zone="America/Chicago", hours="07:30-16:15", days=("mon", "sat"))
    assert at_work(hours, time) is at_work(hours, time.astimezone(ZoneInfo(zone)))


@given(TIMES, st.integers(0, 23), st.integers(0, 23))
def test_night_and_day_share_the_clock(time, begin, end) -> None:
    """Of two spans that are each other's rest, every time is in exactly one."""
    if begin == end:
        end = (end + 1) % 24
    one = WorkingHours(time_zone="Europe/Berlin", hours=f"{begin:02}:00-{end:02}:00", days=DAYS)
    other = WorkingHours(time_zone="Europe/Berlin", hours=f"{end:02}:00-{begin:02}:00", days=DAYS)
    assert at_work(one, time) is not at_work(other, time)


def test_a_week_has_as_many_hours_as_it_says() -> None:
    start = datetime(2026, 6, 1, tzinfo=UTC)
    worked = sum(at_work(CHICAGO, start + timedelta(minutes=15 * n)) for n in range(7 * 96))
    assert worked == 5 * 10 * 4
