"""User codes of the device grant (RFC 8628 §6.1): eight letters hard to mistake, spelling no word."""

import secrets

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8


def new_user_code() -> str:
    """34 bits, enough for ten minutes and a budget of tries (§5.1). Without its dash."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def shown_user_code(code: str) -> str:
    """``WDJB-MJHT``"""
    return f"{code[:4]}-{code[4:]}"


def read_user_code(typed: str) -> str:
    """What a person typed, without dash, space and case; "" when it can be no code."""
    code = "".join(letter for letter in typed[:40].upper() if letter.isalnum())
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else ""
