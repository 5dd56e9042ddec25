"""Simulators of the national identity systems: for development and tests, never for real people."""
