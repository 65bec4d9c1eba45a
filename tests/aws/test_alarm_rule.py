"""The rows of facts/cloudwatch.md 3.1 and 3.2; texts and positions are those of CloudWatch's own answers."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kfm_audit.aws.alarm_relations import absent_children, refused_child
from kfm_audit.aws.alarm_rule import (
    AlarmRuleError,
    And,
    AtLeast,
    Constant,
    InState,
    Node,
    Not,
    Or,
    children,
    parse_alarm_rule,
)
from kfm_audit.aws.alarm_rule_text import print_alarm_rule
from kfm_audit.aws.alarm_state import AlarmState

ALARM, OK, MISSING = AlarmState.ALARM, AlarmState.OK, AlarmState.INSUFFICIENT_DATA
TRUE, FALSE = Constant(value=True), Constant(value=False)
ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:name"
OPERAND = "'(', 'NOT', AT_LEAST, TRUE or FALSE, ALARM, OK, or INSUFFICIENT_DATA"
NAME = (
    "'NOT', 'AND', 'OR', 'AT_LEAST', NUMBER, PERCENTAGE NUMBER, TRUE or FALSE, "
    "ALARM, OK, or INSUFFICIENT_DATA, unquoted alarm name, quoted alarm name"
)


ITSELF = (
    "A composite alarm cannot have a child relation with itself via its AlarmRule, "
    "as it would introduce a circular dependency"
)


def alarm(child: str, state: AlarmState = ALARM) -> InState:
    """A reference, as `without_positions` leaves it."""
    return InState(state, child, 0)


def without_positions(node: Node) -> Node:
    match node:
        case InState(state, child):
            return InState(state, child, 0)
        case Not(operand):
            return Not(without_positions(operand))
        case And(operands):
            return And(tuple(map(without_positions, operands)))
        case Or(operands):
            return Or(tuple(map(without_positions, operands)))
        case AtLeast():
            members = tuple(InState(member.state, member.child, 0) for member in node.children)
            return AtLeast(node.threshold, node.percent, node.negated, node.state, members)
        case Constant():
            return node


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("TRUE", TRUE),
        ("FALSE", FALSE),
        ("NOT TRUE", Not(TRUE)),
        ("NOT NOT FALSE", FALSE),
        ("TRUE OR FALSE AND FALSE", Or((TRUE, And((FALSE, FALSE))))),
        ("(TRUE OR FALSE) AND FALSE", And((Or((TRUE, FALSE)), FALSE))),
        ("NOT (TRUE OR FALSE)", Not(Or((TRUE, FALSE)))),
        ("NOT (NOT ALARM(a))", alarm("a")),
        ("NOT ALARM(a) AND OK(b)", And((Not(alarm("a")), alarm("b", OK)))),
        ("ALARM ( name )", alarm("name")),
        ('ALARM("name")', alarm("name")),
        ("ALARM(name)", alarm("name")),
        (f"ALARM({ARN})", alarm(ARN)),
        ('ALARM("a\\"b")', alarm('a"b')),
        ('ALARM("a)b, c")', alarm("a)b, c")),
        ('ALARM("")', alarm("")),
        ("ALARM('x')", alarm("'x'")),
        ("ALARM(TRUE)", alarm("TRUE")),
        ("INSUFFICIENT_DATA(a)", alarm("a", MISSING)),
        ("  ALARM(a)\n  OR\tOK(b)\r\n", Or((alarm("a"), alarm("b", OK)))),
        (
            "AT_LEAST(2, ALARM, (a, b, a))",
            AtLeast(2, False, False, ALARM, (alarm("a"), alarm("b"), alarm("a"))),
        ),
        (
            "AT_LEAST(50%, NOT ALARM, (a,b))",
            AtLeast(50, True, True, ALARM, (alarm("a"), alarm("b"))),
        ),
        ("AT_LEAST ( 1 , OK , ( a ) )", AtLeast(1, False, False, OK, (alarm("a", OK),))),
        # The user guide's examples.
        (
            "ALARM(CPUUtilizationTooHigh) AND NOT ALARM(DeploymentInProgress)",
            And((alarm("CPUUtilizationTooHigh"), Not(alarm("DeploymentInProgress")))),
        ),
        (
            '(ALARM("CPUUtilizationTooHigh") OR \nALARM("DiskReadOpsTooHigh")) AND \nOK("NetworkOutTooHigh")',
            And(
                (
                    Or((alarm("CPUUtilizationTooHigh"), alarm("DiskReadOpsTooHigh"))),
                    alarm("NetworkOutTooHigh", OK),
                )
            ),
        ),
    ],
)
def test_what_cloudwatch_accepts(text, tree) -> None:
    assert without_positions(parse_alarm_rule(text)) == tree


@pytest.mark.parametrize(
    ("text", "token", "position", "expected"),
    [
        *[(word, word, 0, OPERAND) for word in ("true", "True", "false", "!TRUE")],
        ("not TRUE", "not", 0, OPERAND),
        ("alarm(x)", "alarm", 0, OPERAND),
        ("Alarm(x)", "Alarm", 0, OPERAND),
        ("UNKNOWN(x)", "UNKNOWN", 0, OPERAND),
        ("TRUE and FALSE", "and", 5, "<EOF>, 'AND', 'OR'"),
        ("TRUE or FALSE", "or", 5, "<EOF>, 'AND', 'OR'"),
        ("TRUE && FALSE", "&&", 5, "<EOF>, 'AND', 'OR'"),
        ("TRUE FALSE", "FALSE", 5, "<EOF>"),
        ("TRUE junk", "junk", 5, "<EOF>"),
        ("ALARM(an alarm with spaces)", "alarm", 9, "')'"),
        ("AT_LEAST(-1, ALARM, (a,b))", "-1", 9, "NUMBER, PERCENTAGE NUMBER"),
        ("AT_LEAST(1.5, ALARM, (a,b))", "1.5", 9, "NUMBER, PERCENTAGE NUMBER"),
        ("AT_LEAST(50.5%, ALARM, (a,b))", "50.5%", 9, "NUMBER, PERCENTAGE NUMBER"),
        ("AT_LEAST(1, BOGUS, (a,b))", "BOGUS", 12, "'NOT', ALARM, OK, or INSUFFICIENT_DATA"),
        ("AT_LEAST(1, ALARM, ())", "))", 20, NAME),
        # Not recorded of CloudWatch: our reading of its grammar.
        ("", "<EOF>", 0, OPERAND),
        (" \n", "<EOF>", 2, OPERAND),
        ("TRUE AND", "<EOF>", 8, OPERAND),
        ("()", ")", 1, OPERAND),
        ("(TRUE", "<EOF>", 5, "')', 'AND', 'OR'"),
        ("(TRUE junk)", "junk", 6, "')'"),
        ("(TRUE and FALSE)", "and", 6, "')', 'AND', 'OR'"),
        ("TRUE)", ")", 4, "<EOF>"),
        ("ALARM a", "a", 6, "'('"),
        ("ALARM()", ")", 6, NAME),
        ("ALARM(a", "<EOF>", 7, "')'"),
        ('ALARM("a', '"a', 6, NAME),
        ("AT_LEAST(1, NOT NOT ALARM, (a))", "NOT", 16, "ALARM, OK, or INSUFFICIENT_DATA"),
        ("AT_LEAST(1, ALARM, (a b))", "b", 22, "')', ','"),
        ("TRUE \u00a0", "\u00a0", 5, "<EOF>"),
    ],
)
def test_what_cloudwatch_refuses(text, token, position, expected) -> None:
    with pytest.raises(AlarmRuleError) as refused:
        parse_alarm_rule(text)
    assert refused.value.message == (
        f"Error in AlarmRule [Unsupported token '{token}' at char {position}, must be: {expected}]"
    )
    assert refused.value.position == position


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "AT_LEAST(0, ALARM, (a,b))",
            "AT_LEAST absolute threshold must be between 1 and number of alarms (2)",
        ),
        (
            "AT_LEAST(3, ALARM, (a,b))",
            "AT_LEAST absolute threshold must be between 1 and number of alarms (2)",
        ),
        (
            "AT_LEAST(4, ALARM, (a,b,a))",
            "AT_LEAST absolute threshold must be between 1 and number of alarms (3)",
        ),
        ("AT_LEAST(0%, ALARM, (a,b))", "AT_LEAST percentage threshold must be between 1 and 100"),
        ("AT_LEAST(101%, ALARM, (a,b))", "AT_LEAST percentage threshold must be between 1 and 100"),
        (
            f"AT_LEAST({'9' * 5000}, ALARM, (a,b))",
            "AT_LEAST absolute threshold must be between 1 and number of alarms (2)",
        ),
    ],
)
def test_thresholds_out_of_bounds(text, problem) -> None:
    with pytest.raises(AlarmRuleError) as refused:
        parse_alarm_rule(text)
    assert (refused.value.message, refused.value.position) == (f"Error in AlarmRule [{problem}]", 9)


@pytest.mark.parametrize(("percent", "minimum"), [(1, 1), (33, 1), (34, 2), (66, 2), (67, 3), (100, 3)])
def test_a_percentage_is_rounded_up(percent, minimum) -> None:
    rule = parse_alarm_rule(f"AT_LEAST({percent}%, ALARM, (a, b, a))")
    assert isinstance(rule, AtLeast)
    assert rule.minimum == minimum


def test_a_rule_has_at_most_10240_characters() -> None:
    longest = "TRUE" + " " * 10_236
    assert parse_alarm_rule(longest) == TRUE
    with pytest.raises(AlarmRuleError) as refused:
        parse_alarm_rule(longest + " ")
    assert refused.value.message == "an AlarmRule has at most 10240 characters, not 10241"
    assert refused.value.position == 10_240


def test_a_rule_watches_at_most_100_alarms() -> None:
    hundred = " OR ".join(f"ALARM(a{number})" for number in range(100))
    assert [child.child for child in children(parse_alarm_rule(hundred))] == [f"a{n}" for n in range(100)]
    again = f"{hundred} OR OK(a7)"
    assert sum(1 for _ in children(parse_alarm_rule(again))) == 101
    with pytest.raises(AlarmRuleError) as refused:
        parse_alarm_rule(f"{hundred} OR ALARM(more)")
    assert refused.value.message == "an AlarmRule watches at most 100 alarms"
    assert refused.value.position == len(hundred) + len(" OR ALARM(")


def test_a_rule_has_at_most_500_elements() -> None:
    most = " OR ".join(["TRUE", "(FALSE)", "ALARM(a)"] * 125)
    assert len(most) < 10_240
    parse_alarm_rule(most)
    for element, offset in (("TRUE", 4), ("(TRUE)", 4), ("ALARM(a)", 10)):
        with pytest.raises(AlarmRuleError) as refused:
            parse_alarm_rule(f"{most} OR {element}")
        assert refused.value.message == "an AlarmRule has at most 500 elements"
        assert refused.value.position == len(most) + offset


def test_the_deepest_rules_are_no_trouble() -> None:
    negations = "NOT " * 2559 + "TRUE"
    assert parse_alarm_rule(negations) == Not(TRUE)
    brackets = "(" * 499 + "TRUE" + ")" * 499
    assert parse_alarm_rule(brackets) == TRUE
    stairs = "NOT (TRUE AND " * 249 + "ALARM(a)" + ")" * 249
    rule = parse_alarm_rule(stairs)
    assert [child.child for child in children(rule)] == ["a"]
    assert print_alarm_rule(rule) == stairs.replace("ALARM(a)", 'ALARM("a")')


def test_children_come_in_the_order_of_the_rule_with_their_places() -> None:
    text = 'ALARM(a) AND (OK("b c") OR NOT AT_LEAST(1, INSUFFICIENT_DATA, (d, a)))'
    assert list(children(parse_alarm_rule(text))) == [
        InState(ALARM, "a", 6),
        InState(OK, "b c", 17),
        InState(MISSING, "d", text.index("d, a")),
        InState(MISSING, "a", text.index("a)))")),
    ]


@pytest.mark.parametrize(
    ("child", "text"),
    [
        (
            "arn:aws:cloudwatch:us-west-2:123456789012:alarm:missing",
            "Error in AlarmRule [Wrong ARN region, it was us-west-2 but us-east-1 was expected instead]",
        ),
        (
            "arn:aws:cloudwatch:us-east-1:111111111111:alarm:missing",
            "A composite alarm cannot have a child relation with alarms from another AWS account",
        ),
        (
            "own",
            ITSELF,
        ),
        (
            "arn:aws:cloudwatch:us-east-1:123456789012:alarm:own",
            ITSELF,
        ),
        ("other", None),
        (ARN, None),
    ],
)
def test_children_that_cloudwatch_refuses(child, text) -> None:
    assert refused_child(child, name="own", region="us-east-1", account="123456789012") == text


def test_nothing_is_said_of_a_region_or_account_that_is_not_known() -> None:
    foreign = "arn:aws:cloudwatch:us-west-2:111111111111:alarm:other"
    assert refused_child(foreign, name="own", region="", account="") is None


def test_children_that_do_not_exist() -> None:
    assert absent_children([ARN]) == (
        f"Could not save the composite alarm as alarms [{ARN}] in the alarm rule do not exist"
    )


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
WORDS = ["TRUE", "FALSE", "NOT", "AND", "OR", "ALARM", "OK", "INSUFFICIENT_DATA", "AT_LEAST"]
PIECES = [*WORDS, "(", ")", ",", "a", '"b c"', '"', "\\", "1", "50%", "true", " ", "\n", "<EOF>"]


@st.composite
def rules(draw, depth: int = 3) -> str:
    """A rule that CloudWatch accepts."""
    state = draw(st.sampled_from(["ALARM", "OK", "INSUFFICIENT_DATA"]))
    quoted = st.builds(lambda name: '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"', NAMES)
    child = st.one_of(quoted, st.sampled_from(["a", "TRUE", "it's", 'a"b', ARN]))
    choice = draw(st.integers(0, 6 if depth else 2))
    if choice == 0:
        return draw(st.sampled_from(["TRUE", "FALSE"]))
    if choice == 1:
        return f"{state}( {draw(child)})"
    if choice == 2:
        members = draw(st.lists(child, min_size=1, max_size=4))
        threshold = draw(st.sampled_from(["1", str(len(members)), "1%", "100%"]))
        negation = draw(st.sampled_from(["", "NOT "]))
        return f"AT_LEAST({threshold},{negation}{state},({','.join(members)}))"
    if choice == 3:
        return f"NOT {draw(rules(depth - 1))}"
    if choice == 4:
        return f"({draw(rules(depth - 1))})"
    operator = " AND " if choice == 5 else " OR "
    return operator.join(draw(st.lists(rules(depth - 1), min_size=2, max_size=3)))


@given(rules())
@example("NOT (TRUE AND FALSE) AND (TRUE AND (FALSE OR TRUE) OR NOT (OK(a)))")
def test_a_printed_rule_parses_to_the_same_tree(text) -> None:
    tree = parse_alarm_rule(text)
    printed = print_alarm_rule(tree)
    assert without_positions(parse_alarm_rule(printed)) == without_positions(tree)
    assert print_alarm_rule(parse_alarm_rule(printed)) == printed


@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from(PIECES)).map("".join),
        st.lists(st.sampled_from(PIECES)).map(" ".join),
    )
)
def test_any_text_is_a_rule_or_an_alarm_rule_error(text) -> None:
    try:
        tree = parse_alarm_rule(text)
    except AlarmRuleError as refused:
        position = refused.position
    else:
        position = 0
        assert without_positions(parse_alarm_rule(print_alarm_rule(tree))) == without_positions(tree)
        for child in children(tree):
            assert text[child.position :].startswith((child.child, '"'))
    assert 0 <= position <= len(text)
