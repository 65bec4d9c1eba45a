"""Rules on the delivery of notifications."""
