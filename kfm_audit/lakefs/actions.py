"""What lakeFS accepts as an action file: `pkg/actions/action.go`, `hook.go` and `pkg/graveler/hooks_handler.go`."""

from __future__ import annotations

import re
from typing import Final

from kfm_audit.pattern import pattern

NAME: Final = pattern(r"\w[\w\-. ]+", re.ASCII)
"""The whole of an action's `name`."""
HOOK_ID: Final = pattern(r"[_a-zA-Z][\-_a-zA-Z0-9]{1,255}")
"""The whole of a hook's `id`."""

EVENTS: Final = (
    *("prepare-commit", "pre-commit", "post-commit", "pre-merge", "post-merge"),
    *("pre-create-branch", "post-create-branch", "pre-delete-branch", "post-delete-branch"),
    *("pre-create-tag", "post-create-tag", "pre-delete-tag", "post-delete-tag"),
    *("pre-revert", "post-revert", "pre-cherry-pick", "post-cherry-pick"),
)
"""The events that an action can listen to; revert since v1.52.0, cherry-pick since v1.63.0.

None is sent for a reset, a hard reset, a change of protection or of an object.
"""

REQUIRED: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "webhook": (("url",),),
    "airflow": (("url",), ("dag_id",), ("username",), ("password",)),
    "lua": (("script", "script_path"),),
}
"""The types of hooks, and the properties that each needs: of every group at least one."""
