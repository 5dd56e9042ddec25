"""What the identity provider remembers: SQL for what is recorded, Redis for what is spent."""
