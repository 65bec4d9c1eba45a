"""Expressions one by one, beside what Terraform's own console makes of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.inputs.terraform.hcl import parse_file
from kfm_audit.inputs.terraform.language.evaluate import Evaluator
from kfm_audit.inputs.terraform.language.primitives import to_json
from kfm_audit.inputs.terraform.language.values import Budget, Exhausted, Fault, Value, is_known
from kfm_audit.values import Reference, ReferenceKind, Unknown

TABLE = Path(__file__).parent / "expressions.txt"
RECORD = "KFM_RECORD_EXPRESSIONS" in os.environ


class Given:
    """Names that a test gives values to."""

    def __init__(self, **values: Value) -> None:
        self._values = values

    def lookup(self, word: str) -> Value:
        if word in self._values:
            return self._values[word]
        raise Fault(word)


def value_of(text: str, **names: Value) -> Value:
    """The value of an expression. Raises Fault, Exhausted."""
    parsed = parse_file("main.tf", f"x = {text}\n".encode())
    assert not parsed.broken, text
    return Evaluator(Budget(200_000)).value(parsed.arguments["x"].expression, Given(**names))


def table() -> list[tuple[str, str]]:
    """Each expression with its value in JSON, or `!` where Terraform refuses it."""
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return list(zip(lines[::2], [line.strip() for line in lines[1::2]], strict=True))


@pytest.mark.parametrize(("expression", "expected"), table())
def test_an_expression_is_what_terraform_makes_of_it(expression, expected) -> None:
    if expected == "!":
        with pytest.raises(Fault):
            value_of(expression)
    else:
        assert to_json(value_of(expression), Budget(1000)) == expected


@pytest.mark.skipif(not RECORD, reason="set KFM_RECORD_EXPRESSIONS=1 to ask Terraform anew")
def test_record_what_terraform_makes_of_the_table(tmp_path) -> None:
    terraform = shutil.which("terraform")
    assert terraform, "terraform must be on the PATH"
    comments = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    said = [f"{expression}\n  {ask(terraform, expression, tmp_path)}" for expression, _ in table()]
    TABLE.write_text("\n".join([*comments, *said]) + "\n", encoding="utf-8")


def ask(terraform: str, expression: str, folder: Path) -> str:
    done = subprocess.run(
        [terraform, "console"],
        input=f"jsonencode({expression})\n",
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )
    return json.loads(done.stdout) if done.returncode == 0 and done.stdout.startswith('"') else "!"


TOPIC = Unknown((Reference("aws_sns_topic.oncall", ReferenceKind.RESOURCE),))
OTHER = Unknown((Reference("var.other", ReferenceKind.UNRESOLVED),))


def constant(text: str) -> Reference:
    return Reference(text, ReferenceKind.CONSTANT)


def unresolved(name: str) -> Reference:
    return Reference(name, ReferenceKind.UNRESOLVED)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # What is unknown comes from its parts, the known ones as constants.
        ('"${known}-${topic}"', Unknown((constant("prod"), *TOPIC.references))),
        ('upper("${topic}")', TOPIC),
        ("topic.arn.name[0]", TOPIC),
        ("[known, topic]", ("prod", TOPIC)),
        ("[known, topic][0]", "prod"),
        ("length([known, topic])", 2),
        ("concat([known], topic)", Unknown((constant("prod"), *TOPIC.references))),
        ("compact([known, topic])", Unknown((constant("prod"), *TOPIC.references))),
        ('join(",", [known, topic])', Unknown((constant("prod"), *TOPIC.references))),
        ('format("%s/%s", known, topic)', Unknown((constant("prod"), *TOPIC.references))),
        ("jsonencode({ a = known, b = topic })", Unknown((constant("prod"), *TOPIC.references))),
        ("merge({ a = 1 }, { b = topic })", {"a": 1, "b": TOPIC}),
        ("merge({ a = known }, topic)", Unknown((constant("prod"), *TOPIC.references))),
        ("{ a = 1, b = topic }.a", 1),
        ("{ (topic) = known }", Unknown((*TOPIC.references, constant("prod")))),
        # A condition that is not known may choose either arm.
        ("other ? topic : known", Unknown((*OTHER.references, *TOPIC.references, constant("prod")))),
        ("other ? 1 : 1", 1),
        ("known == topic", TOPIC),
        ("false && topic", False),
        ("true || topic", True),
        ("true && topic", TOPIC),
        # A `for` over what is not known comes from its collection and its body.
        ("[for x in other : topic]", Unknown((*OTHER.references, *TOPIC.references))),
        ("[for x in [known, topic] : x]", ("prod", TOPIC)),
        ("[for x in [known, topic] : x if x == known]", Unknown((constant("prod"), *TOPIC.references))),
        ('topic == "arn:aws:sns:x" ? [] : []', TOPIC),
        ("{ for x in [topic] : x => known }", Unknown((*TOPIC.references, constant("prod")))),
        ("topic[*].arn", TOPIC),
        # What is unknown may be at fault once it is known, so that what `try` falls back to counts.
        ("try(topic.arn, known)", Unknown((*TOPIC.references, constant("prod")))),
        ("try(nothing.arn, known)", "prod"),
        ("can(topic.arn)", TOPIC),
        ("coalesce(null, topic, known)", Unknown((*TOPIC.references, constant("prod")))),
        ("coalesce(known, topic)", "prod"),
        ("contains([known, topic], known)", True),
        ("contains([topic], known)", Unknown((*TOPIC.references, constant("prod")))),
        ('lookup({ a = topic }, "a", known)', TOPIC),
        ("toset([topic, known])", ("prod", TOPIC)),
        ("length(toset([topic, known]))", Unknown((constant("prod"), *TOPIC.references))),
        ("length(toset([topic]))", 1),
        ("tolist(toset([topic, known]))", Unknown((constant("prod"), *TOPIC.references))),
        ("keys({ a = topic })", ("a",)),
        # A function that is not here is not guessed, and named where nothing else is.
        ("sha1(known)", Unknown((constant("prod"), unresolved("sha1()")))),
        ("sha1(topic)", TOPIC),
        ('sensitive("hunter2")', Unknown((unresolved("sensitive()"),))),
        ('"${sensitive("hunter2")}-x"', Unknown((unresolved("sensitive()"),))),
        ('replace(known, "/(a+)+$/", "")', Unknown((unresolved("replace()"),))),
        # An ARN says what it leads to, though its region and account are not known.
        (
            '"arn:aws:sns:${other}:${topic}:${known}"',
            Unknown((constant("arn:aws:sns:${other}:${topic}:prod"),)),
        ),
        ('"arn:${other}:sns:eu-central-1:1:a"', OTHER),
        # Lists and maps have types that only Terraform knows.
        ("[] == []", Unknown()),
        ("[known] == null", False),
    ],
)
def test_unknown_parts(expression, expected) -> None:
    value = value_of(expression, known="prod", topic=TOPIC, other=OTHER)
    assert (Unknown(value.references) if isinstance(value, Unknown) else value) == expected


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("a.b[0].c", "a"),
        ("known.x", "known.x"),
        ('{ a = 1 }["b"]', '(object)["b"]'),
        ("[1][known]", "(sequence)[known]"),
        ("1 / 0", "a division by 0"),
    ],
)
def test_a_fault_names_its_place(expression, what) -> None:
    with pytest.raises(Fault) as caught:
        value_of(expression, known="prod")
    assert caught.value.what == what


def test_settled_the_fault_is_an_unknown_with_its_place() -> None:
    parsed = parse_file("main.tf", b"x = known.y\n")
    value = Evaluator(Budget(100)).settled(parsed.arguments["x"].expression, Given(known="prod"), "module.m.")
    assert value == Unknown((unresolved("module.m.known.y"),))


DEEP = 3_000


@pytest.mark.parametrize(
    "text",
    [
        "(" * DEEP + "1" + ")" * DEEP,
        "[" * DEEP + "]" * DEEP,
        "{a=" * DEEP + "1" + "}" * DEEP,
        "!" * DEEP + "true",
        "-" * DEEP + "1",
        "1" + " + 1" * DEEP,
        "true" + " ? true : true" * DEEP,
        'f("' + '${"' * DEEP + '"}' * DEEP + '")',
        "x" + ".a" * DEEP,
        "x" + "[0]" * DEEP,
        "x" + "[*]" * DEEP,
        "upper(" * DEEP + '"a"' + ")" * DEEP,
        '"' + "%{ if true }" * 300 + "%{ endif }" * 300 + '"',
    ],
)
def test_adversarial_nesting_ends(text) -> None:
    parsed = parse_file("main.tf", f"x = {text}\n".encode())
    if not parsed.broken:
        value = Evaluator(Budget(100_000)).settled(parsed.arguments["x"].expression, Given(x=()), "")
        assert is_known(value, Budget(100_000)) or isinstance(value, Unknown | tuple | dict)


@pytest.mark.parametrize(
    "step",
    [
        '"${x}${x}"',
        "concat(x, x)",
        "[x, x]",
        '{ "a" = x, "b" = x }',
        'format("%s%s", x, x)',
        "x * x",
        "[for y in range(1000) : x]",
    ],
)
def test_values_that_grow_at_every_step_end(step) -> None:
    parsed = parse_file("main.tf", f"x = {step}\n".encode())
    evaluator = Evaluator(Budget(300_000))
    value: Value = ("a",) if "concat" in step else 10 if "*" in step else "abcdefgh"
    try:
        for _ in range(60):
            value = evaluator.settled(parsed.arguments["x"].expression, Given(x=value), "")
            is_known(value, evaluator.budget)
    except Exhausted:
        return
    assert isinstance(value, Unknown)


def words() -> Iterator[st.SearchStrategy[str]]:
    yield st.sampled_from(
        ["a", "var.b", "local.c[0]", "1", '"t"', '"${a}"', "null", "true", "[]", "{}", "data.x.y"]
    )
    yield st.sampled_from(
        ["(", ")", "[", "]", "{", "}", ",", ".", "*", "?", ":", "=>", "=", "...", '"', "${", "%{", "\n"]
    )
    yield st.sampled_from(
        ["for", "in", "if", "try(", "join(", "merge(", "lookup(", "flatten(", "!", "&&", "<<EOT\n", "~"]
    )
    yield st.text(max_size=4)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(*words()), max_size=14).map(" ".join))
def test_whatever_is_written_nothing_raises(text) -> None:
    parsed = parse_file("main.tf", f"x = {text}\n".encode())
    for argument in parsed.arguments.values():
        try:
            Evaluator(Budget(20_000)).settled(argument.expression, Given(a=TOPIC), "")
        except Exhausted:
            continue


def test_a_number_with_an_exponent_leaves_the_rest_of_its_file_alone() -> None:
    parsed = parse_file("main.tf", b'a = 1e3\nb-2e3 = "1e3"\nc = b-2e3\nd = "${5E-1}" # 1e3\n')
    assert not parsed.broken
    values = {
        name: Evaluator(Budget(100)).settled(argument.expression, Given(**{"b-2e3": "x"}), "")
        for name, argument in parsed.arguments.items()
    }
    assert values == {"a": 1000, "b-2e3": "1e3", "c": "x", "d": 0.5}
