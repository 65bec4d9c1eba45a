"""One side of `logs_contest.py` as a process, which imports what its side needs and nothing else.

    python benchmarks/logs_sides.py kfm-audit audit.jsonl

Writes the request ids of the calls that move a branch back, and the most memory that it held, in MB.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Final, NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

OURS: Final = "kfm-audit"
DUCKDB: Final = "DuckDB"

COLUMNS: Final = (
    "{operation_id: 'VARCHAR', method: 'VARCHAR', path: 'VARCHAR', status_code: 'INTEGER', \"user\": 'VARCHAR', "
    "time: 'VARCHAR', request_id: 'VARCHAR', source_ip: 'VARCHAR', client: 'VARCHAR', ref: 'VARCHAR', "
    "repository: 'VARCHAR'}"
)
"""What a call is told from, and no more: other fields would slow DuckDB down."""
_DECIDES: Final = (
    "operation_id IN ('HardResetBranch', 'RevertBranch', 'DeleteBranch', 'MergeIntoBranch', 'CreateBranch') "
    "OR path LIKE '%source_metarange=%' OR (path LIKE '%/branches/env-%' AND method <> 'GET') "
    "OR (operation_id IN ('put_object', 'post_object', 'delete_object', 'delete_objects') AND ref LIKE 'env-%')"
)


def ours(file: Path) -> list[str]:
    """The request ids of the calls that we find to move a branch back."""
    from kfm_audit.inputs import lakefs_log
    from kfm_audit.inputs.kind import ReadContext
    from kfm_audit.inputs.source import Source
    from kfm_audit.policy.load import load_policy

    source = Source(file.name, file)
    context = ReadContext(load_policy("kfm-v11").policy, file.parent, file.parent)
    facts = (
        lakefs_log.KIND.read(source, context).facts or lakefs_log.read_together([source], context)[file.name]
    )
    return [
        fact.request_id
        for fact in facts
        if fact.kind == "branch-operation" and fact.branch.startswith("env-")
    ]


def duckdb(file: Path) -> list[str]:
    """The same by DuckDB."""
    import duckdb as library

    table = f"read_json('{file}', format = 'newline_delimited', columns = {COLUMNS})"
    rows = library.sql(f"SELECT * FROM {table} WHERE {_DECIDES}").fetchall()  # noqa: S608 - our own words
    moved = ("HardResetBranch", "RevertBranch", "DeleteBranch")
    return [
        row[6]
        for row in rows
        if "/branches/env-" in row[2] and (row[0] in moved or "source_metarange=" in row[2])
    ]


def most_memory() -> float:
    """The most that this process and those that it forked can have held together, in MB."""
    import resource

    own, child = (
        resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    if child:
        from kfm_audit.inputs.engines.core import MOST_WORKERS

        own += child * min(MOST_WORKERS, os.cpu_count() or 1)
    return own / 1024


def main() -> NoReturn:
    """Be a side. Both start and end as our command does: no garbage is collected, nothing taken apart at the end."""
    gc.disable()
    side, file = sys.argv[1], Path(sys.argv[2])
    if side == OURS:
        from kfm_audit.cli import _import_msgspec

        _import_msgspec()
    found = ours(file) if side == OURS else duckdb(file)
    import json

    print(json.dumps((found, most_memory())), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
