"""Alarms joined to each other, to what they read and watch, and to what the contract and AWS say of them."""
