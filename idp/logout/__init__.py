"""Logout means logout: sessions end, relying parties are told, and it shows who was not told yet."""
