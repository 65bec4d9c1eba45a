"""Alarms over time: what the alarms of an `Evidence` do, given what their metrics measure.

`simulate.simulate` is all that a caller needs; `receivers.deliveries` says who receives a notice. Nothing is
imported here: who asks for one alarm (`metric`) does not pay for composites and receivers.
"""
