"""The only wiring: settings in, a Flask app out. Two apps in one process do not know of each other."""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import BinaryIO

import httpx
from flask import Flask

from hsm.client import KeyProcess, TlsFiles
from idp.cookie_keys import read_cookie_keys
from idp.directory.subjects import Subjects
from idp.evidence.record import EvidenceRecorder
from idp.grants.authorization_requests import AuthorizationRequests
from idp.login.answer import AnswerJourney
from idp.login.ask_approval import AskApproval
from idp.login.decide import Decide
from idp.login.give_consent import GiveConsent
from idp.outbound.client import OutboundClient
from idp.outbound.reach import Reach
from idp.protocol.access_token import ACCESS_TOKEN_TYP
from idp.protocol.metadata import issuer_path
from idp.registration.registrar import Registrar
from idp.services import Services
from idp.settings import Settings
from idp.store.admission import Admission, connect_redis
from idp.store.clients import ClientDirectory
from idp.store.codes import Codes
from idp.store.consents import Consents
from idp.store.database import Database
from idp.store.factors import Factors
from idp.store.journeys import Journeys
from idp.store.migrate import is_current
from idp.store.organisations import Organisations
from idp.store.people import People
from idp.store.pushed import PushedRequests
from idp.store.revocations import Revocations
from idp.store.sealing import read_sealing
from idp.store.sessions import Sessions
from idp.token_keys import TokenKeys, TokenSigner
from idp.web.account import account_endpoints
from idp.web.client_ends import ClientEnds
from idp.web.discovery import discovery_endpoint
from idp.web.errors import register_errors
from idp.web.form import MAX_BODY_BYTES
from idp.web.health import health_endpoints
from idp.web.jwks import jwks_endpoint
from idp.web.key_proofs import register_peer_certificate
from idp.web.login import login_endpoints
from idp.web.metrics import Metrics, metrics_endpoint
from idp.web.pages import register_pages
from idp.web.request_log import new_logger, register_request_log
from idp.wiring.authorization import register_authorization_endpoints
from idp.wiring.integrators import register_integrator_endpoints
from idp.wiring.login import build_login
from idp.wiring.logout import build_logout, register_logout_endpoints
from idp.wiring.tokens import build_tokens, register_token_endpoints
from idp.wiring.turns import build_turns


def create_app(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    connect: Callable[[Settings], TokenSigner] | None = None,
    log: BinaryIO | None = None,
) -> Flask:
    """The identity provider. Nothing is connected before the first request.

    ``connect`` opens the key process, ``log`` takes JSON lines (default: standard output).
    """
    database = Database(settings.database_url)
    directory = ClientDirectory(database, settings.client_cache_seconds, time.monotonic)
    revocations = Revocations(database)
    sessions = Sessions(database, settings.session_limits)
    redis = connect_redis(settings.redis_url)
    admission = Admission(redis)
    token_keys = TokenKeys(
        lambda: (connect or connect_key_process)(settings),
        token_typ=ACCESS_TOKEN_TYP,
        keep_seconds=settings.token_key_cache_seconds,
        monotonic=time.monotonic,
    )

    sealing = read_sealing(settings.directory_keys_file)
    people, factors = People(database, sealing), Factors(database, sealing)
    evidence = EvidenceRecorder(database, lambda: int(clock().timestamp()))
    outbound = OutboundClient(
        Reach(settings.outbound_networks, loopback=settings.is_loopback),
        ca_file=settings.outbound_ca_file,
        seconds=settings.outbound_seconds,
    )
    people = People(database, sealing)
    codes, pushed, journeys = Codes(redis), PushedRequests(redis), Journeys(redis)
    consents, subjects = Consents(database), Subjects(sealing.index)
    tokens = build_tokens(
        settings,
        database=database,
        redis_client=redis,
        sealing=sealing,
        clients=directory,
        admission=admission,
        people=people,
        sessions=sessions,
        subjects=subjects,
        codes=codes,
        revocations=revocations,
        token_keys=token_keys,
        outbound=outbound,
        evidence=evidence,
    )
    logout = build_logout(
        settings,
        database=database,
        redis_client=redis,
        clients=directory,
        sessions=sessions,
        subjects=subjects,
        token_keys=token_keys,
        families=tokens.families,
        outbound=outbound,
        evidence=evidence,
    )
    metrics, turns = Metrics(), build_turns(settings)
    services = Services(
        settings=settings,
        clock=clock,
        metrics=metrics,
        database=database,
        redis=redis,
        clients=directory,
        admission=admission,
        revocations=revocations,
        token_keys=token_keys,
        tokens=tokens,
        people=people,
        organisations=Organisations(database),
        factors=factors,
        sessions=sessions,
        evidence=evidence,
        end_session=logout.end_session,
        outbound=outbound,
        logout=logout,
        registrar=Registrar(settings.issuer, database, outbound, evidence, directory.forget),
        subjects=subjects,
        codes=codes,
        journeys=journeys,
        pushed=pushed,
        consents=consents,
        authorization_requests=AuthorizationRequests(
            settings.issuer, directory.find_client, token_keys.find_key, pushed
        ),
        decide=Decide(directory.find_client, consents, subjects),
        answer_journey=AnswerJourney(settings.issuer, codes, pushed, sessions, evidence),
        give_consent=GiveConsent(consents, journeys, evidence),
        ask_approval=AskApproval(
            settings.issuer,
            settings.signing_service,
            settings.signing_service_location or settings.signing_service,
            # Opened at the first use, which is after the worker forked.
            cache(lambda: httpx.Client(timeout=10, trust_env=False, follow_redirects=False)),
            token_keys,
            subjects,
            journeys,
        ),
        login=build_login(settings, redis, people, factors, sealing, turns),
    )

    below = issuer_path(settings.issuer) or None
    app = Flask(
        "idp",
        static_folder="web/static",
        static_url_path=f"{below or ''}/static",
        template_folder="web/templates",
    )
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    register_pages(
        app, read_cookie_keys(settings.cookie_keys_file), https=settings.issuer.startswith("https:")
    )
    app.wsgi_app = turns.around(app.wsgi_app)  # type: ignore[method-assign, assignment]
    # For commands and tests that need the very parts of this app.
    app.extensions["idp"] = services
    register_request_log(
        app, new_logger(log or sys.stdout.buffer), metrics, https=settings.issuer.startswith("https:")
    )
    register_errors(app, metrics, settings.issuer)
    register_peer_certificate(app, settings.client_certificate_header, settings.gateway_addresses)

    # An issuer with a path has its endpoints below that path; well-known places know by themselves.
    # Each with its authentication: public, or private_key_jwt.
    app.register_blueprint(discovery_endpoint(settings.issuer))  #                       public
    app.register_blueprint(jwks_endpoint(token_keys), url_prefix=below)  #               public
    register_token_endpoints(app, services, below)
    register_logout_endpoints(app, services, below)
    register_integrator_endpoints(app, services, below)
    register_authorization_endpoints(app, services, below)
    app.register_blueprint(login_endpoints(services), url_prefix=below)  #               public
    app.register_blueprint(account_endpoints(services), url_prefix=below)  #             a session
    app.register_blueprint(
        metrics_endpoint(metrics, ClientEnds(database, clock))
    )  #                         public
    app.register_blueprint(  #                                                           public
        health_endpoints(
            {
                "key_process": token_keys.is_available,
                "redis": admission.is_available,
                "database": lambda: is_current(database),
            }
        )
    )
    return app


def connect_key_process(settings: Settings) -> KeyProcess:
    """Open the channel: called in a worker, never before the fork."""
    paths = settings.key_process_tls
    tls = TlsFiles(certificate=paths.certificate, key=paths.key, authority=paths.authority) if paths else None
    return KeyProcess(settings.key_process, tls=tls, deadline=settings.key_process_deadline_seconds)
