"""PRV003: correction-without-reverted-commit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kfm_audit.facts import Correction
from kfm_audit.prov.placeholders import is_placeholder
from kfm_audit.prov.quoting import quote
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule

_AT = "kfm:revertedCommit"


@rule("PRV003", on=Correction, severity=Severity.ERROR)
def correction_without_reverted_commit(correction: Correction, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A correction does not name the commit that was taken back.

    ## Why
    Whoever built something from the bad state must be able to find out from its commit id, and only the
    correction can tell them: a hard reset leaves no trace in lakeFS's commit log. A branch name or `main~1`
    names nothing, for it points elsewhere tomorrow. A correction that is a draft (`kfm:draft`) is not judged.

    ## Bad
    ```json rollback.prov.jsonld
    {
      "@context": {
        "prov": "http://www.w3.org/ns/prov#",
        "kfm": "https://kansasfrontiermatrix.org/ns/kfm#"
      },
      "@id": "urn:kfm:correction:2026-01-30",
      "@type": ["prov:Activity", "kfm:Correction"],
      "kfm:lakefsRepository": "kfm",
      "kfm:lakefsBranch": "env-prod",
      "kfm:revertedCommit": "env-prod~1"
    }
    ```

    ## Good
    Named outright:
    ```json rollback.prov.jsonld
    {
      "@context": {
        "prov": "http://www.w3.org/ns/prov#",
        "kfm": "https://kansasfrontiermatrix.org/ns/kfm#"
      },
      "@id": "urn:kfm:correction:2026-01-30",
      "@type": ["prov:Activity", "kfm:Correction"],
      "kfm:lakefsRepository": "kfm",
      "kfm:lakefsBranch": "env-prod",
      "kfm:revertedCommit": "9666d7c9daf3"
    }
    ```
    or in PROV's own words, as a state that the Activity invalidated:
    ```json another.prov.jsonld
    {
      "@context": {
        "prov": "http://www.w3.org/ns/prov#",
        "kfm": "https://kansasfrontiermatrix.org/ns/kfm#"
      },
      "@id": "urn:kfm:correction:2026-01-31",
      "@type": ["prov:Activity", "kfm:Correction"],
      "prov:invalidated": {"@id": "urn:kfm:state:7", "@type": "prov:Entity", "kfm:commit": "9666d7c9daf3"}
    }
    ```

    ## When it is undecided
    Never.

    ## Settings
    None.

    ## References
    PROV-O, `prov:wasInvalidatedBy`; `docs/correction-document.md`.
    """
    if correction.draft:
        return
    if not correction.reverted_commits:
        yield ctx.fail(
            correction,
            "names no reverted commit",
            at=_AT,
            help='add "kfm:revertedCommit" with the commit that the branch had before, or the bad state as '
            'an Entity with "kfm:commit" that this Activity invalidated; write the prefix: JSON-LD drops '
            "keys that @context does not define",
        )
    for commit in correction.reverted_commits:
        fault = _fault(commit, correction.branch)
        if fault:
            yield ctx.fail(
                correction,
                f"names {quote(commit)} as the reverted commit, {fault}",
                at=_AT,
                help="write the id of the commit that the branch had before; `lakectl log` shows it after a "
                "revert, only the record of the promotion after a hard reset",
                key=commit,
            )


def _fault(commit: str, branch: str) -> str:
    """Why a text is no commit id, or "". Ids are not held to lakeFS's 64 hex digits: people shorten them."""
    if is_placeholder(commit) or not commit.strip("0"):
        return "which is a placeholder"
    if commit in {branch, "HEAD"} or re.search(r"[~^@]", commit):
        return "which points elsewhere tomorrow"
    return ""
