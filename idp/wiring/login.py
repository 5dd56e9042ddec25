"""Build what the login pages call."""

from urllib.parse import urlsplit

import redis

from idp.login.certificate_login import CertificateLogin, read_authorities
from idp.login.enrolment import Enrolment
from idp.login.hashing import Hashing
from idp.login.one_time_password import OneTimePasswords
from idp.login.parts import LoginParts
from idp.login.passkeys import Passkeys
from idp.login.password_login import PasswordLogin
from idp.login.upstream_client import UpstreamClient
from idp.login.upstream_login import UpstreamLogin
from idp.login.upstream_profile import read_upstreams
from idp.settings import Settings
from idp.store.factors import Factors
from idp.store.login_budgets import LoginBudgets
from idp.store.login_progress import LoginProgress
from idp.store.people import People
from idp.store.sealing import Sealing
from idp.store.upstream_accounts import UpstreamAccounts
from idp.store.upstream_transactions import UpstreamTransactions
from idp.web.turns import Turns


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
        certificates=CertificateLogin(people, factors, authorities),
        enrolment=Enrolment(factors, hashing, passkeys),
        upstreams=UpstreamLogin(
            read_upstreams(settings.upstreams_file),
            UpstreamClient(),
            UpstreamTransactions(client),
            UpstreamAccounts(people.database, sealing),
            people,
            f"{settings.issuer}/callback",
        ),
    )
