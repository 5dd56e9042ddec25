"""An access token shown at one of our own resources: userinfo (and whoever else asks here)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from idp.errors import InsufficientScope, InvalidDpopProof, InvalidToken
from idp.grants.issued_token import IssuedToken, find_issued_token
from idp.grants.sender_binding import DpopProofs
from idp.protocol.client import Client
from idp.protocol.client_certificate import certificate_thumbprint
from idp.protocol.confirmation import Confirmation, confirmation_of
from idp.store.token_life import TokenLife
from idp.token_keys import TokenKeys


@dataclass(frozen=True, slots=True)
class Shown:
    """What a request shows. ``scheme``: bearer or dpop, lower case. ``path``: of the URL, without query."""

    scheme: str
    token: str
    method: str
    path: str
    proofs: Sequence[str] = ()
    certificate: bytes = b""


class ShownTokens:
    """One for each app."""

    def __init__(
        self,
        *,
        issuer: str,
        token_keys: TokenKeys,
        token_life: TokenLife,
        find_client: Callable[[str], Client | None],
        proofs: DpopProofs,
    ) -> None:
        self._issuer = issuer
        self._token_keys = token_keys
        self._token_life = token_life
        self._find_client = find_client
        self._proofs = proofs

    def check(
        self, shown: Shown, scope: str, moment: datetime, *, audience: str = ""
    ) -> tuple[IssuedToken, Client]:
        """The token and its client. ``audience``: the resource, when it is not the issuer itself.

        Raises InvalidToken, InvalidDpopProof, InsufficientScope.
        """
        now = int(moment.timestamp())
        # 1 one of ours, for here, in time
        token = find_issued_token(shown.token, self._token_keys, self._issuer, now) if shown.token else None
        if token is None or token.audience != (audience or self._issuer) or token.is_expired():
            raise InvalidToken(detail="no token of ours for here", scheme=shown.scheme)
        # 2 not taken back
        client = self._find_client(token.client_id)
        if client is None or not client.active:
            raise InvalidToken(detail="revoked", scheme=shown.scheme)
        if ended := self._token_life.why_ended(token.jti, token.claims.get("sid"), now):
            raise InvalidToken(detail=ended, scheme=shown.scheme)
        # 3 by who holds its key
        self._check_holder(shown, token, moment)
        # 4 for this
        if scope not in str(token.claims.get("scope", "")).split():
            raise InsufficientScope(scope=scope)
        return token, client

    def _check_holder(self, shown: Shown, token: IssuedToken, moment: datetime) -> None:
        bound = confirmation_of(token.claims)
        # RFC 9449 §7.1: a bound token is no bearer token, and an unbound one proves nothing by a proof.
        if (shown.scheme == "dpop") != bool(bound.jkt):
            raise InvalidToken(detail="scheme", scheme="dpop" if bound.jkt else "bearer")
        jkt = ""
        if bound.jkt:
            try:
                jkt = self._proofs.verify(
                    shown.proofs,
                    method=shown.method,
                    path=shown.path,
                    now=moment.timestamp(),
                    access_token=shown.token,
                )
            except InvalidDpopProof as error:
                error.at_resource = True
                raise
        x5t = certificate_thumbprint(shown.certificate) if shown.certificate else ""
        if not Confirmation(jkt, x5t).covers(bound):
            raise InvalidToken(detail="bound to another key", scheme=shown.scheme)
