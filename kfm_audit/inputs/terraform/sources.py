"""Terraform sources, and the values of their variables: the kind `terraform-source`.

A module is made of all the files in its folder, so that one file alone gives no
facts: `stacks` does, when all inputs are read.
"""

from __future__ import annotations

from typing import Final

from kfm_audit.inputs.kind import Kind, ReadContext, Reading, locate_in_lines
from kfm_audit.inputs.source import Form, Source
from kfm_audit.inputs.terraform.variable_files import AUTOMATIC, is_variable_file


def _recognise(source: Source) -> bool:
    if source.path.endswith(".tf"):
        return source.shape.form in (Form.TEXT, Form.EMPTY, Form.OBJECT)
    if source.path.endswith(".tfvars.json"):
        return source.shape.form is Form.OBJECT
    return is_variable_file(source.path) and source.shape.form in (Form.TEXT, Form.EMPTY)


def _read(source: Source, context: ReadContext) -> Reading:  # noqa: ARG001 - the signature of all kinds
    """Only whether it is text; raises UnicodeDecodeError for what is not."""
    source.data.decode("utf-8")
    return Reading(())


KIND: Final = Kind(
    name="terraform-source",
    title="a Terraform source",
    names=("*.tf", *AUTOMATIC),
    recognise=_recognise,
    read=_read,
    locate=locate_in_lines,
)
