"""Labels of metrics: what their values look like, and how a value may be shown. Imports nothing of ours."""
