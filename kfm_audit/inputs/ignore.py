"""What `.gitignore` hides."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


class Hidden:
    """The ignore files from the repository root downwards, read as folders are entered."""

    def __init__(self, top: Path | None) -> None:
        """Take the repository root; without one nothing is hidden."""
        self._top = top
        self._specs: dict[Path, GitIgnoreSpec | None] = {}

    def hides(self, path: Path, *, folder: bool) -> bool:
        """Whether the ignore files, the deepest first, hide `path` itself (not a folder above it)."""
        if self._top is None:
            return False
        for above in path.parents:
            spec = self._spec(above)
            if spec is not None:
                name = path.relative_to(above).as_posix() + ("/" if folder else "")
                decision = spec.check_file(name).include
                if decision is not None:
                    return decision
            if above == self._top:
                break
        return False

    def hides_below(self, folder: Path) -> bool:
        """Whether `folder` or a folder above it is hidden."""
        if self._top is None or not folder.is_relative_to(self._top):
            return False
        inside = [folder, *folder.parents]
        return any(self.hides(step, folder=True) for step in inside[: inside.index(self._top)])

    def _spec(self, folder: Path) -> GitIgnoreSpec | None:
        if folder not in self._specs:
            file = folder / ".gitignore"
            spec = None
            try:
                if file.is_file():
                    from pathspec import GitIgnoreSpec

                    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
                    spec = GitIgnoreSpec.from_lines(lines)
            except (OSError, ValueError):
                spec = None  # git too goes on without an ignore file that it cannot read
            self._specs[folder] = spec
        return self._specs[folder]
