"""Who there is: organisations, persons, posts, mandates."""
