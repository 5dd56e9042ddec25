"""The schema of the desk's database, and its migrations."""
