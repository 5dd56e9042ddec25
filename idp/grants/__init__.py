"""Authlib's authorization server, fitted with our rules: the order of each endpoint, no HTTP."""
