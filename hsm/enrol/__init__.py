"""Enrolment: the key is made in the token, its request signed there, and an authority's chain taken back."""
