"""Write what is generated from the code: rule pages, schemas, tables in pages, the hook manifest.

python tools/generate.py           write
python tools/generate.py --check   write nothing; exit with 1 and a diff where something is stale
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # this clone is described, whatever else is installed

from kfm_audit.rules.registry import built_in_rules  # noqa: E402
from tests.precommit.manifest import manifest  # noqa: E402
from tools import rule_pages, schemas, tables  # noqa: E402


def generated(root: Path) -> Iterator[tuple[str, str]]:
    """Path and text of every generated file; `root` holds the hand-written parts of pages."""
    yield from rule_pages.pages(built_in_rules())
    yield from schemas.schemas(built_in_rules())
    yield from tables.pages(root)
    yield ".pre-commit-hooks.yaml", manifest()


def stale(root: Path) -> Iterator[tuple[Path, str, str | None]]:
    """Files that differ from what they must be: path, what stands there, what must (None: nothing)."""
    wanted = {root / path: text for path, text in generated(root)}
    for file, text in wanted.items():
        there = file.read_text(encoding="utf-8") if file.is_file() else ""
        if there != text:
            yield file, there, text
    for file in sorted((root / "docs" / "rules").glob("*.md")):
        if file not in wanted:
            yield file, file.read_text(encoding="utf-8"), None


def main(argv: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Carry out the command line; 1 is a stale file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 and a diff where something is stale"
    )
    check: bool = parser.parse_args(argv).check
    changes = tuple(stale(root))
    for file, there, wanted in changes:
        name = file.relative_to(root).as_posix()
        if check:
            lines = difflib.unified_diff(
                there.splitlines(), (wanted or "").splitlines(), name, f"{name} as generated", lineterm=""
            )
            print("\n".join(lines))
        elif wanted is None:
            file.unlink()
            print(f"removed {name}")
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(wanted, encoding="utf-8", newline="\n")
            print(f"wrote {name}")
    if check and changes:
        print(
            f"\n{len(changes)} generated files are stale. Edit what they come from (their first lines say "
            "what), then run: python tools/generate.py"
        )
    return 1 if check and changes else 0


if __name__ == "__main__":
    sys.exit(main())
