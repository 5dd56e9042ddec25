"""What the desk remembers: documents, batches, and who did what."""
