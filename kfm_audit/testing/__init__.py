"""What other people's tests use: of their rules, and of their alarms.

The author of a rule has cases as text files and the examples of its page: a case is one file
`<verdict>-<slug>.case`, see `kfm_audit.testing.cases`. A plug-in's own tests use the same functions as ours.
A team tests its CloudWatch alarms beside its code, see `kfm_audit.testing.alarms`.
"""

from kfm_audit.testing.alarms import AlarmRun, Alarms, AlarmTestError, load_alarms, metric
from kfm_audit.testing.cases import Case, CaseResult, read_case, run_case, write_case
from kfm_audit.testing.examples import run_example
from kfm_audit.testing.run import Ran, run_check

__all__ = [
    "AlarmRun",
    "AlarmTestError",
    "Alarms",
    "Case",
    "CaseResult",
    "Ran",
    "load_alarms",
    "metric",
    "read_case",
    "run_case",
    "run_check",
    "run_example",
    "write_case",
]
