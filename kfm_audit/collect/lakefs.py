"""What is asked of a lakeFS server: all that an audit of rollbacks needs beside the audit log."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from kfm_audit.collect.asking import Asking, BrokenOffError, Entries, Listing
from kfm_audit.collect.folder import Folder, Missing
from kfm_audit.collect.repository import RepositoryQuestions, Scope, safe_name, texts
from kfm_audit.collect.server import SETTINGS, LakeFSServer, RefusedError, decode


class _Version(Struct, frozen=True):
    version: str = ""


class _Config(Struct, frozen=True):
    version_config: _Version = _Version()


class _Login(Struct, frozen=True, rename={"rbac": "RBAC"}):
    rbac: str = ""


class _Setup(Struct, frozen=True):
    login_config: _Login = _Login()


def collect(
    server: LakeFSServer, folder: Folder, scope: Scope, say: Callable[[str], None]
) -> tuple[Missing, ...]:
    """Ask for everything; what is missing is returned.

    The first question shows whether server and credentials are right: without an
    answer to it nothing is written. Raises CollectError then, BrokenOffError where the
    server is gone later, OSError where the folder cannot be written.
    """
    _knock(server)
    asking = Asking(server, folder, say)
    folder.begin()
    try:
        if _about(asking) != "none":
            _access(asking)
        for repository in _repositories(asking, scope):
            RepositoryQuestions(asking, repository, scope).collect()
    except BrokenOffError as error:
        folder.stop(error.missing)
        raise
    folder.finish(asking.missing)
    return asking.missing


def _knock(server: LakeFSServer) -> None:
    """Ask who we are. Raises CollectError."""
    try:
        server.ask("auth_api", "get_current_user")
    except RefusedError as error:
        if error.status == 401:
            why = f"{server.endpoint} refuses the credentials {error.said}"
            raise RefusedError(why, SETTINGS, error.said, 401) from None
        raise RefusedError(f"{server.endpoint}: {error.why}", error.cure, error.said, error.status) from None


def _about(asking: Asking) -> str:
    """Ask what the server is; its access control is returned."""
    ask = asking.server.ask
    version = asking.attempt(
        "the server's version",
        lambda: decode(ask("config_api", "get_config"), _Config).version_config.version,
    )
    rbac = asking.attempt(
        "the server's setup", lambda: decode(ask("internal_api", "get_setup_state"), _Setup).login_config.rbac
    )
    asking.folder.about = {"version": version or "", "rbac": rbac or ""}
    asking.folder.begin()
    return rbac or ""


def _access(asking: Asking) -> None:
    """Ask who is who, who is in which group, and who holds which policy."""

    def listing(name: str, what: str, operation: str, **parameters: object) -> Entries | None:
        return asking.listing(
            Listing(name=name, what=what, api="auth_api", operation=operation, parameters=parameters)
        )

    users = listing("auth/users.json", "the users", "list_users")
    groups = listing("auth/groups.json", "the groups", "list_groups")
    listing("auth/policies.json", "the policies", "list_policies")
    for group in texts(groups, "id"):
        at, of = f"auth/groups/{safe_name(group)}", f"of the group {group}"
        listing(f"{at}/members.json", f"the members {of}", "list_group_members", group_id=group)
        listing(f"{at}/policies.json", f"the policies {of}", "list_group_policies", group_id=group)
    for user in texts(users, "id"):
        at = f"auth/users/{safe_name(user)}/policies.json"
        listing(at, f"the policies of the user {user}", "list_user_policies", user_id=user)


def _repositories(asking: Asking, scope: Scope) -> tuple[str, ...]:
    listed = asking.listing(
        Listing(
            name="repositories.json",
            what="the repositories",
            api="repositories_api",
            operation="list_repositories",
        )
    )
    there = tuple(texts(listed, "id"))
    for wanted in scope.repositories:
        if listed is not None and wanted not in there:
            asking.miss(
                f"the repository {wanted}",
                "not among those that the server lists",
                "check its name, and that the user may list it",
            )
    return tuple(name for name in there if not scope.repositories or name in scope.repositories)
