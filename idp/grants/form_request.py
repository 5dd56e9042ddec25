"""The request as Authlib's classes read it: one strict form, never a query string."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload

from idp.protocol.access_token import Authorized
from idp.protocol.client import Client
from idp.protocol.confirmation import UNBOUND, Confirmation


@dataclass(frozen=True, slots=True)
class Form:
    """A parsed form: each field once, empty ones left out; ``resources`` may be several (RFC 8707).

    ``authorization``: the Authorization header. ``now``: aware UTC. ``path``: of the URL, as the client
    sees it. ``proofs``: every DPoP header (RFC 9449). ``certificate``: the DER of the client certificate
    that a trusted gateway vouches for (RFC 8705), or empty.
    """

    fields: Mapping[str, str]
    resources: Sequence[str]
    authorization: str
    now: datetime
    path: str = "/token"
    proofs: Sequence[str] = ()
    certificate: bytes = b""


class FormRequest(OAuth2Request):  # type: ignore[misc]  # Authlib has no types
    """What Authlib passes along: the form, and what the steps found out about it."""

    client: Client | None
    authorized: Authorized | None = None
    confirmation: Confirmation = UNBOUND
    code_age: int | None = None

    def __init__(self, form: Form) -> None:
        # The URL here says nothing: TLS ends before this process. The issuer's scheme is checked in the
        # settings, and no rule looks at a URL that a request claims for itself.
        super().__init__("POST", "http://localhost/", headers={})
        self.strict_form = form
        self.payload = BasicOAuth2Payload(dict(form.fields))

    @property
    def form(self) -> Mapping[str, Any]:
        return self.strict_form.fields

    @property
    def moment(self) -> int:
        """Unix seconds."""
        return int(self.strict_form.now.timestamp())
