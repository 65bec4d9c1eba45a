"""Drills: what becomes of the failures that a contract speaks of, from the metric to whoever is paged."""
