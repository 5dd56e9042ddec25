"""HTTP: one file per group of endpoints. Flask's request stops here."""
