"""All findings accepted at a point in time, as a multiset of fingerprints.

The file is the JSON report of an earlier run, or any document that has its
`findings` with `fingerprint`.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
from msgspec import Struct


class BaselineError(Exception):
    """The baseline cannot be read: whoever names it must write it again."""


class _Finding(Struct):
    fingerprint: str
    suppression: object = None


class _Report(Struct):
    findings: list[_Finding]


def read_baseline(file: Path) -> Counter[str]:
    """The fingerprints in `file`, with how often each occurs. Raises BaselineError."""
    try:
        report = msgspec.json.decode(file.read_bytes(), type=_Report)
    except OSError as error:
        raise BaselineError(f"{file}: {error.strerror}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        what = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error
        raise BaselineError(
            f"{file}: is no JSON report: {what}; make one with --output json={file.name}"
        ) from None
    return Counter(finding.fingerprint for finding in report.findings if finding.suppression is None)
