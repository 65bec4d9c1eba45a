"""ALM: alarms."""
