"""All rules of the plug-in: what this module names is registered."""

from house_rules.alarm_with_a_shouted_name import alarm_with_a_shouted_name

__all__ = ["alarm_with_a_shouted_name"]
