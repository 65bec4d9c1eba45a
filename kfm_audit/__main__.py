"""`python -m kfm_audit`."""

from kfm_audit.cli import entry_point

entry_point()
