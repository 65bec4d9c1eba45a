"""PROV documents: JSON-LD to a small graph, dialects, and the words of corrections. Imports nothing of ours."""
