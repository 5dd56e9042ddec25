"""To whose key the code and its tokens are bound (RFC 9449 §10, RFC 8705 §3)."""

import re

from idp.protocol.authorize.asked import Asked
from idp.protocol.authorize.errors import INVALID_REQUEST, AuthorizationRefused

_JKT = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def read_dpop_jkt(asked: Asked) -> str:
    """RFC 9449 §10.1: dpop_jkt and the key of a proof at the pushed request must be the same key."""
    sent = asked.get("dpop_jkt")
    if sent and not _JKT.fullmatch(sent):
        raise AuthorizationRefused(INVALID_REQUEST, "dpop_jkt is an RFC 7638 SHA-256 thumbprint.")
    if sent and asked.proof_jkt and sent != asked.proof_jkt:
        raise AuthorizationRefused(INVALID_REQUEST, "dpop_jkt is not the key of the DPoP proof.")
    return sent or asked.proof_jkt


def read_mtls_thumbprint(asked: Asked) -> str:
    """Of the certificate a request was pushed with, for clients whose tokens are bound to it."""
    return asked.certificate if asked.client.metadata.tls_client_certificate_bound_access_tokens else ""
