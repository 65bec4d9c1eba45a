"""Metric math that is refused, by CloudWatch's own words where the API has been seen to say them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from kfm_audit.aws.math_check import Fault, Query, check, check_alone, examine
from kfm_audit.aws.math_error import MathError
from kfm_audit.aws.math_syntax import MAX_LENGTH, Expression, is_metrics_insights, parse
from kfm_audit.aws.math_types import MathType, function, function_names


def queries(expression: str, *more: Query) -> list[Query]:
    metrics = [Query(id=id_, period=60) for id_ in ("m1", "m2", "errors", "errors4xx")]
    return [*metrics, *more, Query(id="e1", expression=expression, return_data=True)]


def said(faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """The faults without their cures, which have a test of their own."""
    return tuple(structs.replace(fault, cure="") for fault in faults)


def only(*faults: tuple[str, int, int], certain: bool = True, query: int = 4) -> tuple[Fault, ...]:
    return tuple(
        Fault(message=message, query=query, position=position, end=end, certain=certain)
        for message, position, end in faults
    )


ADMITTED = [
    # Verbatim from the tables of the CloudWatch user guide, "Using metric math", with its ids made ours.
    *("PERIOD(m1)/60*m2", "5 * m1", "m1 - m2", "SUM(100/[m1, m2])", "AVG([m1,m2]/m1)", "SUM(METRICS()*100)"),
    *("-5*m1", "-m1", "SUM(-[m1, m2])", "(m1 < m2)", "(m1 >= 30)", "(m1 > 15 AND m2 > 15)"),
    *("ABS(m1-m2)", "MIN(ABS([m1, m2]))", "SUM([m1,m2])/AVG(m2)", "AVG(METRICS())", "SUM(CEIL(METRICS()))"),
    *("SUM(m1) / DATAPOINT_COUNT(m1) * m2", "DATAPOINT_COUNT(METRICS())", "DIFF(m1)", "FILL(m1,10)"),
    *("FILL(m1, MIN(m1))", "FILL(m1, REPEAT)", "SUM(FILL(METRICS(), LINEAR))", "SUM(FILL(METRICS(), m1))"),
    *("IF(FIRST(SORT(METRICS(), AVG, DESC))>100, 1, 0)", "MAX(LOG(METRICS()))", "LOG10(m1)", "MAX(m1)/m1"),
    *("m1/METRIC_COUNT(METRICS())", 'SUM(METRICS("errors"))', 'SUM([METRICS("4xx"), METRICS("errors")])'),
    *("m1-MIN(m1)", "MINUTE(m1)", "IF(DAY(m1)<6,m1)", "IF(MONTH(m1) == 4,m1)", "m1/PERIOD(m1)", "RATE(m1)"),
    *("SUM(RUNNING_SUM([m1,m2]))", "FIRST(SLICE(SORT(METRICS(), SUM, DESC), 0, 10))", "m1/STDDEV(m1)"),
    *(
        "LAST(SLICE(SORT(METRICS(), AVG, ASC), 1))",
        "FIRST(SORT(METRICS(), AVG, DESC, 10))",
        "TIME_SERIES(10)",
    ),
    *('SUM(METRICS("errors"))/SUM(METRICS("m"))*100', "TIME_SERIES(5*AVG(m1))", "IF(m1<400, 10, 2)"),
    # Seen to be admitted by the API, or used by people.
    *("FIRST(REMOVE_EMPTY(METRICS()))", "TIME_SERIES(0)", "SLICE(METRICS(), 0, 1)", "m1 && m2"),
    *(
        "IF(FILL(m1, 0) >= 50, 100 * errors / m1, 0)",
        "m1>1||m2>1",
        "m1^2",
        ".5*m1",
        "1e3*m1",
        "-(-m1)",
        "m1\n+\tm2",
    ),
]


WILD = [
    # From Terraform, CDK and Serverless files in public repositories, with ids of ours.
    *(
        "IF(total > 0, errors / total * 100, 0)",
        "IF(m1 < m2, 1, 0)",
        "IF(total == 0, 100, (errors / total) * 100)",
    ),
    "IF(FILL(m3, 0) > 0, (m1 + m2) / FILL(m3, 0), m1 + m2)",
    *("IF((m1+errors)>0, errors/(m1+errors), 0)", "(m1-m2)/m1*100", "(m1 / PERIOD(m1)) * 100 / m2"),
    *("(m1 / 300) / 500 * 100", "(m1 + m2) / IF(m3 > 0, m3, 1)", "SUM(METRICS())/(1024*1024)"),
    *("IF(m1 > 1, MIN([MAX([m1, m2, m3]), TIME_SERIES(1)]), 1)", "100*(1-(m2/(m1+0.0001)))"),
    *("FILL(m1,0)-FILL(m2,0)-FILL(m3,0)", "IF(HOUR(m1) >= 11 AND HOUR(m1) < 20, m1, 1)", "100*(m2/(m1+m2))"),
    *("m3/(PERIOD(m3)/(3600*24))", "FILL(m1,0)*1000", "SUM([m1, m2])", "m1-m2*IF(m1<100,0.5,1)"),
]


@pytest.mark.parametrize("expression", WILD)
def test_what_people_write_is_admitted(expression):
    beside = [Query(id=id_, period=60) for id_ in ("total", "m3")]
    assert check(queries(expression, *beside)) == ()


@pytest.mark.parametrize("expression", ADMITTED)
def test_what_aws_documents_is_admitted(expression):
    assert check(queries(expression)) == ()


NATIVE = [
    ("AVG(m1)", ("The return value of the expression must be TimeSeries or Array[TimeSeries]", 0, 7)),
    ("m_missing", ("ID 'm_missing' not found", 0, 9)),
    ("1 + X(m1)", ("Function 'X' not found", 4, 9)),
    ("SEARCH('{AWS/SQS}', 'Sum')", ("SEARCH is not supported on Metric Alarms.", 0, 26)),
    ("SUM(SEARCH('{AWS/SQS}', 'Sum'))", ("SEARCH is not supported on Metric Alarms.", 4, 30)),
]
OURS = [
    ("sum([m1])", ("Function 'sum' not found: functions are written in capitals, SUM", 0, 9)),
    ("AVERAGE([m1])", ("Function 'AVERAGE' not found", 0, 13)),
    ("LOG2(m1)", ("Function 'LOG2' not found: perhaps LOG", 0, 8)),
    ("M1 + m1", ("ID 'M1' not found", 0, 2)),
    ("REPEAT", ("ID 'REPEAT' not found", 0, 6)),
    (
        "[m1, m2]",
        ("the expression of 'e1' gives an array of time series, and an alarm watches a single one", 0, 8),
    ),
    (
        "METRICS()",
        ("the expression of 'e1' gives an array of time series, and an alarm watches a single one", 0, 9),
    ),
    ("SUM([m1, 2])", ("an array holds time series, not numbers or strings", 9, 10)),
    ("m1 + 'a'", ("a string is no operand", 5, 8)),
    ("IF(1, 2, 3)", ("IF takes a time series as condition or as value, not numbers alone", 0, 11)),
    ("IF(m1)", ("IF takes a condition, a value and another value, not 1 arguments", 0, 6)),
    (
        "FILL(m1)",
        (
            (
                "FILL takes (TS, S) or (TS, TS) or (TS, REPEAT|LINEAR) or (TS[], S) or (TS[], TS) or "
                "(TS[], REPEAT|LINEAR), not (TS)"
            ),
            0,
            8,
        ),
    ),
    ("FILL(m1, repeat)", ("ID 'repeat' not found", 9, 15)),
    ("FIRST(m1)", ("FIRST takes (TS[]), not (TS)", 0, 9)),
    ("METRIC_COUNT(m1)*m1", ("METRIC_COUNT takes (TS[]), not (TS)", 0, 16)),
    ("FIRST(SORT([m1, m2], STDDEV, ASC))", ("ID 'STDDEV' not found", 21, 27)),
    ("PERIOD(m1*2)*m1", ("PERIOD takes a metric, not the result of another expression", 9, 10)),
    ("e1 + 1", ("the expressions need each other: e1 -> e1", 0, 2)),
    (
        "m1 and m2",
        ("'and' where an operator or the end is expected; AND and OR are written in capitals", 3, 6),
    ),
    (
        "m1 = m2",
        (
            (
                "'=' where an operator or the end is expected; comparisons are ==, !=, <=, >=, < and >, and "
                "there is no NOT"
            ),
            3,
            4,
        ),
    ),
    ("(m1", ("the end of the expression where an operator or ')' is expected", 3, 4)),
    ("m1)", ("')' where an operator or the end is expected", 2, 3)),
    ("m1 m2", ("'m2' where an operator or the end is expected", 3, 5)),
    ("m1 +", ("the end of the expression where a number, an id, a function, '(' or '[' is expected", 4, 5)),
    ("SUM([])", ("an array holds at least one time series", 4, 6)),
    (
        "SUM(METRICS(\N{LEFT DOUBLE QUOTATION MARK}a))",
        (
            (
                "'\N{LEFT DOUBLE QUOTATION MARK}' where a number, an id, a function, '(' or '[' is expected; write "
                "straight quotation marks"
            ),
            12,
            13,
        ),
    ),
    (
        "SUM(METRICS('a))",
        ("''' where a number, an id, a function, '(' or '[' is expected; the string is never closed", 12, 13),
    ),
    ("m1 % 2", ("'%' where an operator or the end is expected", 3, 4)),
]


@pytest.mark.parametrize(("expression", "fault"), [*NATIVE, *OURS])
def test_what_is_refused_is_named_with_its_position(expression, fault):
    assert said(check(queries(expression))) == only(fault)


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("SUM([m1, m2] * [m2, m1])", ("AWS lists no '*' of TS[] and TS[]", 13, 14)),
        ("SUM(METRICS() > 1)", ("AWS lists no '>' of TS[] and S", 14, 15)),
        ("IF(1, 2, m1)", ("AWS lists no IF of (S, S, TS)", 0, 12)),
    ],
)
def test_what_aws_does_not_list_is_no_certain_fault(expression, fault):
    assert said(check(queries(expression))) == only(fault, certain=False)


@pytest.mark.parametrize(
    ("expression", "cure"),
    [
        ("AVG(m1)", "write it out as a series: TIME_SERIES(...) of a number"),
        ("nobody", "use the id of another query: m1, m2, errors, errors4xx"),
        ("METRICS()", "make one series of the array with SUM, AVG, MAX, MIN, FIRST or LAST"),
        ("FIRST(SEARCH('x'))", "name each metric in a metric_query of its own"),
        ("m1 +", ""),
    ],
)
def test_a_fault_says_what_mends_it_where_that_is_known(expression, cure):
    assert [fault.cure for fault in check(queries(expression))] == [cure]


def test_a_fault_is_said_once_and_not_of_all_that_reads_it():
    more = Query(id="broken", expression="m1 +")
    assert check(queries("broken * 2 + broken", more)) == only(
        ("the end of the expression where a number, an id, a function, '(' or '[' is expected", 4, 5)
    )


def test_several_faults_stand_in_the_order_of_positions():
    assert [fault.message for fault in check(queries("X(m1) + nobody + 'text'"))] == [
        "Function 'X' not found",
        "ID 'nobody' not found",
        "a string is no operand",
    ]


def test_the_set_as_a_whole():
    metric = Query(id="m1", period=60)
    other = Query(id="m1", period=300)
    bad = Query(id="M", expression="m1*2", return_data=True)
    second = Query(id="e", expression="m1", return_data=True)
    assert said(check([metric, other, bad, second])) == (
        Fault(message="exactly one query returns data, and 2 do"),
        Fault(message="the id 'm1' is taken by another query", query=1),
        Fault(message="all metrics of an alarm have the same period, not 60 and 300 seconds", query=1),
        Fault(message="the id 'M' is none: a lower-case letter, then letters, digits and _", query=2),
    )
    assert said(check([metric])) == (Fault(message="exactly one query returns data, and none does"),)
    many = [Query(id=f"m{n}") for n in range(11)]
    assert said(check([*many, Query(id="e1", expression="m1", return_data=True)])) == (
        Fault(message="an alarm reads at most 10 metrics, not 11"),
    )
    assert check([Query(id=f"e{n}", expression="TIME_SERIES(1)", return_data=n == 0) for n in range(11)]) == (
        Fault(message="an alarm has at most 10 expressions, not 11"),
    )


def test_a_cycle_is_found_wherever_it_is_entered():
    loop = [Query(id="a", expression="b"), Query(id="b", expression="c*2"), Query(id="c", expression="a+m1")]
    faults = check(queries("a", *loop))
    assert [(fault.message, fault.query, fault.position) for fault in faults] == [
        ("the expressions need each other: a -> b -> c -> a", 6, 0)
    ]


def test_a_long_chain_of_queries_does_not_recurse():
    chain = [Query(id=f"q{n}", expression=f"q{n + 1}") for n in range(3000)]
    checked = examine([*chain, Query(id="q3000", return_data=True)])
    assert checked.types["q0"] is MathType.SERIES


def test_the_band_of_an_anomaly_alarm_is_no_result():
    band = [
        Query(id="m1", period=60, return_data=True),
        Query(id="ad1", expression="ANOMALY_DETECTION_BAND(m1, 2)", return_data=True),
    ]
    assert check(band, threshold_id="ad1") == ()
    assert check(band)[0].message == "exactly one query returns data, and 2 do"
    assert check(band[:1], threshold_id="ad1") == (
        Fault(message="ID 'ad1' of threshold_metric_id not found"),
    )


def test_metrics_insights_is_known_and_not_parsed():
    query = Query(
        id="q1", expression='select MAX(CPUUtilization) FROM SCHEMA("AWS/EC2", InstanceId)', return_data=True
    )
    assert check([query]) == ()
    assert is_metrics_insights(" SELECT\nMAX(x)")
    assert not is_metrics_insights("SELECTED + 1")


def test_lengths():
    long = "m1" + " " * 1020 + "+ m2"
    assert [fault.message for fault in check(queries(long))] == [
        "Terraform takes expressions of at most 1024 characters, not 1026"
    ]
    with pytest.raises(MathError, match="at most 2048 characters, not 2049"):
        parse("1" * (MAX_LENGTH + 1))


@pytest.mark.parametrize(
    "text", ["(" * 1000 + "m1", "-" * 2000 + "m1", "m1" + "^m1" * 600, "[" * 900, "ABS(" * 500]
)
def test_depth_is_refused_and_said_to_be_ours(text):
    with pytest.raises(MathError) as raised:
        parse(text)
    assert not raised.value.certain
    assert raised.value.message == "the expression nests deeper than 100 levels and is not read"


def test_one_expression_alone():
    assert [error.message for error in check_alone("X(m1) + any_id")] == ["Function 'X' not found"]
    assert check_alone("any_id / other") == ()
    assert check_alone("SELECT x") == ()
    assert [error.position for error in check_alone("any_id /")] == [8]


@pytest.mark.parametrize(
    ("expression", "noted"),
    [
        ("m1 > 0 AND m2 > 0 OR m1 > 5", ["AND binds more strongly than OR"]),
        ("m1 > 0 OR m2 > 0 AND m1 > 5", ["AND binds more strongly than OR"]),
        ("0 < m1 < 10", ["comparisons group from the left"]),
        ("2^m1^2", ["powers group from the right"]),
        ("-m1^2", ["a minus sign binds more strongly than ^"]),
        ("(m1 > 0 AND m2 > 0) OR m1 > 5", []),
        ("(0 < m1) < 10", []),
        ("2^(m1^2)", []),
        ("-(m1^2) + (-m1)^2 + m1 * 2 - m2", []),
    ],
)
def test_readings_that_aws_does_not_document_are_noted(expression, noted):
    assert [unclear.text for unclear in parse(expression).unclear] == noted


def test_every_function_has_a_signature_that_can_be_met():
    for name in function_names():
        known = function(name)
        assert known is not None
        for signature in known.signatures:
            first = [item if isinstance(item, MathType) else item[0] for item in signature.parameters]
            assert signature.takes(tuple(first[: signature.required]))
            assert signature.takes(tuple(first))


WORDS = st.sampled_from(
    [*function_names(), "m1", "m2", "e1", "nobody", "1", "2.5", "'a'", '"', "(", ")", "[", "]", ",", "+", "-", "*", "/",
     "^", "<", ">=", "==", "=", "&&", "AND", "OR", "and", "!", "REPEAT", "ASC", "SELECT", " ", "\n", "é", "\x00"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=30).map(" ".join)))
def test_any_text_is_an_expression_or_a_fault_with_a_position_in_it(text):
    try:
        fault = None
        assert isinstance(parse(text), Expression)
    except MathError as error:
        fault = error
    if fault is not None:
        assert 0 <= fault.position <= len(text)
        assert fault.position < fault.end <= max(len(text), fault.position) + 1
    found = check(queries(text) if text else [Query(id="m1", return_data=True)])
    assert all(fault.message for fault in found)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["", "a", "b+c", "SUM(METRICS())", "c(", "SELECT"]),
                          st.integers(0, 2), st.booleans()), max_size=6))  # fmt: skip
def test_any_set_of_queries_is_judged(parts):
    found = check([Query(id=a, expression=b, period=c * 60, return_data=d) for a, b, c, d in parts])
    assert all(-1 <= fault.query < len(parts) for fault in found)
