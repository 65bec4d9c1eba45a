"""Sources become the facts that a plan of them gives, module by module and instance by instance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from kfm_audit.aws.partly_known import mark
from kfm_audit.facts import (
    Fact,
    MetricAlarm,
    Subscription,
    Topic,
    UnreadableInput,
    UnseenModule,
    UnsetVariable,
)
from kfm_audit.inputs.kind import ReadContext, StackRoot
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.terraform.plan import KIND as PLAN
from kfm_audit.inputs.terraform.stacks import Stacks
from kfm_audit.policy.model import Policy
from kfm_audit.values import (
    ABSENT,
    Known,
    Origin,
    PartMap,
    PartText,
    Reference,
    ReferenceKind,
    Unknown,
    keys_of,
    under,
)

BASE = Path("/base")
ALARM = "aws_cloudwatch_metric_alarm"


def context(*stacks: StackRoot) -> ReadContext:
    return ReadContext(Policy(policy=1, name="test"), BASE, BASE, stacks)


def facts_of(files: Mapping[str, str], *stacks: StackRoot) -> list[Fact]:
    """The facts of all files, in the order of their paths, but those about variables without a value."""
    return [fact for fact in all_of(files, *stacks) if not isinstance(fact, UnsetVariable)]


def all_of(files: Mapping[str, str], *stacks: StackRoot) -> list[Fact]:
    sources = [Source(path, None, text.encode()) for path, text in sorted(files.items())]
    plans = [source for source in sources if source.path.endswith("plan.json")]
    read = {source.path: PLAN.read(source, context(*stacks)).facts for source in plans}
    together = Stacks(
        [(source, read[source.path]) for source in plans],
        [source for source in sources if source not in plans],
        context(*stacks),
    ).facts()
    read |= together
    return [fact for path in sorted(read) for fact in read[path]]


def alarms(text: str, **more: str) -> dict[str, MetricAlarm]:
    """The alarms in `main.tf`, by address."""
    return {
        fact.subject: fact for fact in facts_of({"main.tf": text, **more}) if isinstance(fact, MetricAlarm)
    }


def alarm(body: str, rest: str = "") -> MetricAlarm:
    (fact,) = alarms(f'resource "{ALARM}" "a" {{\n{body}\n}}\n{rest}').values()
    return fact


def resource(name: str) -> Reference:
    return Reference(name, ReferenceKind.RESOURCE)


def constant(text: str) -> Reference:
    return Reference(text, ReferenceKind.CONSTANT)


def unresolved(name: str) -> Reference:
    return Reference(name, ReferenceKind.UNRESOLVED)


TOPIC = 'resource "aws_sns_topic" "t" {\n  name = "oncall"\n}\n'


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('["arn:aws:sns:eu-central-1:1:a"]', Known(("arn:aws:sns:eu-central-1:1:a",))),
        ("[]", Known(())),
        ("null", ABSENT),
        ("[aws_sns_topic.t.arn]", Unknown((resource("aws_sns_topic.t"),))),
        ('["arn:x", aws_sns_topic.t.arn]', Unknown((constant("arn:x"), resource("aws_sns_topic.t")))),
        ("[aws_sns_topic.t.name]", Known(("oncall",))),
        ("[aws_sns_topic.gone.arn]", Unknown((unresolved("aws_sns_topic.gone"),))),
        ("[data.aws_sns_topic.t.arn]", Unknown((Reference("data.aws_sns_topic.t", ReferenceKind.DATA),))),
        ("data.aws_sns_topic.t[0].arn", Unknown((Reference("data.aws_sns_topic.t[0]", ReferenceKind.DATA),))),
        ("[module.sns.topic_arn]", Unknown((unresolved("module.sns.topic_arn"),))),
        ("[module.many[0].topic_arn]", Unknown((unresolved("module.many[0].topic_arn"),))),
        ("local.actions", Unknown((resource("aws_sns_topic.t"),))),
        ("var.actions", Unknown((unresolved("var.actions"),))),
        ("[var.secret]", Unknown((unresolved("var.secret"),))),
        ("local.around", Unknown((unresolved("local.around"),))),
        (
            'terraform.workspace == "prod" ? [aws_sns_topic.t.arn] : []',
            Unknown((unresolved("terraform.workspace"), resource("aws_sns_topic.t"))),
        ),
        ('["arn:aws:sns:${var.region}:1:a"]', Unknown((constant("arn:aws:sns:${var.region}:1:a"),))),
        ("[1, true]", Known(("1", "true"))),
    ],
)
def test_what_actions_come_from(written, expected) -> None:
    rest = f"""
    {TOPIC}
    variable "actions" {{}}
    variable "secret" {{
      default   = "arn:aws:sns:eu-central-1:1:secret"
      sensitive = true
    }}
    locals {{
      actions = [aws_sns_topic.t.arn]
      around  = local.about
      about   = local.around
    }}
    module "sns" {{
      source = "terraform-aws-modules/sns/aws"
    }}
    module "many" {{
      source = "terraform-aws-modules/sns/aws"
      count  = 2
    }}
    """
    assert alarm(f"alarm_actions = {written}", rest).alarm_actions == expected


def test_a_wrong_type_is_lost_and_neither_set_nor_unset() -> None:
    facts = facts_of({"main.tf": f'resource "{ALARM}" "a" {{\n  alarm_name = ["x"]\n}}\n'})
    (found, lost) = facts
    assert found.alarm_name == Unknown((unresolved("alarm_name"),))
    assert lost == UnreadableInput(
        subject="main.tf",
        origin=Origin("main.tf", line=2),
        cause="alarm_name should be a string and is a list",
        cure="correct it: Terraform refuses it too",
        part=f"{ALARM}.a",
    )


def test_numbers_quoted_or_not_flags_and_dimensions() -> None:
    fact = alarm(
        'period = "60"\nthreshold = 0.5\nactions_enabled = "false"\n'
        'dimensions = { QueueName = "q", Port = 8080, On = true, None = null }'
    )
    assert (fact.period, fact.threshold, fact.actions_enabled) == (Known(60), Known(0.5), Known(False))
    assert fact.dimensions == Known({"QueueName": "q", "Port": "8080", "On": "true"})


QUEUE = 'resource "aws_sqs_queue" "q" {}\nvariable "x" {}\n'


def test_a_map_with_an_unknown_value_is_unknown_and_keeps_its_keys() -> None:
    fact = alarm(
        """
        dimensions = { Stage = "prod", Name = aws_sqs_queue.q.name, Size = 5, None = null, Api = "a-${var.x}" }
        tags       = merge({ Team = "soils" }, { Queue = aws_sqs_queue.q.id })
        """,
        QUEUE,
    )
    name, x = resource("aws_sqs_queue.q"), unresolved("var.x")
    assert fact.dimensions == PartMap(
        (constant("prod"), name, x),
        (
            ("Api", PartText((x,), f"a-{mark('var.x', one=True)}")),
            ("Name", Unknown((name,))),
            ("Size", Known("5")),
            ("Stage", Known("prod")),
        ),
    )
    assert keys_of(fact.dimensions) == Known(("Api", "Name", "Size", "Stage"))
    assert under(fact.dimensions, "Stage") == Known("prod")
    assert under(fact.dimensions, "None") is ABSENT
    assert fact.tags == PartMap(
        (constant("soils"), name), (("Queue", Unknown((name,))), ("Team", Known("soils")))
    )


def test_default_tags_stand_below_tags_that_are_known_in_part() -> None:
    provider = 'provider "aws" {\n  default_tags {\n    tags = { Env = "prod", Team = "data" }\n  }\n}\n'
    fact = alarm("tags = { Team = aws_sqs_queue.q.id, Kind = 1 }", QUEUE + provider)
    queue = Unknown((resource("aws_sqs_queue.q"),))
    assert isinstance(fact.tags, PartMap)
    assert fact.tags.items == (("Env", Known("prod")), ("Kind", Known("1")), ("Team", queue))


@pytest.mark.parametrize(
    "written",
    [
        "{ (aws_sqs_queue.q.name) = 1 }",
        "merge({ Name = aws_sqs_queue.q.name }, var.x)",
        'var.x ? { Name = aws_sqs_queue.q.name } : { Other = "x" }',
        # A key whose value turns out to be null is left out.
        "{ Name = aws_sqs_queue.q.name, Stage = var.x ? aws_sqs_queue.q.id : null }",
        '{ Name = var.x == "" ? null : "x" }',
        "{ Name = try(var.x, null) }",
        "{ Name = one(var.x) }",
        '{ Name = lookup(var.x, "name", null) }',
        '{ Name = (var.x ? (var.x == "y" ? null : "a") : "b") }',
        "{ Name = aws_sqs_queue.q }",
        "{ Name = [aws_sqs_queue.q.name] }",
        '{ Name = aws_sqs_queue.q.name, List = ["x"] }',
        "var.x",
    ],
)
def test_keys_that_are_not_certain_are_not_known(written) -> None:
    dimensions = alarm(f"dimensions = {written}", QUEUE).dimensions
    assert type(dimensions) is Unknown
    assert keys_of(dimensions) is dimensions


@pytest.mark.parametrize(
    "written",
    [
        "{ Name = aws_sqs_queue.q.name }",
        'tomap({ Name = var.x ? "a" : "b" })',
        '{ Name = "${var.x ? aws_sqs_queue.q.name : 1}" }',
        'zipmap(["Name"], [aws_sqs_queue.q.name])',
        '{ for key in ["Name"] : key => var.x }',
        'merge({ Name = "x" }, null, { Name = var.x })',
        '{ Name = try(aws_sqs_queue.q.name, "x") }',
        '{ Name = lookup(var.x, "name", "x") }',
    ],
)
def test_keys_that_are_certain_are_known(written) -> None:
    dimensions = alarm(f"dimensions = {written}", QUEUE).dimensions
    assert isinstance(dimensions, PartMap)
    assert keys_of(dimensions) == Known(("Name",))


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ('"${var.x}-orders-P1"', "{}-orders-P1"),
        ('join("-", [var.x, "orders", 5, "P1"])', "{}-orders-5-P1"),
        ('join("-", compact([var.x, "orders"]))', None),
        ('join("-", var.x)', None),
        ('join(var.x, ["a", "b"])', None),
        ('format("%s-orders-%v%%-%s", var.x, 5, "P1")', "{}-orders-5%-P1"),
        ('format("%10s-orders", var.x)', None),
        ('format("%d-orders", var.x)', None),
        ('format("%s", var.x, "more")', None),
        ("format(var.x, 1)", None),
        ('lower("${var.x}-P1")', None),
        ("var.x", None),
        ('"${format("%s-a", var.x)}-b"', "{}-a-b"),
        ('var.x ? "a" : "b"', None),
        ('sensitive("a-${var.x}")', None),
    ],
)
def test_a_name_that_is_known_in_part_keeps_its_text(written, text) -> None:
    name = alarm(f"alarm_name = {written}", QUEUE).alarm_name
    if text is None:
        assert type(name) is Unknown
    else:
        assert isinstance(name, PartText)
        assert name.text == text.format(mark("var.x", one=True))
        assert unresolved("var.x") in name.references


@pytest.mark.parametrize(
    ("piece", "of"),
    [
        ("var.x", mark("var.x", one=True)),
        ("local.x", mark("var.x", one=True)),
        ("terraform.workspace", mark("terraform.workspace", one=True)),
        ("try(var.x)", mark("var.x", one=True)),
        # What is computed or taken of it is another value.
        ("upper(var.x)", mark("var.x")),
        ("var.x.name", mark("var.x")),
        ("var.x[0]", mark("var.x")),
        ("one(var.x)", mark("var.x")),
        ('coalesce(var.x, "a")', mark("var.x, a")),
        ("aws_sqs_queue.q.name", mark("aws_sqs_queue.q")),
    ],
)
def test_a_mark_says_whether_it_stands_for_the_variable_itself(piece, of) -> None:
    name = alarm(f'alarm_name = "${{{piece}}}-a"', QUEUE + "locals {\n  x = var.x\n}\n").alarm_name
    assert isinstance(name, PartText)
    assert name.text == f"{of}-a"


def test_the_variable_of_a_module_is_what_its_call_gives() -> None:
    module = f'variable "env" {{}}\nresource "{ALARM}" "m" {{\n  alarm_name = "${{var.env}}-a"\n}}\n'
    call = 'module "{0}" {{\n  source = "./m"\n  env = {1}\n}}\n'
    calls = call.format("same", "var.x") + call.format("other", "lower(var.x)")
    found = facts_of({"main.tf": QUEUE + calls, "m/main.tf": module})
    names = {fact.subject: fact.alarm_name for fact in found if isinstance(fact, MetricAlarm)}
    x = (unresolved("var.x"),)
    assert names == {
        f"module.same.{ALARM}.m": PartText(x, f"{mark('var.x', one=True)}-a"),
        f"module.other.{ALARM}.m": PartText(x, f"{mark('var.x')}-a"),
    }


def test_what_nobody_says_is_unknown_where_the_provider_makes_it_up() -> None:
    (topic,) = (
        fact for fact in facts_of({"main.tf": 'resource "aws_sns_topic" "t" {}\n'}) if isinstance(fact, Topic)
    )
    assert topic.arn == Unknown((unresolved("aws_sns_topic.t.arn"),))
    assert topic.name == Unknown((unresolved("aws_sns_topic.t.name"),))
    assert topic.policy is ABSENT


COUNTED = f"""
variable "on" {{ default = true }}
variable "unsaid" {{ type = bool }}
resource "{ALARM}" "counted" {{
  count      = 2
  alarm_name = "n-${{count.index}}"
}}
resource "{ALARM}" "off" {{
  count      = var.on ? 0 : 1
  alarm_name = "off"
}}
resource "{ALARM}" "keyed" {{
  for_each   = {{ "a.b" = 1, "q\\"" = 2 }}
  alarm_name = "${{each.key}}-${{each.value}}"
}}
resource "{ALARM}" "set" {{
  for_each   = toset(["y", "x", "y"])
  alarm_name = each.value
}}
resource "{ALARM}" "perhaps" {{
  count      = var.unsaid ? 1 : 0
  alarm_name = "perhaps-${{count.index}}"
}}
resource "{ALARM}" "whoever" {{
  for_each   = toset([aws_sqs_queue.q.arn])
  alarm_name = "whoever-${{each.key}}"
  namespace  = "AWS/SQS"
}}
resource "{ALARM}" "list" {{
  for_each   = ["refused"]
  alarm_name = "list"
}}
resource "{ALARM}" "too_many" {{
  count      = 1000000000
  alarm_name = "too-many"
}}
resource "aws_sqs_queue" "q" {{}}
"""


def test_instances_get_their_keys_and_unknown_collections_give_one_without() -> None:
    found = alarms(COUNTED)
    assert {address: (fact.alarm_name, fact.indefinite) for address, fact in found.items()} == {
        f"{ALARM}.counted[0]": (Known("n-0"), False),
        f"{ALARM}.counted[1]": (Known("n-1"), False),
        f'{ALARM}.keyed["a.b"]': (Known("a.b-1"), False),
        f'{ALARM}.keyed["q\\""]': (Known('q"-2'), False),
        f'{ALARM}.set["x"]': (Known("x"), False),
        f'{ALARM}.set["y"]': (Known("y"), False),
        f"{ALARM}.perhaps": (PartText((unresolved("var.unsaid"),), f"perhaps-{mark('var.unsaid')}"), True),
        f"{ALARM}.whoever": (
            PartText((resource("aws_sqs_queue.q"),), f"whoever-{mark('aws_sqs_queue.q')}"),
            True,
        ),
        f"{ALARM}.list": (Known("list"), True),
        f"{ALARM}.too_many": (Known("too-many"), True),
    }
    assert found[f"{ALARM}.whoever"].namespace == Known("AWS/SQS")


def test_references_to_instances() -> None:
    def actions(written: str) -> object:
        return alarm(
            f"alarm_actions = {written}",
            'variable "unsaid" {}\n'
            'resource "aws_sns_topic" "two" {\n  count = 2\n}\n'
            'resource "aws_sns_topic" "keyed" {\n  for_each = toset(["a", "b"])\n}\n'
            'resource "aws_sns_topic" "perhaps" {\n  count = var.unsaid\n}\n',
        ).alarm_actions

    assert actions("[aws_sns_topic.two[1].arn]") == Unknown((resource("aws_sns_topic.two[1]"),))
    assert actions("aws_sns_topic.two[*].arn") == Unknown(
        (resource("aws_sns_topic.two[0]"), resource("aws_sns_topic.two[1]"))
    )
    assert actions("aws_sns_topic.two.*.arn") == actions("aws_sns_topic.two[*].arn")
    assert actions('[aws_sns_topic.keyed["a"].arn]') == Unknown((resource('aws_sns_topic.keyed["a"]'),))
    assert actions("[for t in aws_sns_topic.keyed : t.arn]") == Unknown(
        (resource('aws_sns_topic.keyed["a"]'), resource('aws_sns_topic.keyed["b"]'))
    )
    assert actions("values(aws_sns_topic.keyed)[*].arn") == actions("[for t in aws_sns_topic.keyed : t.arn]")
    # How many there are is not known, so the reference is to the resource as its fact is called.
    assert actions("[aws_sns_topic.perhaps[0].arn]") == Unknown((resource("aws_sns_topic.perhaps"),))
    assert actions("aws_sns_topic.perhaps[*].arn") == Unknown((resource("aws_sns_topic.perhaps"),))
    assert actions('[try(aws_sns_topic.perhaps[0].arn, "arn:other")]') == Unknown(
        (resource("aws_sns_topic.perhaps"), constant("arn:other"))
    )
    assert actions("[aws_sns_topic.two[7].arn]") == Unknown((unresolved("aws_sns_topic.two[7]"),))


MODULES = {
    "infra/main.tf": """
        module "queue" {
          source   = "../modules/queue"
          for_each = { ingest = 10, load = 20 }
          name     = each.key
          depth    = each.value
          actions  = [aws_sns_topic.oncall.arn]
        }
        module "plain" {
          source = "../modules/queue"
          name   = "plain"
          actions = [module.queue["load"].topic]
        }
        resource "aws_sns_topic" "oncall" {}
    """,
    "modules/queue/main.tf": f"""
        variable "name" {{}}
        variable "depth" {{
          type    = string
          default = 5
        }}
        variable "actions" {{ type = set(string) }}
        module "inner" {{
          source = "./inner"
          name   = upper(var.name)
        }}
        resource "{ALARM}" "depth" {{
          count         = 1
          alarm_name    = "${{var.name}}-${{var.depth}}-${{module.inner.suffix}}"
          alarm_actions = var.actions
        }}
        resource "aws_sns_topic" "own" {{}}
        output "topic" {{ value = aws_sns_topic.own.arn }}
    """,
    "modules/queue/inner/main.tf": """
        variable "name" {}
        output "suffix" { value = lower("${var.name}-X") }
    """,
}


def test_nested_local_modules_with_their_arguments_and_outputs() -> None:
    found = {fact.subject: fact for fact in facts_of(MODULES) if isinstance(fact, MetricAlarm)}
    assert {
        address: (fact.alarm_name, fact.alarm_actions, fact.stack) for address, fact in found.items()
    } == {
        f'module.queue["ingest"].{ALARM}.depth[0]': (
            Known("ingest-10-ingest-x"),
            Unknown((resource("aws_sns_topic.oncall"),)),
            "infra",
        ),
        f'module.queue["load"].{ALARM}.depth[0]': (
            Known("load-20-load-x"),
            Unknown((resource("aws_sns_topic.oncall"),)),
            "infra",
        ),
        f"module.plain.{ALARM}.depth[0]": (
            Known("plain-5-plain-x"),
            Unknown((resource('module.queue["load"].aws_sns_topic.own'),)),
            "infra",
        ),
    }
    assert {fact.origin.input for fact in found.values()} == {"modules/queue/main.tf"}
    assert {fact.origin.symbol for fact in found.values()} == set(found)


def test_a_module_that_nobody_calls_is_judged_alone_and_one_that_is_called_only_there() -> None:
    lone = {path: text for path, text in MODULES.items() if path.startswith("modules/")}
    (found,) = (fact for fact in facts_of(lone) if isinstance(fact, MetricAlarm))
    assert found.stack == "modules/queue"
    assert isinstance(found.alarm_name, PartText)
    assert found.alarm_name.references == (unresolved("var.name"), constant("5"))


def test_a_call_that_is_commented_out_is_none() -> None:
    found = facts_of(
        {
            "main.tf": '# module "a" {\n#   source = "./a"\n# }\n/*\nmodule "a" {\n  source = "./a"\n}\n*/\n',
            "a/main.tf": f'resource "{ALARM}" "a" {{}}\n',
        }
    )
    assert [(fact.subject, fact.stack) for fact in found] == [(f"{ALARM}.a", "a")]


def test_modules_that_call_each_other_in_a_circle_end_and_are_judged() -> None:
    found = facts_of(
        {
            "a/main.tf": f'module "b" {{\n  source = "../b"\n}}\nresource "{ALARM}" "a" {{}}\n',
            "b/main.tf": f'module "a" {{\n  source = "../a"\n}}\nresource "{ALARM}" "b" {{}}\n',
        }
    )
    assert [(type(fact), fact.subject) for fact in found] == [
        (MetricAlarm, f"{ALARM}.a"),
        (MetricAlarm, f"module.b.{ALARM}.b"),
        (UnseenModule, "module.b.module.a"),
    ]


def test_modules_that_are_not_here_are_said_to_be() -> None:
    text = """
    module "vendor" {
      source  = "terraform-aws-modules/cloudwatch/aws//modules/metric-alarm"
      version = "5.7.0"
    }
    module "elsewhere" {
      source = "../elsewhere"
    }
    """
    found = facts_of({"infra/main.tf": text})
    assert [(type(fact), fact.subject, fact.source) for fact in found] == [
        (UnseenModule, "module.vendor", "terraform-aws-modules/cloudwatch/aws//modules/metric-alarm"),
        (UnseenModule, "module.elsewhere", "../elsewhere"),
    ]


def test_an_indefinite_module_makes_all_in_it_indefinite() -> None:
    found = facts_of(
        {
            "main.tf": 'variable "on" {}\nmodule "a" {\n  source = "./a"\n  count = var.on\n}\n',
            "a/main.tf": f'resource "{ALARM}" "a" {{\n  count = 2\n}}\n',
        }
    )
    assert [(fact.subject, fact.indefinite) for fact in found] == [
        (f"module.a.{ALARM}.a[0]", True),
        (f"module.a.{ALARM}.a[1]", True),
    ]


VARIABLES = f"""
variable "environment" {{}}
variable "team" {{ default = "nobody" }}
resource "{ALARM}" "a" {{ alarm_name = "${{var.environment}}-${{var.team}}" }}
"""
NOBODY = PartText(
    (unresolved("var.environment"), constant("nobody")), f"{mark('var.environment', one=True)}-nobody"
)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, NOBODY),
        ({"terraform.tfvars": 'environment = "prod"\n'}, Known("prod-nobody")),
        (
            {"prod.tfvars": 'environment = "prod"\n'},
            NOBODY,
        ),
        (
            {
                "terraform.tfvars": 'environment = "a"\nteam = "a"\n',
                "b.auto.tfvars": 'environment = "b"\n',
                "c.auto.tfvars.json": '{"environment": "c"}',
            },
            Known("c-a"),
        ),
        (
            {"sub/terraform.tfvars": 'environment = "prod"\n'},
            NOBODY,
        ),
    ],
)
def test_values_of_variables_come_from_the_files_that_terraform_reads(files, expected) -> None:
    (found,) = facts_of({"main.tf": VARIABLES, **files})
    assert found.alarm_name == expected


def test_config_names_more_variable_files_and_makes_a_stack_of_each_entry() -> None:
    files = {
        "infra/main.tf": VARIABLES,
        "env/dev.tfvars": 'environment = "dev"\n',
        "env/prod.tfvars": 'environment = "prod"\n',
    }
    stacks = [StackRoot(name, "infra", "", (f"env/{name}.tfvars",)) for name in ("dev", "prod", "lost")]
    assert [(fact.stack, getattr(fact, "alarm_name", None)) for fact in facts_of(files, *stacks)] == [
        ("dev", Known("dev-nobody")),
        ("prod", Known("prod-nobody")),
        ("", None),
        ("lost", NOBODY),
    ]


def test_variables_of_the_root_that_nothing_gives_a_value_are_told_once() -> None:
    module = {
        "m/main.tf": 'variable "unset" {}\n' + f'resource "{ALARM}" "m" {{\n  alarm_name = var.unset\n}}\n'
    }
    text = 'variable "unasked" {}\n' + VARIABLES + 'module "m" {\n  source = "./m"\n}\n'
    found = [fact for fact in all_of({"main.tf": text, **module}) if isinstance(fact, UnsetVariable)]
    assert [(fact.subject, fact.stack, fact.origin.line) for fact in found] == [("var.environment", ".", 3)]


@pytest.mark.parametrize("text", ["environment = other.thing\n", 'environment = "a\n', "block {}\n", "{"])
def test_variable_files_that_cannot_be_read_are_said_to_be(text) -> None:
    found = facts_of({"main.tf": VARIABLES, "terraform.tfvars": text})
    assert [fact.subject for fact in found if isinstance(fact, UnreadableInput)] == ["terraform.tfvars"]


def test_override_files_are_merged_into_what_they_override() -> None:
    found = facts_of(
        {
            "main.tf": f'resource "{ALARM}" "a" {{\n  alarm_name = "a"\n  namespace = "kept"\n}}\n',
            "z_override.tf": f'resource "{ALARM}" "a" {{\n  alarm_name = "overridden"\n}}\n',
        }
    )
    assert [(fact.alarm_name, fact.namespace) for fact in found] == [(Known("overridden"), Known("kept"))]


PROVIDERS = {
    "main.tf": f"""
        variable "region" {{}}
        provider "aws" {{
          region = "eu-central-1"
          default_tags {{
            tags = {{ Environment = "prod", Team = "data" }}
          }}
        }}
        provider "aws" {{
          alias  = "west"
          region = var.region
          assume_role {{
            role_arn = "arn:aws:iam::111122223333:role/prod"
          }}
        }}
        resource "{ALARM}" "here" {{ tags = {{ Team = "own" }} }}
        resource "{ALARM}" "west" {{ provider = aws.west }}
        module "inherits" {{ source = "./m" }}
        module "handed" {{
          source    = "./m"
          providers = {{ aws = aws.west }}
        }}
    """,
    "m/main.tf": f'resource "{ALARM}" "m" {{}}\n',
}


def test_providers_with_their_tags_through_modules() -> None:
    found = {fact.subject: (fact.provider, fact.tags) for fact in facts_of(PROVIDERS)}
    here = Known({"region": "eu-central-1"})
    west = Known({"alias": "west", "role_arn": "arn:aws:iam::111122223333:role/prod"})
    assert found == {
        f"{ALARM}.here": (here, Known({"Environment": "prod", "Team": "own"})),
        f"{ALARM}.west": (west, ABSENT),
        f"module.inherits.{ALARM}.m": (here, Known({"Environment": "prod", "Team": "data"})),
        f"module.handed.{ALARM}.m": (west, ABSENT),
    }


def test_a_provider_whose_profile_is_not_known_may_say_anything() -> None:
    fact = alarm("", 'variable "profile" {}\nprovider "aws" {\n  profile = var.profile\n}\n')
    assert fact.provider == Unknown((unresolved("var.profile"),))


def test_dynamic_blocks() -> None:
    body = """
    dynamic "metric_query" {
      for_each = { errors = "Errors", calls = "Invocations" }
      content {
        id = metric_query.key
        metric {
          metric_name = metric_query.value
          dimensions  = { FunctionName = local.name }
          period      = 60
        }
      }
    }
    dynamic "metric_query" {
      for_each = ["errors / calls"]
      iterator = math
      content {
        id         = "m${math.key}"
        expression = math.value
      }
    }
    """
    fact = alarm(body, 'locals {\n  name = "ingest"\n}\n')
    assert isinstance(fact.metric_query, Known)
    assert [(query.id, query.expression) for query in fact.metric_query.value] == [
        (Known("calls"), ABSENT),
        (Known("errors"), ABSENT),
        (Known("m0"), Known("errors / calls")),
    ]
    first = fact.metric_query.value[0].metric
    assert first is not None
    assert (first.metric_name, first.dimensions) == (Known("Invocations"), Known({"FunctionName": "ingest"}))


def test_a_dynamic_block_over_what_is_not_known_is_unknown_as_a_whole() -> None:
    body = 'dynamic "metric_query" {\n  for_each = var.queries\n  content {\n    id = "a"\n  }\n}\n'
    assert alarm(body, 'variable "queries" {}').metric_query == Unknown((unresolved("var.queries"),))


def plan(*changes: tuple[str, dict], variables: Mapping[str, object] = {}, **expressions: str) -> str:
    """A plan of alarms whose unknown attributes come from the given references."""
    resources = [
        {
            "address": f"{ALARM}.a",
            "mode": "managed",
            "type": ALARM,
            "name": "a",
            "expressions": {name: {"references": [reference]} for name, reference in expressions.items()},
        },
        {
            "address": "aws_sns_topic.t",
            "mode": "managed",
            "type": "aws_sns_topic",
            "name": "t",
            "expressions": {},
        },
    ]
    return json.dumps(
        {
            "format_version": "1.2",
            "variables": {name: {"value": value} for name, value in variables.items()},
            "resource_changes": [
                {
                    "address": address,
                    "mode": "managed",
                    "type": address.split(".")[-2],
                    "name": address.split(".")[-1].split("[")[0],
                    "change": {"actions": ["create"], "after": {}, "after_unknown": unknown},
                }
                for address, unknown in changes
            ],
            "configuration": {
                "root_module": {"resources": resources, "variables": {name: {} for name in variables}}
            },
        }
    )


LOCALS = f"""
variable "page" {{}}
locals {{
  actions = var.page ? [aws_sns_topic.t.arn] : ["arn:aws:lambda:eu-central-1:1:function:f"]
}}
resource "{ALARM}" "a" {{
  for_each      = toset(["x"])
  alarm_name    = "a"
  alarm_actions = local.actions
  ok_actions    = [each.value]
}}
resource "aws_sns_topic" "t" {{}}
"""


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (True, Unknown((resource("aws_sns_topic.t"),))),
        (False, Unknown((constant("arn:aws:lambda:eu-central-1:1:function:f"),))),
    ],
)
def test_locals_that_a_plan_hides_are_resolved_with_the_plans_variables(page, expected) -> None:
    changes = [
        (f'{ALARM}.a["x"]', {"alarm_actions": True, "ok_actions": True}),
        ("aws_sns_topic.t", {"arn": True}),
    ]
    document = plan(
        *changes, variables={"page": page}, alarm_actions="local.actions", ok_actions="each.value"
    )
    found = {fact.subject: fact for fact in facts_of({"tfplan.json": document, "main.tf": LOCALS})}
    assert set(found) == {f'{ALARM}.a["x"]', "aws_sns_topic.t"}, "no second set of facts"
    fact = found[f'{ALARM}.a["x"]']
    assert fact.alarm_actions == expected
    assert fact.ok_actions == Unknown((constant("x"),))
    assert fact.origin.input == "tfplan.json"


PARTS = f"""
resource "aws_sqs_queue" "q" {{}}
variable "env" {{}}
resource "{ALARM}" "a" {{
  alarm_name = "${{var.env}}-orders-${{aws_sqs_queue.q.id}}-P1"
  dimensions = {{ QueueName = aws_sqs_queue.q.name }}
  tags       = {{ Queue = aws_sqs_queue.q.id, Team = "soils" }}
  metric_query {{
    id = "b"
    metric {{
      dimensions = {{ Second = aws_sqs_queue.q.name }}
    }}
  }}
  metric_query {{
    id = "a"
    metric {{
      dimensions = {{ First = aws_sqs_queue.q.name, Known = "x" }}
    }}
  }}
  metric_query {{
    id         = "c"
    expression = "a + b"
  }}
}}
"""


def test_what_a_plan_does_not_show_of_a_map_or_a_text_is_shown_by_its_sources() -> None:
    refers = {"references": ["aws_sqs_queue.q.id", "aws_sqs_queue.q"]}
    document = json.dumps(
        {
            "format_version": "1.2",
            "variables": {"env": {"value": "prod"}},
            "resource_changes": [
                {
                    "address": f"{ALARM}.a",
                    "mode": "managed",
                    "type": ALARM,
                    "name": "a",
                    "change": {
                        "actions": ["create"],
                        "after": {
                            "metric_query": [
                                {"id": "a", "metric": [{"metric_name": "m"}]},
                                {"id": "b", "metric": [{"metric_name": "m"}]},
                                {"id": "c", "expression": "a + b", "metric": []},
                                {"id": "d", "metric": [{"metric_name": "m"}]},
                            ]
                        },
                        "after_unknown": {
                            "alarm_name": True,
                            "dimensions": True,
                            "tags": True,
                            "metric_query": [
                                {"metric": [{"dimensions": True}]},
                                {"metric": [{"dimensions": True}]},
                                {"metric": []},
                                {"metric": [{"dimensions": True}]},
                            ],
                        },
                    },
                },
                {
                    "address": "aws_sqs_queue.q",
                    "mode": "managed",
                    "type": "aws_sqs_queue",
                    "name": "q",
                    "change": {"actions": ["create"], "after": {}, "after_unknown": {"id": True}},
                },
            ],
            "configuration": {
                "root_module": {
                    "resources": [
                        {
                            "address": f"{ALARM}.a",
                            "type": ALARM,
                            "name": "a",
                            "expressions": dict.fromkeys(("alarm_name", "dimensions", "tags"), refers),
                        },
                        {"address": "aws_sqs_queue.q", "type": "aws_sqs_queue", "name": "q"},
                    ]
                }
            },
        }
    )
    queue = Unknown((resource("aws_sqs_queue.q"),))
    (fact,) = (
        fact
        for fact in facts_of({"tfplan.json": document, "main.tf": PARTS})
        if isinstance(fact, MetricAlarm)
    )
    assert fact.alarm_name == PartText(queue.references, f"prod-orders-{mark('aws_sqs_queue.q')}-P1")
    assert fact.dimensions == PartMap(queue.references, (("QueueName", queue),))
    assert fact.tags == PartMap(queue.references, (("Queue", queue), ("Team", Known("soils"))))
    assert isinstance(fact.metric_query, Known)
    keys = [keys_of(query.metric.dimensions) for query in fact.metric_query.value if query.metric is not None]
    assert keys[:2] == [Known(("First", "Known")), Known(("Second",))]
    assert isinstance(keys[2], Unknown), "the sources have no such query"


def test_without_sources_they_stay_unresolved() -> None:
    document = plan((f"{ALARM}.a", {"alarm_actions": True}), alarm_actions="local.actions")
    (fact,) = facts_of({"tfplan.json": document})
    assert fact.alarm_actions == Unknown((unresolved("local.actions"),))


def test_modules_that_a_planned_root_calls_give_no_facts_of_their_own() -> None:
    files = {
        "main.tf": LOCALS + 'module "m" {\n  source = "./m"\n}\n',
        "m/main.tf": f'resource "{ALARM}" "m" {{}}\n',
    }
    document = plan((f"{ALARM}.a", {}))
    assert [fact.subject for fact in facts_of({**files, "tfplan.json": document})] == [f"{ALARM}.a"]


BROKEN = 'resource "aws_sns_topic" "broken" {\n  name = = 2\n}\n'


def test_a_file_that_cannot_be_parsed_is_an_error_and_the_others_are_read() -> None:
    found = facts_of({"a.tf": f'resource "{ALARM}" "a" {{}}\n', "b.tf": BROKEN})
    assert [type(fact) for fact in found] == [MetricAlarm, UnreadableInput]
    assert (found[1].subject, found[1].origin.line) == ("b.tf", 2)
    assert found[1].cause == "is not HCL: `= 2` is not expected at line 2, column 10"


def test_what_only_one_parser_knows_is_read_as_far_as_both_agree() -> None:
    text = f'resource "{ALARM}" "sure" {{\n  alarm_name = "a"\n}}\nresource "{ALARM}" "unsure" {{\n  alarm_name = "\\(b)"\n}}\n'
    found = facts_of({"main.tf": text})
    assert [(type(fact), fact.subject) for fact in found] == [
        (MetricAlarm, f"{ALARM}.sure"),
        (UnreadableInput, "main.tf"),
    ]
    assert (found[1].part, found[1].origin.line) == (f"resource {ALARM} unsure", 4)


def test_a_file_that_is_one_object_is_no_terraform() -> None:
    (lost,) = facts_of({"main.tf": '{"resource": {"aws_sns_topic": {}}}\n'})
    assert isinstance(lost, UnreadableInput)


def test_hostile_sources_end_and_are_said_to_be_read_in_part() -> None:
    """Two to the fortieth instances, or texts that double forty times."""
    calls = "".join(f'module "{name}" {{\n  source = "../m%d"\n  count = 4\n}}\n' for name in "ab")
    files = {f"m{n}/main.tf": calls % (n + 1, n + 1) for n in range(40)}
    files["m40/main.tf"] = f'resource "{ALARM}" "a" {{}}\n'
    found = facts_of(files)
    lost = [fact for fact in found if isinstance(fact, UnreadableInput)]
    assert [fact.part for fact in lost] == ["the rest of m0"]


def test_texts_that_double_end_unknown() -> None:
    doubling = "\n".join(f'  t{n + 1} = "${{local.t{n}}}${{local.t{n}}}"' for n in range(40))
    fact = alarm("alarm_name = local.t40", f'locals {{\n  t0 = "aaaaaaaa"\n{doubling}\n}}\n')
    assert isinstance(fact.alarm_name, Unknown)


def test_a_long_chain_of_locals_ends() -> None:
    chain = "\n".join(f"  t{n + 1} = local.t{n}" for n in range(2000))
    fact = alarm("alarm_name = local.t2000", f'locals {{\n  t0 = "a"\n{chain}\n}}\n')
    assert isinstance(fact.alarm_name, Unknown | Known)


def test_subscriptions_follow_their_topics() -> None:
    text = (
        TOPIC
        + 'resource "aws_sns_topic_subscription" "s" {\n  topic_arn = aws_sns_topic.t.arn\n  protocol = "email"\n}\n'
    )
    (subscription,) = (fact for fact in facts_of({"main.tf": text}) if isinstance(fact, Subscription))
    assert subscription.topic_arn == Unknown((resource("aws_sns_topic.t"),))
    assert subscription.protocol == Known("email")
