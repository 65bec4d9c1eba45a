"""The alarms of a plan over recorded history, by vectors: what a change would have meant.

Needs numpy (extra `replay`); nothing else imports this package but the command.
"""
