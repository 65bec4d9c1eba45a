"""TEL: telemetry."""
