"""HTTP: one file per endpoint, named as in the metadata document. Flask's request stops here."""
