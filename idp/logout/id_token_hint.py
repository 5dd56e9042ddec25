"""Read an ``id_token_hint``: an ID token of ours, its signature checked, expired or not."""

from collections.abc import Callable

from idp.errors import JwsRefused
from idp.protocol.compact_jws import VerifyingKey, check_signature, parse_unverified
from idp.protocol.logout import MAX_HINT_CHARACTERS, LogoutHint, hint_of


def read_id_token_hint(
    compact: str, issuer: str, find_key: Callable[[object], VerifyingKey | None]
) -> LogoutHint:
    """Raises JwsRefused (not an ID token of ours) or KeysUnavailable (cannot be told)."""
    unverified = parse_unverified(compact, max_length=MAX_HINT_CHARACTERS)
    key = find_key(unverified.header.get("kid"))
    if key is None:
        raise JwsRefused("The key of the hint is not known.", detail="kid")
    check_signature(unverified, key)
    return hint_of(unverified, issuer)
