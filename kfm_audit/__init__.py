"""kfm-audit: the linter and auditor for the reliability of data platforms."""

__version__ = "0.1.0"
