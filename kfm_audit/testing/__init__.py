"""What the author of a rule uses to test it: cases as text files, and the examples of its page.

A case is one file `<verdict>-<slug>.case`; see `kfm_audit.testing.cases`. A
plug-in's own tests use the same functions as ours.
"""

from kfm_audit.testing.cases import Case, CaseResult, read_case, run_case, write_case
from kfm_audit.testing.examples import run_example
from kfm_audit.testing.run import Ran, run_check

__all__ = ["Case", "CaseResult", "Ran", "read_case", "run_case", "run_check", "run_example", "write_case"]
