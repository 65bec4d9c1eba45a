"""Plans and sources of a run together: each root module is judged once.

A root module with a plan is judged from the plan; its sources give lines, and
resolve what the plan hides (locals, `each.value`, dynamic blocks). One without is
judged from its sources. Which folder a plan belongs to: what config says, else
the folder that declares the same things; of several alike, the one that the plan
lies in. Where it still cannot be told, folders alike are judged too, unless there
are as many plans as folders: rather twice than never.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import msgspec

from kfm_audit.facts import Fact, UnreadableInput
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.terraform.files import SourceFiles, folder_of
from kfm_audit.inputs.terraform.language.values import Budget, Exhausted, Value, references_in
from kfm_audit.inputs.terraform.lines import SourceLines
from kfm_audit.inputs.terraform.plan_root import PlanRoot, plan_root
from kfm_audit.inputs.terraform.roots import Roots
from kfm_audit.inputs.terraform.source_facts import SourceFacts
from kfm_audit.inputs.terraform.variables import automatic, is_variable_file, read_variables
from kfm_audit.values import Attribute, Known, Location, Origin, Reference, ReferenceKind, Unknown
