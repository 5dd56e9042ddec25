"""Joiner, mover, leaver: what systems of record (personnel) tell the directory, over SCIM 2.0."""
