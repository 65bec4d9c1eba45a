"""Plans and sources of a run together: each root module is judged once.

A root module with a plan is judged from the plan; its sources give lines, and
resolve what the plan hides (locals, `each.value`, dynamic blocks). One without is
judged from its sources.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from posixpath import normpath

from kfm_audit.facts import Fact, MetricAlarm, UnreadableInput
from kfm_audit.inputs.kind import ReadContext, StackRoot
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.terraform.files import SourceFiles, folder_of
from kfm_audit.inputs.terraform.language.values import Value
from kfm_audit.inputs.terraform.lines import SourceLines
from kfm_audit.inputs.terraform.plan_folders import PlanFolders, plan_folders
from kfm_audit.inputs.terraform.plan_root import PlanRoot, plan_root
from kfm_audit.inputs.terraform.resolve import hides, resolved
from kfm_audit.inputs.terraform.roots import Roots
from kfm_audit.inputs.terraform.source_facts import SourceFacts
from kfm_audit.inputs.terraform.variable_files import automatic, is_variable_file
from kfm_audit.inputs.terraform.variables import read_variables
from kfm_audit.values import ABSENT, Known, Location, Origin

Facts = tuple[Fact, ...]


class Stacks:
    """The root modules of a run."""

    def __init__(
        self, plans: Iterable[tuple[Source, Facts]], sources: Iterable[Source], context: ReadContext
    ) -> None:
        """`plans` with the facts that were read of them; `sources` are those that are UTF-8."""
        self._plans = {source.path: (source, facts) for source, facts in plans}
        every = tuple(sources)
        self._variable_files = {item.path: item for item in every if is_variable_file(item.path)}
        self._files = SourceFiles(item for item in every if item.path not in self._variable_files)
        self._lines = SourceLines(self._files)
        self._context = context
        self._folder_of: dict[str, str] = {}
        self._sourced: Facts = ()

    def facts(self) -> Mapping[str, Facts]:
        """The facts that files have when all are read: of sources, and of plans that they resolve."""
        if not self._files.folders:
            return {}
        found: dict[str, list[Fact]] = {}
        self._sourced = tuple(self._of_sources())
        for fact in self._sourced:
            found.setdefault(fact.origin.input, []).append(fact)
        return {**{path: tuple(facts) for path, facts in found.items()}, **dict(self._of_plans())}

    def locate(self, origin: Origin, attribute: str) -> Location | None:
        """The place of an attribute in the sources; None where they do not show it. Raises OSError."""
        if not origin.symbol:
            return None
        if origin.input in self._plans:
            folder = self._folders.found.get(origin.input)
            if folder is None:
                return None
            return self._lines.from_root(folder, origin.symbol, self._by_id(origin, attribute))
        return self._lines.in_file(origin.input, origin.symbol, self._by_id(origin, attribute))

    def calls(self, origin: Origin, stack: str) -> tuple[Location, ...]:
        """The module calls that lead to a resource of a stack, from outside in. Raises OSError."""
        planned = origin.input in self._plans
        folder = self._folders.found.get(origin.input) if planned else self._folder_of.get(stack)
        return () if folder is None else self._lines.calls(folder, origin.symbol)

    def _by_id(self, origin: Origin, attribute: str) -> str:
        """The path of a metric query by its id.

        A plan has the blocks of a set in an order of its own; in sources a `dynamic` block stands for many.
        """
        name, _, rest = attribute.partition("/")
        number, _, inner = rest.partition("/")
        if name != "metric_query" or not number.isdigit():
            return attribute
        alarm = self._alarms.get(origin)
        queries = alarm.metric_query if alarm else ABSENT
        if isinstance(queries, Known) and int(number) < len(queries.value):
            query = queries.value[int(number)]
            if isinstance(query.id, Known):
                count = "" if origin.input in self._plans else f"{number},"
                return f"{name}/{count}id={query.id.value}/{inner}"
        return attribute

    def _of_sources(self) -> Iterator[Fact]:
        """The facts of the root modules that have no plan."""
        judged: set[str] = set()
        for folder in self._roots.folders:
            if folder not in self._folders.planned:
                judged |= self._roots.below(folder)
                for stack in self._stacks_in(folder):
                    yield from self._of_root(folder, stack)
        for folder in sorted(judged):
            for path in self._files.folders.get(folder, ()):
                yield from self._files.lost(path)

    def _of_root(self, folder: str, stack: StackRoot) -> Iterator[Fact]:
        root = self._files.module(folder)
        if root is None:
            return
        self._folder_of[stack.name] = folder
        values: dict[str, Value] = {}
        here = automatic(path for path in self._variable_files if folder_of(path) == folder)
        for path in (*here, *(self._context.shown(file) for file in stack.variable_files)):
            source = self._variable_files.get(path)
            if source is None:
                yield _missing(root.paths[0], path)
                continue
            given, lost = read_variables(source)
            values.update(given)
            yield from lost
        yield from SourceFacts(root, self._files.module, stack.name).facts(values)

    def _stacks_in(self, folder: str) -> tuple[StackRoot, ...]:
        """The stacks that config makes of a root module; one, called after its folder, where it makes none."""
        below = self._context.below_root(folder)
        told = tuple(
            stack for stack in self._context.stacks if not stack.plan and normpath(stack.folder) == below
        )
        return told or (StackRoot(below, below),)

    def _of_plans(self) -> Iterator[tuple[str, Facts]]:
        """The plans whose sources show what they hide."""
        for path, folder in self._folders.found.items():
            facts = self._plans[path][1]
            module = self._files.module(folder) if hides(facts) else None
            if module is not None:
                found = SourceFacts(module, self._files.module, "").facts(self._plan_roots[path].variables)
                yield path, resolved(facts, found)

    @cached_property
    def _alarms(self) -> Mapping[Origin, MetricAlarm]:
        planned = (fact for _, facts in self._plans.values() for fact in facts)
        return {fact.origin: fact for fact in (*planned, *self._sourced) if isinstance(fact, MetricAlarm)}

    @cached_property
    def _plan_roots(self) -> Mapping[str, PlanRoot]:
        found = {}
        for path, (source, facts) in self._plans.items():
            addresses = [fact.origin.symbol for fact in facts if fact.origin.symbol]
            try:
                found[path] = plan_root(source, addresses)
            except OSError:
                continue
        return found

    @cached_property
    def _folders(self) -> PlanFolders:
        told = {}
        for path in self._plans:
            stack = self._context.stack_of(path)
            if stack is not None:
                told[path] = normpath(self._context.shown(stack.folder))
        return plan_folders(self._plan_roots, told, self._files.declared)

    @cached_property
    def _roots(self) -> Roots:
        return Roots(self._files)


def _missing(at: str, path: str) -> UnreadableInput:
    return UnreadableInput(
        subject=at,
        origin=Origin(at),
        cause=f"its variables come from {path}, which the config names and which is not there",
        cure="correct `variable-files` in the config",
        part=path,
    )
