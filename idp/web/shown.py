"""The access token of a request to one of our own resources, with the proofs of who holds it."""

from flask import Request

from idp.grants.shown_token import Shown
from idp.web.key_proofs import dpop_headers, peer_certificate


def shown_token(request: Request) -> Shown:
    """From the Authorization header only, never from body or URL. Empty when it is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return Shown(
        scheme=scheme.lower() if scheme.lower() in ("bearer", "dpop") else "bearer",
        token=token.strip() if scheme.lower() in ("bearer", "dpop") else "",
        method=request.method,
        path=request.path,
        proofs=dpop_headers(request),
        certificate=peer_certificate(),
    )
