"""Requests to addresses that others registered, kept from reaching what they should not."""
