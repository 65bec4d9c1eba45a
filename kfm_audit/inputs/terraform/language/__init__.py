"""Terraform's expression language: its syntax, its values with unknown parts, its functions and types.

Nothing here knows of files, modules or resources: names are looked up through
`values.Names`, and what they lead to is the caller's.
"""
