"""Build what the login pages call."""

from urllib.parse import urlsplit

import redis

from idp.login.certificate_login import CertificateLogin, read_authorities
from idp.login.certificate_status import CertificateStatus
from idp.login.enrolment import Enrolment
from idp.login.hashing import Hashing
from idp.login.one_time_password import OneTimePasswords
from idp.login.parts import LoginParts
from idp.login.passkeys import Passkeys
from idp.login.password_login import PasswordLogin
from idp.login.upstream_client import UpstreamClient
from idp.login.upstream_login import UpstreamLogin
from idp.login.upstream_profile import read_upstreams
from idp.outbound.client import OutboundClient
from idp.outbound.reach import Reach
from idp.settings import Settings
from idp.store.factors import Factors
from idp.store.login_budgets import LoginBudgets
from idp.store.login_progress import LoginProgress
from idp.store.passkey_invitations import PasskeyInvitations
from idp.store.people import People
from idp.store.sealing import Sealing
from idp.store.upstream_accounts import UpstreamAccounts
from idp.store.upstream_transactions import UpstreamTransactions
from idp.web.turns import Turns

STATUS_SECONDS = 4.0
MAX_CRL_BYTES = 16 * 1024 * 1024


def build_login(
    settings: Settings,
    client: redis.Redis,
    people: People,
    factors: Factors,
    sealing: Sealing,
    turns: Turns,
) -> LoginParts:
    """Nothing is connected yet."""
    authorities = read_authorities(settings.certificate_authorities_file)
    budgets, progress = LoginBudgets(client), LoginProgress(client)
    hashing = Hashing(
        threads=settings.hashing_threads,
        waiting=settings.hashing_waiting,
        seconds=settings.hashing_seconds,
        aside=turns.aside,
    )
    issuer = urlsplit(settings.issuer)
    passkeys = Passkeys(
        people,
        factors,
        progress,
        rp_id=issuer.hostname or "",
        origin=f"{issuer.scheme}://{issuer.netloc}",
    )
    return LoginParts(
        progress=progress,
        hashing=hashing,
        passwords=PasswordLogin(people, factors, hashing, budgets),
        one_time_passwords=OneTimePasswords(factors, budgets, sealing),
        passkeys=passkeys,
        certificates=CertificateLogin(
            people,
            factors,
            authorities,
            CertificateStatus(_status_client(settings, turns)),
            settings.certificate_status,
        ),
        enrolment=Enrolment(factors, hashing, passkeys),
        invitations=PasskeyInvitations(client),
        upstreams=UpstreamLogin(
            read_upstreams(settings.upstreams_file),
            UpstreamClient(aside=turns.aside),
            UpstreamTransactions(client),
            UpstreamAccounts(people.database, sealing),
            people,
            f"{settings.issuer}/callback",
        ),
    )


def _status_client(settings: Settings, turns: Turns) -> OutboundClient:
    """OCSP and CRLs come over plain http, and a CRL may be long: both are signed. Nobody waits long here."""
    return OutboundClient(
        Reach(settings.outbound_networks, loopback=settings.is_loopback, plain=True),
        ca_file=settings.outbound_ca_file,
        seconds=min(settings.outbound_seconds, STATUS_SECONDS),
        max_bytes=MAX_CRL_BYTES,
        aside=turns.aside,
    )
