"""The formats of telemetry, one module each: a source in, metric families and lost parts out."""
