"""Registering relying parties: by themselves (RFC 7591, 7592), by administrators, and looking after them."""
