"""From the sources of one root module to the facts that its plan would give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from kfm_audit.facts import Change, CompositeAlarm, Fact, UnreadableInput, UnseenModule, UnsetVariable
from kfm_audit.inputs.terraform.attributes import Attributes
from kfm_audit.inputs.terraform.block_values import BlockValues
from kfm_audit.inputs.terraform.dependencies import Dependencies
from kfm_audit.inputs.terraform.hcl import Block
from kfm_audit.inputs.terraform.instances import Copy
from kfm_audit.inputs.terraform.language.evaluate import Evaluator
from kfm_audit.inputs.terraform.language.values import Budget, Exhausted, Value
from kfm_audit.inputs.terraform.modules import Module, literal
from kfm_audit.inputs.terraform.providers import Provider, provider, provider_name
from kfm_audit.inputs.terraform.resources import READERS, Instance
from kfm_audit.inputs.terraform.scopes import Estate, Scope
from kfm_audit.values import Known, Origin

_STEPS: Final = 2_000_000
"""What one root module may ask for: some forty thousand alarms, or five seconds of hostile sources."""
_PLAN: Final = "check a plan of it instead: `terraform show -json PLANFILE > tfplan.json`"


class SourceFacts:
    """The facts of one root module.

    Sources do not say what exists already, so that every fact is unchanged: the
    rules on all that will exist see it, those on deletions never do.
    """

    def __init__(self, root: Module, module: Callable[[str], Module | None], stack: str) -> None:
        """`module` gives the module in a folder; None for a folder without sources."""
        self._root = root
        self._module = module
        self._stack = stack
        self._lost: list[UnreadableInput] = []
        self._unseen: dict[int, UnseenModule] = {}
        self._dependencies = Dependencies()

    def facts(self, values: Mapping[str, Value]) -> Iterator[Fact]:
        """The facts, each with its origin in the file that declares it; `values` are those of the root's variables.

        Raises nothing: what asks for too much work is an `UnreadableInput`.
        """
        estate = Estate(self._root.folder, Evaluator(Budget(_STEPS)), self._module)
        try:
            given = {name: lambda value=value: value for name, value in values.items()}
            yield from self._of(Scope(estate, self._root, given))
        except (Exhausted, RecursionError):
            path = self._root.paths[0]
            yield UnreadableInput(
                subject=path,
                origin=Origin(path),
                cause="the root module in its folder asks for more instances than are read from sources",
                cure=_PLAN,
                part=f"the rest of {self._root.folder}",
            )
        yield from self._lost
        yield from self._unseen.values()
        for name, block in estate.unset.items():
            origin = Origin(block.path, line=block.header.start[0] + 1)
            yield UnsetVariable(subject=f"var.{name}", origin=origin, stack=self._stack)

    def _of(self, scope: Scope) -> Iterator[Fact]:
        providers: dict[str, Provider] = {}
        for (kind, name), block in scope.module.resources.items():
            if kind in READERS:
                called = provider_name(block)
                if called not in providers:
                    providers[called] = provider(scope, called)
                for copy in scope.copies(f"{kind}.{name}", block):
                    yield self._fact(scope, block, copy, providers[called])
        for name, block in scope.module.calls.items():
            children = scope.children(name)
            if children is None and id(block) not in self._unseen:
                self._unseen[id(block)] = self._not_here(scope, name, block)
            for child in children or ():
                yield from self._of(child)

    def _fact(self, scope: Scope, block: Block, copy: Copy, configured: Provider) -> Fact:
        kind, name = block.labels
        subject = f"{scope.place}{kind}.{name}{copy.suffix}"
        instance = Instance(
            subject=subject,
            name=name,
            origin=Origin(block.path, line=block.header.start[0] + 1, symbol=subject),
            stack=self._stack,
            change=Change.UNCHANGED,
            attributes=Attributes(
                BlockValues(block, copy.names, scope, subject),
                lambda attribute, what: self._lose(block, subject, attribute, what),
            ),
            provider=configured.told,
            default_tags=configured.default_tags,
        )
        fact = READERS[kind](instance)
        if isinstance(fact, CompositeAlarm) and isinstance(fact.alarm_rule, Known):
            fact = msgspec.structs.replace(fact, made_after=self._dependencies.before(scope, block))
        if scope.indefinite or copy.indefinite:
            return msgspec.structs.replace(fact, indefinite=True)
        return fact

    def _lose(self, block: Block, subject: str, attribute: str, what: str) -> None:
        span = block.find(tuple(attribute.split("/")))
        self._lost.append(
            UnreadableInput(
                subject=block.path,
                origin=Origin(block.path, line=span.start[0] + 1),
                cause=what,
                cure="correct it: Terraform refuses it too",
                part=subject,
            )
        )

    def _not_here(self, scope: Scope, name: str, block: Block) -> UnseenModule:
        return UnseenModule(
            subject=f"{scope.place}module.{name}",
            origin=Origin(block.path, line=block.header.start[0] + 1),
            stack=self._stack,
            source=literal(block, "source"),
        )
