"""The formats in which history is recorded, one module each; `read_history` reads files of any."""
