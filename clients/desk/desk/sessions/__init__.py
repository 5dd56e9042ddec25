"""Sessions of people at the desk, in Redis."""
