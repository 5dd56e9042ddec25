"""The SAD of a request: a handle of the key process, or an access token of scope ``credential``.

After oauth2/authorize the standard gives the client a token that is the SAD (v1.0.4 §8.3.3: token_type
``SAD``; v2.0.0.2 §8.4: a credential token, as the bearer or as the SAD parameter). The token names the
approval that the person gave on our page; the key process's own SAD lies sealed under that name and never
leaves here. The identity provider knows the name too: with it, exactly what was approved can be signed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from signsvc.errors import LoginRefused, TokenExpired
from signsvc.store.csc_authorizations import CscAuthorizations
from signsvc.usecases.csc_refusal import CscRefused, invalid, missing
from signsvc.web.bearer import AccessTokens
from signsvc.web.caller import current_caller
from signsvc.web.csc.parameters import Given

CREDENTIAL_SCOPE = "credential"
MAX_SAD = 64 * 1024


@dataclass(frozen=True, slots=True)
class Sads:
    """Reads them off requests. Raises CscRefused, IssuerUnavailable, StoreUnavailable."""

    tokens: AccessTokens
    authorizations: CscAuthorizations
    clock: Callable[[], datetime]

    def find(self, asked: Given) -> str | None:
        """The key process's SAD; None when the request has none."""
        caller = current_caller()
        if asked.find("SAD") is None:
            return self._redeem(caller.approval, caller.client_id) if caller.approval else None
        given = asked.text("SAD", maximum=MAX_SAD)
        if given.count(".") != 2:
            return given
        try:
            claims = self.tokens.verify_token(given)
        except TokenExpired as error:
            raise CscRefused("SAD expired") from error
        except LoginRefused as error:
            raise invalid("SAD", detail=error.detail) from error
        # Its key makes a proof for an Authorization header; a parameter has none.
        if claims.bound:
            raise CscRefused(
                "The SAD is a token bound to a key: send it as the access token, with its DPoP proof",
                detail="bound token as SAD",
            )
        if claims.client_id != caller.client_id or CREDENTIAL_SCOPE not in claims.scopes:
            raise invalid("SAD", detail="not this client's credential token")
        return self._redeem(claims.approval, caller.client_id)

    def get(self, asked: Given) -> str:
        """One that must be there."""
        sad = self.find(asked)
        if sad is None:
            raise missing("string", "SAD")
        return sad

    def _redeem(self, handle: str, client_id: str) -> str:
        pending = self.authorizations.find(handle, self.clock())
        if pending is None:
            raise CscRefused("SAD expired")
        # The key process compares the client with the act's again.
        if pending.client_id != client_id or not pending.sad:
            raise invalid("SAD", detail=pending.state)
        return pending.sad
