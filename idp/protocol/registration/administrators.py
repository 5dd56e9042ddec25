"""Metadata as an administrator gives it: everything a client may say, and what clients may not."""

from collections.abc import Mapping
from typing import Any

from idp.errors import InvalidClientMetadata
from idp.protocol.assurance import acr_rank
from idp.protocol.client_metadata import BASELINE, FAPI2, ClientMetadata
from idp.protocol.registration.rules import as_metadata, check_metadata, with_defaults
from idp.protocol.registration.shape import CLIENT_SAYS, as_description, read_members

DECIDED = ("profile", "profile_until", "agency", "first_party", "minimum_acr", "claims_allowed")
_BESIDE = ("jwks", "client_name", "scope", "client_id")


def administrators_metadata(document: Mapping[str, Any], *, keys: bool = True) -> ClientMetadata:
    """Checked by the same rules; unlike a client's request, an unknown member is an error.

    Raises InvalidClientMetadata, InvalidRedirectUri.
    """
    unknown = sorted(document.keys() - {*CLIENT_SAYS, *DECIDED, *_BESIDE})
    if unknown:
        raise InvalidClientMetadata(f"Unknown metadata: {as_description(', '.join(unknown))[:200]}.")
    decided = read_members(document, DECIDED)
    profile = decided.get("profile", FAPI2)
    if profile not in (FAPI2, BASELINE):
        raise InvalidClientMetadata("profile is fapi2 or baseline.")
    if (profile == BASELINE) != bool(decided.get("profile_until")):
        raise InvalidClientMetadata("baseline, and only baseline, needs profile_until: Unix seconds.")
    if decided.get("minimum_acr") and not acr_rank(decided["minimum_acr"]):
        raise InvalidClientMetadata("minimum_acr may be: LoA1, LoA2, LoA3, LoA4.")
    metadata = as_metadata({**with_defaults(read_members(document), profile), **decided})
    check_metadata(metadata, keys=keys)
    return metadata
