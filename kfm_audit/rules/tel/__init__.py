"""TEL: telemetry stays affordable and comparable."""
