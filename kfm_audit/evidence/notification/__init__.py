"""Notifications followed from an alarm over topics and subscriptions to those who read them."""
