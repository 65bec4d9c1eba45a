"""Action files: what lies in `_lakefs_actions/`, read as lakeFS reads it.

Whatever lakeFS would refuse is a fault of the fact, not an input that cannot be
read: the file was understood, and it is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

from kfm_audit.facts import ActionFault, ActionFile, ActionHook, ActionTrigger
from kfm_audit.inputs.kind import ReadContext, Reading, not_utf8
from kfm_audit.inputs.lakefs_server import action_document as yaml_document
from kfm_audit.inputs.lakefs_server.action_document import entries, is_map, is_null, is_text, items, text_of
from kfm_audit.inputs.lakefs_server.place import place_of
from kfm_audit.inputs.source import Source
from kfm_audit.lakefs.actions import EVENTS, HOOK_ID, NAME, REQUIRED
from kfm_audit.lakefs.branch_globs import GlobError, letter_no_branch_has
from kfm_audit.values import Location, Origin

if TYPE_CHECKING:
    import yaml

_KEYS: Final = ("name", "description", "on", "hooks")
_HOOK_KEYS: Final = ("id", "type", "description", "if", "properties")
_KEPT: Final = frozenset({"url", "timeout", "dag_id", "wait_for_dag", "script_path"})
"""Properties whose values are kept; the others may be secrets, or whole programs."""


def read(source: Source, context: ReadContext) -> Reading:  # noqa: ARG001 - `Read`'s signature
    """Read one file, and all that is wrong with it."""
    if PurePosixPath(source.path).name.startswith(".git"):
        return Reading(())  # what keeps an empty folder in git; nobody uploads it
    place = place_of(source.path)
    reader = _ActionReader()
    try:
        reader.read(yaml_document.open_action(source.data))
    except UnicodeDecodeError:
        lost = not_utf8(source)
        reader.fault("", lost.cause, lost.cure)
    except ValueError as error:
        reader.fault("", f"is no YAML that lakeFS reads: {error}", "mend the YAML")
    return Reading(
        (
            ActionFile(
                subject=source.path,
                origin=Origin(source.path),
                repository=place.repository,
                ref=place.ref,
                name=reader.name,
                on=tuple(reader.on),
                hooks=tuple(reader.hooks),
                faults=tuple(reader.faults),
            ),
        )
    )


def locate(source: Source, origin: Origin, attribute: str) -> Location:  # noqa: ARG001 - `Locate`'s signature
    """The line of an attribute path. Raises OSError; a file that is no YAML is shown as a whole."""
    try:
        root = yaml_document.open_action(source.data).root
    except ValueError:
        return Location(source.path)
    return yaml_document.locate(source.path, root, attribute)


class _ActionReader:
    def __init__(self) -> None:
        self.name = ""
        self.on: list[ActionTrigger] = []
        self.hooks: list[ActionHook] = []
        self.faults: list[ActionFault] = []

    def fault(self, at: str, message: str, cure: str, *, refused: bool = True) -> None:
        # The file's own names stand in it, and may hold any character.
        self.faults.append(ActionFault(at, _one_line(message), _one_line(cure), refused))

    def read(self, document: yaml_document.ActionDocument) -> None:
        root = document.root
        if is_null(root):
            self.fault(
                "",
                "holds no action",
                "write one, or move the file: lakeFS reads every file of this folder as an action",
            )
            return
        if not is_map(root):
            self.fault(
                "", "is no map with `name`, `on` and `hooks`", "write the action as a map of these keys"
            )
            return
        keys = dict(entries(root))
        self._read_name(keys.get("name"))
        self._read_on(keys.get("on"))
        self._read_hooks(keys.get("hooks"))
        self._check_keys("", keys, _KEYS)
        if document.more:
            self.fault(
                "",
                "holds more than one YAML document: lakeFS reads the first, and what follows `---` never runs",
                "put each action into a file of its own",
                refused=False,
            )

    def _check_keys(self, at: str, keys: Iterable[str], known: tuple[str, ...]) -> None:
        """A key that lakeFS does not know is harmless, unless it is one that it knows, misspelt."""
        for key in keys:
            if key not in known and (meant := _meant(key, known)):
                self.fault(
                    f"{at}{key}",
                    f"has the key `{key}`, which lakeFS passes over",
                    f"write `{meant}`",
                    refused=False,
                )

    def _read_name(self, node: yaml.Node | None) -> None:
        name = text_of(node)
        if not name:
            self.fault("name", "has no name", "give it a `name` that no other action file of the branch has")
        elif not NAME.fullmatch(name):
            self.fault(
                "name",
                f"has the name `{name}`, which lakeFS does not take",
                "begin it with a letter, a digit or `_`, and use only these, `-`, `.` and spaces; two at least",
            )
        else:
            self.name = name

    def _read_on(self, node: yaml.Node | None) -> None:
        if not is_null(node) and not is_map(node):
            self.fault(
                "on", "has an `on` that is no map of events", "write each event as a key: `pre-merge:`"
            )
            return
        events = list(entries(node))
        if not events:
            self.fault(
                "on", "has no `on`: it names no event", "name the events as keys below `on`: `pre-merge:`"
            )
        for event, told in events:
            at = f"on/{event}"
            if event not in EVENTS:
                self.fault(at, f"listens to `{event}`, which is no event of lakeFS", _event_cure(event))
            elif is_null(told):
                self.on.append(ActionTrigger(event))
            elif not is_map(told):
                self.fault(
                    at, f"has a `{event}` that is no map", f"write `{event}:` alone, or `branches:` below it"
                )
            elif event.endswith("-tag"):
                self.fault(at, f"limits `{event}` to branches: a tag is on none", f"write `{event}:` alone")
            else:
                self._read_branches(event, dict(entries(told)))

    def _read_branches(self, event: str, told: dict[str, yaml.Node]) -> None:
        for key in told:
            if key != "branches":
                self.fault(
                    f"on/{event}/{key}",
                    f"has the key `{key}` below `{event}`, which lakeFS passes over: nothing limits it to branches",
                    "write `branches:` with a list of globs",
                    refused=False,
                )
        node = told.get("branches")
        listed = () if is_null(node) else items(node)
        globs = [text_of(item) for item in listed or ()]
        if listed is None or not all(globs):
            self.fault(
                f"on/{event}/branches",
                f"has `branches` of `{event}` that are no list of globs",
                "write a list: `- main`",
            )
            return
        # lakeFS takes an empty list for every branch.
        branches = tuple(glob for glob in globs if glob)
        self.on.append(ActionTrigger(event, branches or None))
        for number, glob in enumerate(branches):
            self._check_glob(f"on/{event}/branches/{number}", glob)

    def _check_glob(self, at: str, glob: str) -> None:
        try:
            letter = letter_no_branch_has(glob)
        except GlobError as error:
            self.fault(at, f"has the malformed glob `{glob}`: {error}", "mend the glob")
            return
        if letter:
            self.fault(
                at,
                f"has the glob `{glob}`, which matches no branch: no name of a branch holds `{letter}`",
                "name the branch as lakeFS does (`env-prod`); letters, digits, `_` and `-` are all that it can hold",
                refused=False,
            )

    def _read_hooks(self, node: yaml.Node | None) -> None:
        hooks = () if is_null(node) else items(node)
        if hooks is None:
            self.fault("hooks", "has `hooks` that are no list", "write a list: `- id: ...`")
            return
        if not hooks:
            self.fault("hooks", "has no hooks: nothing runs", "add a hook, or delete the file", refused=False)
        taken: set[str] = set()
        for number, hook in enumerate(hooks):
            at = f"hooks/{number}"
            if not is_map(hook):
                self.fault(at, f"has a hook [{number}] that is no map", "write `id`, `type` and `properties`")
                continue
            self._read_hook(at, f"hook [{number}]", dict(entries(hook)), taken)

    def _read_hook(self, at: str, hook: str, keys: dict[str, yaml.Node], taken: set[str]) -> None:
        before = len(self.faults)
        name = text_of(keys.get("id")) or ""
        if not HOOK_ID.fullmatch(name):
            said = f"the id `{name}`, which lakeFS does not take" if name else "no id"
            cure = "give it an `id` of 2 to 256 letters, digits, `_` and `-` that begins with a letter or `_`"
            self.fault(f"{at}/id", f"has a {hook} with {said}", cure)
        elif name in taken:
            self.fault(f"{at}/id", f"has two hooks with the id `{name}`", "rename one of them")
        taken.add(name)
        shown = f"hook `{name}`" if name else hook
        kind = text_of(keys.get("type")) or ""
        if kind not in REQUIRED:
            said = f"the type `{kind}`" if kind else "no type"
            self.fault(f"{at}/type", f"has a {shown} with {said}", f"write one of {', '.join(REQUIRED)}")
        else:
            self._check_properties(at, shown, kind, keys.get("properties"))
        condition = text_of(keys.get("if")) or ""
        if condition.strip() == "false":
            self.fault(
                f"{at}/if",
                f"has a {shown} that never runs: its `if` is false",
                "delete the line, or the hook",
                refused=False,
            )
        self._check_keys(f"{at}/", keys, _HOOK_KEYS)
        if not any(fault.refused for fault in self.faults[before:]):
            self.hooks.append(ActionHook(name, kind, condition, dict(_kept(keys.get("properties")))))

    def _check_properties(self, at: str, shown: str, kind: str, node: yaml.Node | None) -> None:
        at = f"{at}/properties"
        if not is_map(node):
            wanted = ", ".join(" or ".join(group) for group in REQUIRED[kind])
            self.fault(at, f"has a {shown} without properties", f"a {kind} hook needs {wanted}")
            return
        properties = dict(entries(node))
        for group in REQUIRED[kind]:
            given = [key for key in group if key in properties]
            if not given:
                names = " or ".join(f"`{key}`" for key in group)
                self.fault(
                    at, f"has a {shown} of type {kind} without {names}", f"add {names} to its properties"
                )
            for key in given:
                if not text_of(properties[key]) or not is_text(properties[key]):
                    self.fault(
                        f"{at}/{key}",
                        f"has a {shown} whose `{key}` is no text, or empty",
                        "write it as text, in quotes",
                    )


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _event_cure(event: str) -> str:
    if "reset" in event:
        return "delete it: lakeFS tells no hook of a reset; branch protection stops resets"
    meant = _meant(event, EVENTS)
    return f"write `{meant}`" if meant else f"write one of {', '.join(EVENTS)}"


def _meant(key: str, known: tuple[str, ...]) -> str:
    """The known word that is written almost like `key`, or ""."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(key, known, n=1, cutoff=0.75)), "")


def _kept(node: yaml.Node | None) -> Iterator[tuple[str, str]]:
    """The properties; the values of those alone that hold no secret, addresses without their credentials."""
    for key, value in entries(node):
        text = text_of(value) or ""
        yield key, (_address(text) if key == "url" else text) if key in _KEPT else ""


def _address(url: str) -> str:
    """An address without user, password, query and fragment."""
    try:
        parts = urlsplit(url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        return ""
