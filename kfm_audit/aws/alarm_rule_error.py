"""What is wrong with the rule of a composite alarm, and where."""

from __future__ import annotations


class AlarmRuleError(ValueError):
    """CloudWatch refuses the rule; the text is its own where it has one.

    `position` is the 0-based offset of the first character that is wrong.
    """

    def __init__(self, message: str, position: int) -> None:
        """Say what CloudWatch says."""
        super().__init__(message)
        self.message = message
        self.position = position
