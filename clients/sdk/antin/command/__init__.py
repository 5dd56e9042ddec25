"""The `antin` command: a thin skin of the SDK."""
