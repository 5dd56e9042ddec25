"""Client secrets: made here, kept as a hash, with an end; old and new overlap for a while."""

import hashlib
import secrets
from dataclasses import replace

from idp.protocol.client_metadata import ClientMetadata

DAY = 86400
DEFAULT_DAYS, MAX_DAYS, OVERLAP_DAYS = 180, 365, 14
WARNED_DAYS = (30, 7)


def with_new_secret(
    metadata: ClientMetadata, *, now: int, days: int = DEFAULT_DAYS, overlap_days: int = OVERLAP_DAYS
) -> tuple[ClientMetadata, str]:
    """The metadata with a new secret's hash, and the secret: 256 random bits, base64url.

    ``overlap_days``: how long the one before is still taken; 0 when it leaked. Raises ValueError.
    """
    if not 1 <= days <= MAX_DAYS or not 0 <= overlap_days <= OVERLAP_DAYS:
        raise ValueError(f"a secret lives 1 to {MAX_DAYS} days and overlaps at most {OVERLAP_DAYS}")
    secret = secrets.token_urlsafe(32)
    overlap_until = min(metadata.secret_expires_at, now + overlap_days * DAY)
    kept = metadata.secret_hash if overlap_until > now else ""
    changed = replace(
        metadata,
        secret_hash=hashlib.sha256(secret.encode()).hexdigest(),
        secret_expires_at=now + days * DAY,
        previous_secret_hash=kept,
        previous_secret_expires_at=overlap_until if kept else 0,
    )
    return changed, secret


def without_secret(metadata: ClientMetadata) -> ClientMetadata:
    return replace(
        metadata, secret_hash="", secret_expires_at=0, previous_secret_hash="", previous_secret_expires_at=0
    )
