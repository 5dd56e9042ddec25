"""Tokens: client authentication, grants, what tells of tokens, and the endpoints with who may call them."""

import time

import redis
from flask import Flask

from idp.directory.subjects import Subjects
from idp.evidence.record import EvidenceRecorder
from idp.grants.authorization_code import RedeemCode, authorization_code
from idp.grants.client_authentication import ClientAuthentication
from idp.grants.client_credentials import client_credentials
from idp.grants.device_code import RedeemDeviceCode, device_code
from idp.grants.introspection import IntrospectionEndpoint
from idp.grants.parts import Tokens
from idp.grants.person_tokens import PersonTokens
from idp.grants.refresh_token import Refresh, refresh_token
from idp.grants.revocation import RevocationEndpoint
from idp.grants.sender_binding import DpopProofs
from idp.grants.server import AuthorizationServer
from idp.grants.shown_token import ShownTokens
from idp.grants.token_exchange import ExchangeToken, token_exchange
from idp.grants.userinfo import UserInfo
from idp.outbound.client import OutboundClient
from idp.outbound.client_keys import ClientKeys
from idp.services import Services
from idp.settings import Settings
from idp.store.admission import Admission
from idp.store.clients import ClientDirectory
from idp.store.codes import Codes
from idp.store.database import Database
from idp.store.device_codes import DeviceCodes
from idp.store.living_tokens import LivingTokens
from idp.store.people import People
from idp.store.refresh_families import RefreshFamilies
from idp.store.revocations import Revocations
from idp.store.sealing import Sealing
from idp.store.sessions import Sessions
from idp.store.single_use import SingleUse
from idp.store.token_life import TokenLife
from idp.token_keys import TokenKeys
from idp.web.csc_oauth2 import register_csc_oauth2_endpoints
from idp.web.device import device_pages
from idp.web.device_authorization import device_authorization_endpoint
from idp.web.introspection import introspection_endpoint
from idp.web.revocation import revocation_endpoint
from idp.web.token import token_endpoint
from idp.web.userinfo import userinfo_endpoint


def build_tokens(
    settings: Settings,
    *,
    database: Database,
    redis_client: redis.Redis,
    sealing: Sealing,
    clients: ClientDirectory,
    admission: Admission,
    people: People,
    sessions: Sessions,
    subjects: Subjects,
    codes: Codes,
    revocations: Revocations,
    token_keys: TokenKeys,
    outbound: OutboundClient,
    evidence: EvidenceRecorder,
) -> Tokens:
    issuer, lifetime = settings.issuer, settings.access_token_seconds
    proofs = DpopProofs(issuer, SingleUse(redis_client), sealing.index, ask_nonce=settings.dpop_nonce)
    client_keys = ClientKeys(outbound, time.monotonic)
    living = LivingTokens(redis_client)
    token_life = TokenLife(database)
    families = RefreshFamilies(
        database, sealing.index, absolute=settings.refresh_seconds, idle=settings.refresh_idle_seconds
    )
    person_tokens = PersonTokens(
        issuer=issuer,
        token_keys=token_keys,
        subjects=subjects,
        people=people,
        families=families,
        client_keys=client_keys,
        living=living,
        evidence=evidence,
        lifetime=lifetime,
    )
    access = ShownTokens(
        issuer=issuer,
        token_keys=token_keys,
        token_life=token_life,
        find_client=clients.find_client,
        proofs=proofs,
    )
    server = AuthorizationServer(
        clients.find_client,
        ClientAuthentication(issuer, clients.find_client, client_keys, admission, settings.rates),
    )
    redeem = RedeemCode(
        issuer=issuer,
        codes=codes,
        proofs=proofs,
        tokens=person_tokens,
        families=families,
        revocations=revocations,
        sessions=sessions,
        evidence=evidence,
        access_token_seconds=lifetime,
    )
    refresh = Refresh(
        issuer=issuer, proofs=proofs, tokens=person_tokens, families=families, evidence=evidence
    )
    server.register_grant(authorization_code(redeem))
    server.register_grant(refresh_token(refresh))
    device_codes = DeviceCodes(redis_client)
    redeem_device = RedeemDeviceCode(
        issuer=issuer, device_codes=device_codes, proofs=proofs, tokens=person_tokens, sessions=sessions
    )
    server.register_grant(device_code(redeem_device))
    server.register_grant(
        token_exchange(
            ExchangeToken(
                issuer=issuer,
                token_keys=token_keys,
                token_life=token_life,
                proofs=proofs,
                evidence=evidence,
                lifetime=lifetime,
            )
        )
    )
    server.register_grant(client_credentials(issuer, token_keys, lifetime, proofs, evidence))
    server.register_endpoint(
        IntrospectionEndpoint(issuer, token_keys, token_life, clients.find_client, families)
    )
    revocation = RevocationEndpoint(issuer, token_keys, revocations, families, evidence, lifetime)
    server.register_endpoint(revocation)
    return Tokens(
        server=server,
        revocation=revocation,
        userinfo=UserInfo(
            issuer=issuer,
            access=access,
            living=living,
            people=people,
            token_keys=token_keys,
            client_keys=client_keys,
        ),
        proofs=proofs,
        access=access,
        client_keys=client_keys,
        families=families,
        device_codes=device_codes,
    )


def register_token_endpoints(app: Flask, services: Services, below: str | None) -> None:
    """``below``: the issuer's path. ``the client``: by the method that it registered."""
    server, clock = services.server, services.clock
    app.register_blueprint(token_endpoint(server, clock, services.metrics), url_prefix=below)  #  the client
    app.register_blueprint(introspection_endpoint(services), url_prefix=below)  #            the client
    app.register_blueprint(
        revocation_endpoint(server, services.tokens.revocation, clock), url_prefix=below
    )  # the client
    register_csc_oauth2_endpoints(app, services, below)  #                                       the client
    app.register_blueprint(userinfo_endpoint(services), url_prefix=below)  #                      access token
    app.register_blueprint(device_authorization_endpoint(services), url_prefix=below)  #          the client
    app.register_blueprint(device_pages(services), url_prefix=below)  #                           public
