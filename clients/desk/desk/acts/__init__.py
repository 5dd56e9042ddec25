"""What the desk does, one file an act. Pure of Flask."""
