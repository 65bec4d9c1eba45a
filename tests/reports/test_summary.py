import re

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given, settings

from kfm_audit.findings.finding import Verdict
from kfm_audit.reports import FORMATS
from kfm_audit.reports.markdown import code, prose
from kfm_audit.reports.summary import LIMIT, render
from tests.reports.builder import ANSWERED, finding, full_report, many, report, view
from tests.reports.hostile import TRICKS, any_text, reports
from tests.reports.snapshots import assert_same

OURS = {
    "h1", "h2", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "code", "br", "details",
    "summary",
}  # fmt: skip


def html(markdown):
    """What GitHub makes of it: its own parser, with links and tables, and raw HTML let through."""
    return cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE)


def shown(markdown):
    text = re.sub(r"<[^>]*>", "", html(markdown)).strip()
    for entity, char in {"&lt;": "<", "&gt;": ">", "&quot;": '"', "\u2060": "", "&amp;": "&"}.items():
        text = text.replace(entity, char)
    return text


def test_one_finding_of_every_sort():
    assert_same("full.md", FORMATS["summary"].render(full_report(), view(people=False)))


@pytest.mark.parametrize("made", [report(questions=ANSWERED), report(), full_report()])
def test_the_title_never_claims_more_than_was_checked(made):
    title = render(made, view()).splitlines()[0]
    assert (
        title
        == {
            (0, "answered"): "# kfm-audit: passed",
            (0, "partly"): "# kfm-audit: passed in what was checked",
            (4, "partly"): "# kfm-audit: audited in part",
        }[made.exit_code, made.questions[0].answer.value]
    )


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("write", [prose, code])
def test_a_text_is_shown_as_it_is_and_does_nothing(write, trick):
    made = html(f"| a | b |\n| - | - |\n| {write(f'x {trick} y')} | z |\n")
    assert made.count("<td>") == 2
    assert set(re.findall(r"</?(\w+)", made)) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}


def test_texts_read_as_they_were_written():
    text = 'aws_sqs_queue.q["a|b"] has *two* `policies` at 100 % & <none> of $5, says a@b.example, see https://x.y'
    assert shown(prose(text)) == text
    assert shown(f"| a |\n|---|\n| {code(text)} |\n").endswith(text)


@pytest.mark.parametrize(
    "trick", ["@kfm/reliability", "#12", "https://evil.example", "www.evil.example", "a@b.example"]
)
def test_nobody_is_mentioned_and_nothing_is_linked(trick):
    assert trick not in prose(f"see {trick}")
    assert "<a" not in html(prose(f"see {trick}"))


def test_a_step_summary_is_never_larger_than_github_takes():
    made = report(
        *many(20_000),
        *many(500, verdict=Verdict.UNDECIDED),
        *many(500, verdict=Verdict.PENDING, attribute="p"),
    )
    text = render(made, view())
    assert len(text.encode()) <= LIMIT
    rows = [line for line in text.splitlines() if line.startswith("| error |")]
    assert all(line.endswith(" |") for line in rows)
    assert f"**Findings: {20_000 - len(rows)} of 20000 are not shown, the JSON report has them all.**" in text
    assert (
        "**Undecided: could not be known: 500 of 500 are not shown, the JSON report has them all.**" in text
    )
    assert text.splitlines()[-1].startswith("kfm-audit 0.1.0, policy `kfm-v11`")


def test_wide_characters_count_as_the_bytes_that_they_are():
    made = report(*(finding(subject=f"{number}", message="名" * 500) for number in range(2000)))
    text = render(made, view())
    assert len(text.encode()) <= LIMIT
    assert len(text.encode()) > LIMIT * 0.9


@settings(deadline=None)
@given(reports())
def test_whatever_the_texts_the_page_has_our_markup_only(hostile):
    made = html(render(hostile, view(show_suppressed=True)))
    assert set(re.findall(r"</?(\w+)", made)) <= OURS
    assert "href" not in made
    verdicts = [each.finding.verdict for each in hostile.findings]
    lists = sum(verdict in verdicts for verdict in Verdict)
    tables = 1 + lists + bool(hostile.inputs) + bool(hostile.ignored)
    rows = 4 + len(hostile.findings) + len(hostile.inputs) + len(hostile.ignored) + tables
    assert made.count("<table>") == tables
    assert made.count("<tr>") == rows


@settings(deadline=None)
@given(any_text)
def test_code_is_one_span(text):
    made = html(f"| a | b |\n| - | - |\n| {code(text + 'x')} | z |\n")
    assert made.count("<code>") == 1
    assert made.count("<td>") == 2
