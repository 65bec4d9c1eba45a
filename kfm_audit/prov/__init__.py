"""PROV documents: JSON-LD to a small graph, dialects, the words of corrections. Imports nothing of ours."""
