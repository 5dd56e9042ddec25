"""What happened: every login, consent, token and logout is an event of one catalogue."""
