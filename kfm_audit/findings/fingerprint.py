"""The identity of a finding across runs."""

from __future__ import annotations

from kfm_audit.digest import sha256


def fingerprint(rule: str, stack: str, subject: str, attribute: str, key: str = "") -> str:
    """Return `v1:` and 32 hex digits that name a finding.

    Neither line numbers nor messages take part (design section 4), so that
    inserted lines and better wording leave baselines alone.
    """
    parts = f"{rule}\x1f{stack}\x1f{subject}\x1f{attribute}\x1f{key}"
    return "v1:" + sha256(parts.encode("utf-8", "surrogatepass"))[:32]
