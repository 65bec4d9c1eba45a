"""Reports in which every text is written by somebody who means harm."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from msgspec.structs import replace

from kfm_audit.findings.finding import Acceptance, AcceptedBy, LocatedRelated, SettledFinding, Verdict
from kfm_audit.reports.report import IgnoredFile, InputRecord, InputStatus, Question, Report
from kfm_audit.values import Location
from tests.reports.builder import NOW, QUESTIONS, finding, report

TRICKS = (
    "::error file=a.py,line=1::forged",
    "::stop-commands::x",
    "  ::add-mask::a",
    "\ufe0f::error::forged",
    "\u200b::error::forged",
    "##[add-path]/evil",
    "#\ufe0f#[error]forged",
    "##vso[task.setvariable variable=a]b",
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
    "\x9b31m",
    "\u202egnp.exe",
    "\r\n",
    "\n\n# heading\n",
    "\n| a | b |\n",
    " | ",
    "\\|",
    "\\",
    "`",
    "``` ",
    "<script>alert(1)</script>",
    "</details>",
    "<!--",
    "<br>",
    "&lt;b&gt;",
    "[click](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "[related](1)",
    "](1)",
    "https://evil.example/x",
    "www.evil.example",
    "a@evil.example",
    "@kfm/reliability",
    "#12",
    "**bold** _em_ ~~gone~~",
    "$x^2$",
    "%0A::error::forged",
    "%25",
    ",line=99",
    "title=x",
    "\t",
    "\x00",
    "\u2028",
    "\ud800",
    "\udcff",
    "名前",
    "e\u0301",
    "🧨",
    "../../etc/passwd",
    "/etc/passwd",
    "C:/x",
)

texts = st.lists(st.sampled_from(TRICKS) | st.text(max_size=8) | st.just("plain words "), max_size=5).map(
    "".join
)
surrogates = st.text(st.characters(categories=["Cs", "Cc", "Cf", "Ll"]), max_size=6)
any_text = texts | surrogates
numbers = st.integers(0, 5)

locations = st.builds(Location, any_text, numbers, numbers, numbers, numbers, any_text)


@st.composite
def findings(draw: st.DrawFn) -> SettledFinding:
    verdict = draw(st.sampled_from(Verdict))
    related = draw(st.lists(st.builds(LocatedRelated, any_text, locations), max_size=2))
    acceptance = st.builds(
        Acceptance, by=st.sampled_from(AcceptedBy), reason=any_text, owner=any_text, expires=any_text
    )
    return finding(
        draw(st.sampled_from(["ALM001", "SYS001", "TEL002", "XXX999"])),
        draw(any_text),
        subject=draw(any_text),
        verdict=verdict,
        help=draw(any_text),
        stack=draw(any_text),
        attribute=draw(any_text),
        due=NOW + timedelta(minutes=draw(st.integers(-9999, 9999))) if verdict is Verdict.PENDING else None,
        persons=tuple(draw(st.lists(any_text, max_size=2))),
        at=draw(locations),
        related=tuple(related),
        known=draw(st.booleans()),
        acceptance=draw(st.none() | acceptance),
    )


@st.composite
def reports(draw: st.DrawFn) -> Report:
    record = st.builds(
        InputRecord,
        path=any_text,
        kind=st.sampled_from(["", "terraform-plan"]) | any_text,
        status=st.sampled_from(InputStatus),
        bytes=st.just(7),
        sha256=st.none(),
        facts=st.just(1),
    )
    questions: tuple[Question, ...] = tuple(replace(each, why=draw(any_text)) for each in QUESTIONS)
    return report(
        *draw(st.lists(findings(), max_size=3)),
        questions=questions,
        inputs=tuple(draw(st.lists(record, max_size=2))),
        ignored=tuple(draw(st.lists(st.builds(IgnoredFile, any_text, any_text), max_size=2))),
        policy_name=draw(any_text),
        facts={draw(any_text): 1},
        exit_code=draw(st.integers(0, 5)),
    )
