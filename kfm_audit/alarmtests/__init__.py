"""Tests of CloudWatch alarms: input series in, asserted states out (design section 8)."""
