"""PRV: provenance."""
