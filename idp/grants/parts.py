"""The token half of the services, as the wiring puts it together."""

from dataclasses import dataclass

from idp.grants.revocation import RevocationEndpoint
from idp.grants.sender_binding import DpopProofs
from idp.grants.server import AuthorizationServer
from idp.grants.shown_token import ShownTokens
from idp.grants.userinfo import UserInfo
from idp.outbound.client_keys import ClientKeys
from idp.store.device_codes import DeviceCodes
from idp.store.refresh_families import RefreshFamilies


@dataclass(frozen=True, slots=True)
class Tokens:
    """One set an app."""

    server: AuthorizationServer
    revocation: RevocationEndpoint
    userinfo: UserInfo
    proofs: DpopProofs
    access: ShownTokens
    client_keys: ClientKeys
    families: RefreshFamilies
    device_codes: DeviceCodes
