"""PRV004: correction-without-reason."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import Correction
from kfm_audit.prov.placeholders import is_placeholder
from kfm_audit.prov.quoting import quote, shorten
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, duration, rule, shifted


@rule("PRV004", on=Correction, severity=Severity.ERROR)
def correction_without_reason(correction: Correction, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A correction does not say why production data was moved back, or who answers for it.

    ## Why
    The runbook asks for explicit responsibility and justification: a category, so that rollbacks can be
    counted by cause; a text that a stranger understands in a year; and an agent. "TODO" and "n/a" are no
    reasons.

    ## Bad
    ```json rollback.prov.jsonld
    {
      "@context": {
        "prov": "http://www.w3.org/ns/prov#",
        "kfm": "https://kansasfrontiermatrix.org/ns/kfm#"
      },
      "@id": "urn:kfm:correction:2026-01-30",
      "@type": ["prov:Activity", "kfm:Correction"],
      "kfm:reasonCategory": "data-quality",
      "kfm:justification": "bad data"
    }
    ```

    ## Good
    ```json rollback.prov.jsonld
    {
      "@context": {
        "prov": "http://www.w3.org/ns/prov#",
        "kfm": "https://kansasfrontiermatrix.org/ns/kfm#"
      },
      "@id": "urn:kfm:correction:2026-01-30",
      "@type": ["prov:Activity", "kfm:Correction"],
      "kfm:reasonCategory": "data-quality",
      "kfm:justification": "The 02:10 run wrote gauge heights in feet into a column of metres.",
      "prov:wasAssociatedWith": {"@id": "urn:kfm:person:jane.doe", "@type": "prov:Person"}
    }
    ```

    ## When it is undecided
    A draft (`kfm:draft`) is pending for as long as a correction has time (`lakefs.due.correction`), counted
    from the times in the draft; then, and where it has no times, whether it gives a reason is undecided until
    it is finished. A draft of a rollback that a log shows is left to LFS002, which speaks of the rollback.

    ## Settings
    `provenance.reason_categories`: the vocabulary; without one every category will do.
    `provenance.justification_min_length`: characters.

    ## References
    `docs/correction-document.md`.
    """
    if correction.draft:
        yield from _draft(correction, ctx)
        return
    if correction.todo:
        yield ctx.fail(
            correction,
            f"still holds a TODO in {correction.todo}",
            at=correction.todo,
            help='write what belongs there, or say "kfm:draft": true for as long as you cannot',
            key="todo",
        )
    yield from _category(correction, ctx)
    yield from _justification(correction, ctx)
    if not any(agent.iri or agent.names for agent in correction.agents):
        yield ctx.fail(
            correction,
            "names nobody who answers for it",
            at="prov:wasAssociatedWith",
            help='add "prov:wasAssociatedWith" with whoever carried out the rollback, typed prov:Person or '
            "prov:SoftwareAgent",
        )


def _category(correction: Correction, ctx: Context[NoSettings]) -> Iterator[Finding]:
    at, category = "kfm:reasonCategory", correction.reason_category
    vocabulary = ctx.policy.provenance.reason_categories
    known = f": {', '.join(vocabulary)}" if vocabulary else ""
    if correction.todo == at:
        return
    if not category:
        yield ctx.fail(
            correction,
            "gives no reason category",
            at=at,
            help=f'add "kfm:reasonCategory", one of the policy\'s{known}',
        )
    elif " | " in category:
        yield ctx.fail(
            correction,
            f"gives several reason categories ({shorten(category)}), where rollbacks are counted by one",
            at=at,
            help="keep the one that made the rollback necessary, and name the others in kfm:justification",
        )
    elif vocabulary and category not in vocabulary:
        yield ctx.fail(
            correction,
            f"gives the reason category {quote(category)}, which policy does not list"
            f"{_nearest(category, vocabulary)}",
            at=at,
            help=f"choose one of the policy's{known}; a new one goes into `provenance.reason_categories`",
        )


def _nearest(word: str, words: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    plain = word.casefold().replace("_", "-").replace(" ", "-")
    near = get_close_matches(plain, words, n=1, cutoff=0.6)
    return f"; the nearest is {near[0]!r}" if near else ""


def _justification(correction: Correction, ctx: Context[NoSettings]) -> Iterator[Finding]:
    at, text = "kfm:justification", correction.justification.strip()
    least = ctx.policy.provenance.justification_min_length
    if correction.todo == at:
        return
    if not text:
        message = "gives no justification"
    elif is_placeholder(text):
        message = f"gives {quote(text)} for a justification, which is a placeholder"
    elif len(text) < least:
        message = f"gives a justification of {len(text)} characters, where policy asks for {least}"
    else:
        return
    yield ctx.fail(
        correction,
        message,
        at=at,
        help="say what was wrong with the data, how it was noticed, and why it had to be moved back, for "
        "somebody who reads it in a year",
    )


def _draft(correction: Correction, ctx: Context[NoSettings]) -> Iterator[Finding]:
    if ctx.evidence.agents.cases(correction):
        return  # LFS002 keeps the case pending, and fails it when it is overdue
    at, help_ = "kfm:draft", "finish it, and take kfm:draft out"
    begun = correction.ended or correction.started
    due = shifted(begun, duration(ctx.policy.lakefs.due.correction)) if begun else None
    if due is not None and ctx.now < due:
        yield ctx.pending(correction, "is a draft still", due=due, at=at, help=help_)
    else:
        since = f", due at {due:%Y-%m-%dT%H:%M:%SZ}" if due else ""
        yield ctx.undecided(
            correction,
            f"whether it gives a reason is not known: it is a draft still{since}",
            at=at,
            help=help_,
        )
