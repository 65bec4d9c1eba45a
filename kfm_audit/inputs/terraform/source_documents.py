"""`data.aws_iam_policy_document` in the sources: evaluated, since it is a function of its blocks alone."""

from __future__ import annotations

from kfm_audit.inputs.terraform.block_values import BlockValues
from kfm_audit.inputs.terraform.hcl import Block
from kfm_audit.inputs.terraform.instances import Copy
from kfm_audit.inputs.terraform.language.values import Opened, Value
from kfm_audit.inputs.terraform.policy_document import TEXTS, policy_text
from kfm_audit.inputs.terraform.scopes import Scope
from kfm_audit.values import PartText, Reference, ReferenceKind, Unknown


class SourceDocument(Opened):
    """One instance of the data source."""

    __slots__ = ("_address", "_block", "_copy", "_scope")

    def __init__(self, scope: Scope, block: Block, copy: Copy, address: str) -> None:
        """`address` is its full address, with its key."""
        self._scope = scope
        self._block = block
        self._copy = copy
        self._address = address

    def attribute(self, name: str) -> Value:
        """The document, unknown but for its text: a plan may read it only during apply. Raises Exhausted."""
        if name not in TEXTS:
            return self.whole
        return self._scope.once(("document", self._address), self._document)

    @property
    def whole(self) -> Unknown:
        """It itself."""
        return Unknown((Reference(self._address, ReferenceKind.DATA),))

    def _document(self) -> Value:
        fields = BlockValues(self._block, self._copy.names, self._scope)
        text = policy_text(fields, self._scope.estate.evaluator.budget)
        return self.whole if text is None else PartText(self.whole.references, text)
