"""Terraform: plans in JSON, and the sources that give their findings lines."""
