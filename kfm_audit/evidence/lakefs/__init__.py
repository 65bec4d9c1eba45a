"""Calls, commits and heads of lakeFS joined to rollbacks, promotions, cases and people."""
