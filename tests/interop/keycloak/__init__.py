"""Keycloak as it is delivered, from its hash-pinned distribution, with a realm from a file."""
