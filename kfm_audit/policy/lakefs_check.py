"""Whether what a policy says of lakeFS fits together: a name that is misspelt would silently judge nothing."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.policy.lakefs import LakeFS
from kfm_audit.policy.strict import DocumentError, nearest


def check_lakefs(policy: LakeFS) -> None:
    """Raise DocumentError for the first environment that has no branches; its path begins with `lakefs`."""
    known = policy.environment_branches
    for name, path in _named(policy):
        if name not in known:
            raise DocumentError(
                f"no environment of lakefs.environment_branches is called {name}{nearest(name, known)}",
                ("lakefs", *path),
            )


def _named(policy: LakeFS) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The environments that are named beside their branches, each with its path."""
    for name in policy.promotion.sources:
        yield name, ("promotion", "sources", name)
    for name in policy.promotion.gates:
        yield name, ("promotion", "gates", name)
    for number, hold in enumerate(policy.holds):
        for name in hold.environments:
            yield name, ("holds", str(number), "environments")
