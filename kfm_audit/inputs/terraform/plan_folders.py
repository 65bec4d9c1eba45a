"""Which folder of sources a plan was made from.

What config says; else the folder that declares the same things. Of several alike
it is the one that the plan lies in. Where it still cannot be told, folders alike
count as planned only when there are as many plans as folders: better a root
module is judged twice than never.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from kfm_audit.inputs.terraform.files import folder_of
from kfm_audit.inputs.terraform.plan_root import PlanRoot

Declared = Mapping[str, frozenset[tuple[str, str]]]


class PlanFolders(Struct, frozen=True):
    """`found` maps a plan's path to its folder; `planned` are the folders that are judged from a plan."""

    found: Mapping[str, str]
    planned: frozenset[str]


def plan_folders(roots: Mapping[str, PlanRoot], told: Mapping[str, str], declared: Declared) -> PlanFolders:
    """Match plans, by path, to folders; `told` is what config says, `declared` what each folder declares."""
    found = dict(told)
    tied: dict[tuple[str, ...], int] = {}
    for path, root in roots.items():
        if path in found:
            continue
        best = _best(root, declared)
        home = folder_of(path)
        if len(best) == 1 or home in best:
            found[path] = home if home in best else best[0]
        elif best:
            tied[best] = tied.get(best, 0) + 1
    planned = set(found.values())
    for folders, plans in tied.items():
        open_folders = [folder for folder in folders if folder not in planned]
        if plans >= len(open_folders):
            planned.update(open_folders)
    return PlanFolders(found, frozenset(planned))


def _best(root: PlanRoot, declared: Declared) -> tuple[str, ...]:
    """The folders that share most with a plan, where that is half of what there is to share."""
    scores = {folder: len(root.declared & names) for folder, names in declared.items()}
    top = max(scores.values(), default=0)
    return tuple(
        folder
        for folder, score in scores.items()
        if score == top and 2 * score >= max(1, _comparable(root, declared[folder]))
    )


def _comparable(root: PlanRoot, names: frozenset[tuple[str, str]]) -> int:
    """How much could be shared; a plan without configuration shows only what it has something to say of."""
    return max(len(root.declared), len(names)) if root.whole else min(len(root.declared), len(names))
