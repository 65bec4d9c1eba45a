"""SYS: the audit itself."""
