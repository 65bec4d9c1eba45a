"""All facts of one run and their joins: what a rule asks when one fact is not enough."""

from kfm_audit.evidence.evidence import Evidence

__all__ = ["Evidence"]
