"""What is asked about one repository of a lakeFS server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final
from urllib.parse import quote

from msgspec import Struct

from kfm_audit.collect.asking import Asking, Entries, Listing, ended
from kfm_audit.collect.folder import Document, written
from kfm_audit.collect.server import Page, RefusedError, decode

_RUNS: Final = 100
"""Runs of a page: each that matters costs a call for its hooks."""
_ACTIONS: Final = "_lakefs_actions"
_KEPT: Final = ("path", "path_type", "checksum", "mtime", "size_bytes")
"""What is kept of an object: addresses in the object store are nobody's business here."""
_LIFECYCLES: Final = {
    "object_lifecycle": "/repositories/{repository}/settings/object_lifecycle",
    "branch_lifecycle": "/repositories/{repository}/settings/branch_lifecycle/policies",
}
"""Settings of lakeFS Enterprise; other servers do not know them."""


class Scope(Struct, frozen=True):
    """What is wanted: `repositories`, none meaning all; the branches that count; since when."""

    repositories: tuple[str, ...]
    counts: Callable[[str, str], bool]
    """Whether a branch of a repository counts: its commits, action files and hooks are asked for."""
    since: datetime | None = None


class RepositoryQuestions:
    """The questions about one repository."""

    def __init__(self, asking: Asking, repository: str, scope: Scope) -> None:
        """Name the repository; nothing is asked yet."""
        self._asking = asking
        self._repository = repository
        self._scope = scope
        self._at = f"repositories/{safe_name(repository)}"
        self._counting: frozenset[str] = frozenset()

    def collect(self) -> None:
        """Ask for branches and settings, and for the history of the branches that count."""
        branches = self._listing(
            "branches.json", "the branches of", "branches_api", "list_branches", {"show_hidden": True}
        )
        counting = [b for b in texts(branches, "id") if self._scope.counts(self._repository, b)]
        self._counting = frozenset(counting)
        self._settings()
        self._asking.listing(
            Listing(
                name=f"{self._at}/pulls.json",
                what=f"the pull requests of {self._repository}",
                api="pulls_api",
                operation="list_pull_requests",
                parameters={"repository": self._repository, "status": "all"},
                about=self._about(),
                optional=True,  # servers before 1.34 have none
            )
        )
        self._runs()
        for branch in counting:
            since = {"since": self._scope.since} if self._scope.since else {}
            self._listing(
                f"refs/{safe_name(branch)}/commits.json",
                "the commits of",
                "refs_api",
                "log_commits",
                {"ref": branch, **since},
                ref=branch,
            )
            self._actions(branch)

    def _listing(
        self, name: str, what: str, api: str, operation: str, parameters: Document, *, ref: str = ""
    ) -> Entries | None:
        return self._asking.listing(
            Listing(
                name=f"{self._at}/{name}",
                what=f"{what} {self._repository}{f'/{ref}' if ref else ''}",
                api=api,
                operation=operation,
                parameters={"repository": self._repository, **parameters},
                about={**self._about(ref), **(self._since() if ref else {})},
            )
        )

    def _about(self, ref: str = "") -> Document:
        return {"repository": self._repository, **({"ref": ref} if ref else {})}

    def _since(self) -> Document:
        """What a list says that was not wanted whole: nobody then asks for its other pages."""
        return {"since": written(self._scope.since)} if self._scope.since else {}

    def _settings(self) -> None:
        """Ask for what is set on the repository."""
        server, name = self._asking.server, self._repository
        self._setting("gc_rules", self._gc_rules)
        self._setting(
            "branch_protection",
            lambda: {
                "rules": decode(
                    server.ask("repositories_api", "get_branch_protection_rules", repository=name),
                    list[Document],
                )
            },
        )
        for setting, path in _LIFECYCLES.items():
            self._setting(setting, lambda path=path: self._lifecycle(path))  # type: ignore[misc]  # bound now

    def _gc_rules(self) -> Document:
        """The garbage collection rules; a repository that has none (404) is kept as such."""
        try:
            body = self._asking.server.ask("repositories_api", "get_gc_rules", repository=self._repository)
        except RefusedError as refused:
            if refused.status != 404:
                raise
            return {"none": True}
        return decode(body, Document)

    def _lifecycle(self, path: str) -> Document | None:
        """Lifecycle rules; None where the server does not know them."""
        try:
            return decode(self._asking.server.ask_path(path, repository=self._repository), Document)
        except RefusedError as refused:
            if not refused.unknown:
                raise
            return None

    def _setting(self, setting: str, ask: Callable[[], Document | None]) -> None:
        """Keep one setting, unless there is none to keep."""
        folder, file = self._asking.folder, f"{self._at}/settings/{setting}.json"
        if folder.got(file) is not None:
            return

        def step() -> None:
            answer = ask()
            if answer is not None:
                folder.write(file, {**self._about(), "as_of": folder.now(), **answer})

        self._asking.attempt(f"the {setting.replace('_', ' ')} of {self._repository}", step)

    def _runs(self) -> None:
        """Ask for the runs of actions, and for the hooks of those on branches that count."""
        since = self._scope.since

        def enough(page: Page) -> bool:
            started = [str(run.get("start_time", "")) for run in page.results]
            return since is not None and bool(started) and _before(started[-1], since)

        self._asking.listing(
            Listing(
                name=f"{self._at}/actions/runs.json",
                what=f"the runs of {self._repository}",
                api="actions_api",
                operation="list_repository_runs",
                parameters={"repository": self._repository},
                about={**self._about(), **self._since()},
                amount=_RUNS,
                entries=lambda page: [self._with_hooks(run) for run in page.results],
                enough=enough,
            )
        )

    def _with_hooks(self, run: Document) -> Document:
        if run.get("branch") not in self._counting:
            return run
        run_id = str(run.get("run_id", ""))
        hooks = self._asking.everything(
            Listing(
                name="",
                what=f"the hooks of the run {run_id}",
                api="actions_api",
                operation="list_run_hooks",
                parameters={"repository": self._repository, "run_id": run_id},
            )
        )
        return {**run, "hooks": hooks}

    def _actions(self, branch: str) -> None:
        """Ask for the action files of a branch; their list is written when all of them are."""
        folder, at = self._asking.folder, f"{self._at}/refs/{safe_name(branch)}/{_ACTIONS}"
        before = folder.got(f"{at}.json")
        if before is not None:
            for path in texts(before.get("results"), "path"):
                folder.keep(f"{at}/{_file_of(path)}")
            return
        listing = Listing(
            name=f"{at}.json",
            what=f"the action files of {self._repository}/{branch}",
            api="objects_api",
            operation="list_objects",
            parameters={
                "repository": self._repository,
                "ref": branch,
                "prefix": f"{_ACTIONS}/",
                "delimiter": "/",
                "presign": False,
                "user_metadata": False,
            },
        )

        def step() -> None:
            as_of = folder.now()
            files = [
                entry for entry in self._asking.everything(listing) if entry.get("path_type") == "object"
            ]
            for path in texts(files, "path"):
                body = self._asking.server.ask(
                    "objects_api",
                    "get_object",
                    repository=self._repository,
                    ref=branch,
                    path=path,
                    presign=False,
                )
                folder.write_bytes(f"{at}/{_file_of(path)}", body)
            results = [{key: entry[key] for key in _KEPT if key in entry} for entry in files]
            about = self._about(branch)
            folder.write(
                listing.name,
                {**about, "as_of": as_of, "pagination": ended(len(results)), "results": results},
            )

        self._asking.attempt(listing.what, step)


def texts(entries: object, key: str) -> Iterator[str]:
    """The texts under a key of each entry of a list."""
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(text := entry.get(key), str):
            yield text


def _file_of(path: str) -> str:
    return safe_name(path.rpartition("/")[2])


def safe_name(text: str) -> str:
    """A name that is safe as that of a file or folder, and can be read back."""
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")


def _before(text: str, since: datetime) -> bool:
    try:
        return datetime.fromisoformat(text) < since
    except (ValueError, TypeError):
        return False
