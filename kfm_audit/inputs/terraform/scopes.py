"""One instance of a module: what its names stand for.

A root module is a scope; each instance of a module call opens one more, whose
variables are the call's arguments, evaluated where the call stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from posixpath import join, normpath, relpath
from typing import Final

from msgspec import Struct

from kfm_audit.inputs.terraform.addresses import in_module
from kfm_audit.inputs.terraform.hcl import Block
from kfm_audit.inputs.terraform.instances import Copy, copies
from kfm_audit.inputs.terraform.language.evaluate import Evaluator
from kfm_audit.inputs.terraform.language.syntax import Expression, Literal
from kfm_audit.inputs.terraform.language.types import constraint
from kfm_audit.inputs.terraform.language.values import Fault, Names, OneValue, Opened, Value
from kfm_audit.inputs.terraform.modules import Module, local_source
from kfm_audit.inputs.terraform.opened import Many, Namespace, Remote, unresolved
from kfm_audit.values import Reference, ReferenceKind, Unknown

_COST: Final = 200
"""Steps that a scope costs."""
_OF_THE_CALL: Final = frozenset({"source", "version", "providers", "count", "for_each", "depends_on"})

Given = Mapping[str, Callable[[], Value]]


class Estate(Struct, frozen=True):
    """What all scopes of one root module share: its evaluator, its folder, and where modules are found."""

    folder: str
    evaluator: Evaluator
    module: Callable[[str], Module | None]
    unset: dict[str, Block] = {}
    """The root module's variables that were asked for and have no value."""


class Scope:
    r"""A module instance. `path` is its address, `("queues[\"a\"]",)`; () for the root module."""

    def __init__(
        self,
        estate: Estate,
        module: Module,
        given: Given,
        path: tuple[str, ...] = (),
        caller: tuple[Scope, Block] | None = None,
        *,
        indefinite: bool = False,
    ) -> None:
        """`given` are the values of its variables; `indefinite`: it stands for any number of instances."""
        estate.evaluator.budget.spend(_COST)
        self.estate = estate
        self.module = module
        self.path = path
        self.caller = caller
        self.indefinite = indefinite
        self.place = in_module(path, "")
        self._given = given
        self._values: dict[tuple[str, ...], Value] = {}
        self._running: set[tuple[str, ...]] = set()
        self._copies: dict[str, tuple[Copy, ...]] = {}
        self._children: dict[str, tuple[Scope, ...] | None] = {}
        self._fixed: dict[str, Value] = {
            "var": Namespace(f"{self.place}var", self.variable),
            "local": Namespace(f"{self.place}local", self.local),
            "module": Namespace(f"{self.place}module", self.call),
            "data": Namespace(f"{self.place}data", self._data),
            "terraform": Namespace("terraform", lambda name: _one_value(f"terraform.{name}")),
            "path": {"module": relpath(module.folder, estate.folder), "root": ".", "cwd": Unknown()},
            **dict.fromkeys(("each", "count", "self"), Unknown()),
        }

    def lookup(self, word: str) -> Value:
        """What a name stands for; what is none of the language's is a resource type."""
        if word in self._fixed:
            return self._fixed[word]
        return Namespace(f"{self.place}{word}", lambda name: self.resource(word, name))

    def settled(self, expression: Expression, names: Names | None = None) -> Value:
        """The value of an expression that stands in this module. Raises Exhausted."""
        return self.estate.evaluator.settled(expression, names or self, self.place)

    def variable(self, name: str) -> Value:
        """The value of a variable. One that is sensitive is not looked at, so that nothing can print it."""
        block = self.module.variables.get(name)
        if block is None or _sensitive(block):
            return unresolved(f"{self.place}var.{name}")
        return self.once(("var", name), lambda: self._variable(name, block))

    def local(self, name: str) -> Value:
        """The value of a local."""
        argument = self.module.locals.get(name)
        if argument is None:
            return unresolved(f"{self.place}local.{name}")
        return self.once(("local", name), lambda: self.settled(argument.expression))

    def output(self, name: str) -> Value:
        """The value of an output of this module."""
        block = self.module.outputs.get(name)
        argument = block.arguments.get("value") if block else None
        if block is None or argument is None or _sensitive(block):
            return unresolved(f"{self.place}{name}")
        return self.once(("output", name), lambda: self.settled(argument.expression))

    def call(self, name: str) -> Value:
        """What `module.NAME` stands for: its instances, or its address where its sources are not here."""
        block = self.module.calls.get(name)
        children = self.children(name)
        if block is None or children is None:
            return Remote(f"{self.place}module.{name}", ReferenceKind.UNRESOLVED)
        instances = [ModuleInstance(child) for child in children]
        return _collected(block, self.copies(f"module.{name}", block), instances)

    def resource(self, kind: str, name: str) -> Value:
        """What `TYPE.NAME` stands for: its instances."""
        block = self.module.resources.get((kind, name))
        if block is None:
            return unresolved(f"{self.place}{kind}.{name}")
        found = self.copies(f"{kind}.{name}", block)
        return _collected(block, found, [Resource(self, block, copy, f"{kind}.{name}") for copy in found])

    def copies(self, name: str, block: Block) -> tuple[Copy, ...]:
        """The instances of a resource or module call that this module declares."""
        if name not in self._copies:
            key = ("copies", name)
            if key in self._running:
                return (Copy(None, self, indefinite=True),)
            self._running.add(key)
            try:
                self._copies[name] = copies(block, self, self.place, self.estate.evaluator)
            finally:
                self._running.discard(key)
        return self._copies[name]

    def children(self, name: str) -> tuple[Scope, ...] | None:
        """The instances of a module call; None where its sources are not here, or where it calls itself."""
        if name not in self._children:
            block = self.module.calls.get(name)
            found = self._called(block) if block else None
            self._children[name] = None
            if block is not None and found is not None:
                instances = self.copies(f"module.{name}", block)
                self._children[name] = tuple(self._child(name, block, found, copy) for copy in instances)
        return self._children[name]

    def once(self, key: tuple[str, ...], compute: Callable[[], Value]) -> Value:
        """A value that is computed once; one that asks for itself is not resolved."""
        if key not in self._values:
            if key in self._running:
                return unresolved(f"{self.place}{'.'.join(key)}")
            self._running.add(key)
            try:
                self._values[key] = compute()
            finally:
                self._running.discard(key)
        return self._values[key]

    def _data(self, kind: str) -> Value:
        return Namespace(f"{self.place}data.{kind}", lambda name: self._source(kind, name))

    def _source(self, kind: str, name: str) -> Value:
        """What `data.TYPE.NAME` stands for: its address, but for a policy document what its blocks say."""
        address = f"{self.place}data.{kind}.{name}"
        block = self.module.data.get((kind, name)) if kind == "aws_iam_policy_document" else None
        if block is None:
            return Remote(address, ReferenceKind.DATA)
        from kfm_audit.inputs.terraform.source_documents import SourceDocument

        found = self.copies(f"data.{kind}.{name}", block)
        return _collected(
            block, found, [SourceDocument(self, block, copy, f"{address}{copy.suffix}") for copy in found]
        )

    def _variable(self, name: str, block: Block) -> Value:
        given = self._given[name]() if name in self._given else None
        default = block.arguments.get("default")
        if given is None and (name not in self._given or _is(block, "nullable", word=False)):
            if default is None:
                if self.caller is not None:
                    return unresolved(f"{self.place}var.{name}")
                self.estate.unset[name] = block
                return _one_value(f"var.{name}")
            given = self.settled(default.expression)
        kind = block.arguments.get("type")
        if kind is None:
            return given
        try:
            return constraint(kind.expression, self.settled)(given, self.estate.evaluator.budget)
        except Fault:
            return unresolved(f"{self.place}var.{name}")

    def _called(self, block: Block) -> Module | None:
        source = local_source(block)
        folder = normpath(join(self.module.folder, source)) if source else None
        above: Scope | None = self
        while above is not None:
            if above.module.folder == folder:
                return None
            above = above.caller[0] if above.caller else None
        return self.estate.module(folder) if folder else None

    def _child(self, name: str, block: Block, module: Module, copy: Copy) -> Scope:
        given = {
            argument: lambda value=value: self.settled(value.expression, copy.names)
            for argument, value in block.arguments.items()
            if argument not in _OF_THE_CALL
        }
        return Scope(
            self.estate,
            module,
            given,
            (*self.path, f"{name}{copy.suffix}"),
            (self, block),
            indefinite=self.indefinite or copy.indefinite,
        )


class Resource(Opened):
    """One instance of a resource: what its block sets is known before apply, all else comes from it."""

    __slots__ = ("_block", "_copy", "_name", "_scope")

    def __init__(self, scope: Scope, block: Block, copy: Copy, name: str) -> None:
        """`name` is its address in the module, without a key."""
        self._scope = scope
        self._block = block
        self._copy = copy
        self._name = f"{name}{copy.suffix}"

    def attribute(self, name: str) -> Value:
        """What the block sets; the resource itself for what the provider computes."""
        argument = self._block.arguments.get(name)
        if argument is None:
            return self.whole
        value = self._scope.once(
            (self._name, name), lambda: self._scope.settled(argument.expression, self._copy.names)
        )
        return self.whole if value is None else value

    @property
    def whole(self) -> Unknown:
        """The resource itself."""
        return Unknown((Reference(f"{self._scope.place}{self._name}", ReferenceKind.RESOURCE),))


class ModuleInstance(Opened):
    """One instance of a module: its outputs."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Scope) -> None:
        """Take the scope that the instance opens."""
        self._scope = scope

    def attribute(self, name: str) -> Value:
        """The value of an output."""
        return self._scope.output(name)

    @property
    def whole(self) -> Unknown:
        """Unresolved: which of its outputs is meant is not said."""
        return unresolved(self._scope.place.removesuffix("."))


def _one_value(name: str) -> OneValue:
    return OneValue((Reference(name, ReferenceKind.UNRESOLVED),))


def _collected(block: Block, found: tuple[Copy, ...], instances: Sequence[Opened]) -> Value:
    """The instances as the language sees them: one, a list by `count`, a map by `for_each`."""
    if found and found[0].indefinite:
        return Many(instances[0])
    if "for_each" in block.arguments:
        return {str(copy.key): instance for copy, instance in zip(found, instances, strict=True)}
    return tuple(instances) if "count" in block.arguments else instances[0]


def _sensitive(block: Block) -> bool:
    return "sensitive" in block.arguments and not _is(block, "sensitive", word=False)


def _is(block: Block, name: str, *, word: bool) -> bool:
    argument = block.arguments.get(name)
    return argument is not None and argument.expression == Literal(word)
