"""The only wiring: settings in, a Flask app out. Two apps in one process do not know of each other."""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import httpx
from flask_openapi3.models.info import Info
from flask_openapi3.models.security_scheme import SecurityScheme
from flask_openapi3.openapi import OpenAPI
from werkzeug.middleware.proxy_fix import ProxyFix

from hsm.client import KeyProcess, TlsFiles
from policies import Bundle
from policies.buckets import open_buckets
from signsvc.anchors import load_anchors
from signsvc.limits import Limits
from signsvc.measure import Metrics
from signsvc.opened import Opened
from signsvc.pades.appearance import Appearances
from signsvc.pades.augment import Augmenter
from signsvc.pades.fetch import Fetcher
from signsvc.pades.font import load_stamp_font
from signsvc.pades.intake import InspectionLimits, Intake
from signsvc.pades.revocation import RevocationPolicy, RevocationSource
from signsvc.pades.timestamp import TimestampClient
from signsvc.pades.token import TokenVerifier
from signsvc.pades.validate import TrustSettings, Validator
from signsvc.policy_in_force import PolicyInForce
from signsvc.services import Services
from signsvc.settings import Settings
from signsvc.store.csc_authorizations import CscAuthorizations
from signsvc.store.csc_responses import CscResponses
from signsvc.store.database import Database
from signsvc.store.documents import Documents
from signsvc.store.files import Files
from signsvc.store.idempotency import IdempotencyKeys
from signsvc.store.issued import Issued
from signsvc.store.signatures import Signatures
from signsvc.store.spent_proofs import SpentProofs
from signsvc.usecases.begin_approval import BeginApproval
from signsvc.usecases.complete_signature import CompleteSignature
from signsvc.usecases.csc_authorize import CscAuthorize
from signsvc.usecases.csc_credentials import CscCredentials
from signsvc.usecases.csc_login import CscLogin
from signsvc.usecases.csc_sign_documents import CscSignDocuments
from signsvc.usecases.csc_sign_hash import CscSign
from signsvc.usecases.delete_document import DeleteDocument, Sweep
from signsvc.usecases.finish_signature import FinishSignature
from signsvc.usecases.follow_earlier import FollowEarlier
from signsvc.usecases.gather_prepared import GatherPrepared
from signsvc.usecases.known_credentials import KnownCredentials, Templates
from signsvc.usecases.prepare_signature import PrepareSignature
from signsvc.usecases.sign_document import SignDocument
from signsvc.usecases.sign_hashes import SignHashes
from signsvc.usecases.upload_document import UploadDocument
from signsvc.usecases.verify_document import VerifyDocument
from signsvc.web.act_page import act_page
from signsvc.web.bearer import AccessTokens
from signsvc.web.credentials import credential_endpoints
from signsvc.web.csc.approval_page import approval_page
from signsvc.web.csc.approve import authorization_endpoints
from signsvc.web.csc.begin_approval import begin_approval_endpoints
from signsvc.web.csc.faults import register_not_offered
from signsvc.web.csc.groups import csc_methods
from signsvc.web.documents import document_endpoints
from signsvc.web.endpoints import BEARER, check_declared
from signsvc.web.guard import register_guard
from signsvc.web.hashes import hash_endpoints
from signsvc.web.health import health_endpoints
from signsvc.web.holder import Holders
from signsvc.web.idempotent import Idempotent
from signsvc.web.issuer_keys import IssuerKeys
from signsvc.web.journal import journal_endpoints
from signsvc.web.json_bodies import JsonBodies
from signsvc.web.places import Places
from signsvc.web.policy_problems import read_reasons
from signsvc.web.problems import register_problems, validation_problem
from signsvc.web.request_log import new_logger, register_request_log
from signsvc.web.sign import sign_endpoints
from signsvc.web.signatures import signature_endpoints
from signsvc.web.timestamp import timestamp_endpoints
from signsvc.web.verify import verify_endpoints

KEEP_ANSWERS = 24 * 3600
Clock = Callable[[], datetime]


def now_utc() -> datetime:
    """The one place that reads the clock."""
    return datetime.now(UTC)


def build_services(settings: Settings, clock: Clock = now_utc) -> Services:
    """Everything below the web. Nothing is connected before it is used."""
    metrics = Metrics()
    database = Database(settings.database_url)
    files = Files(settings.documents_dir)
    documents, signatures = Documents(database), Signatures(database)
    issued = Issued(database, settings.issued_retention)
    idempotency = IdempotencyKeys(database, lease=settings.lease, keep=KEEP_ANSWERS)
    key_process = Opened(lambda: connect_key_process(settings), KeyProcess.close)
    anchors = load_anchors(settings.trust_anchors, settings.tsa_trust_anchors)
    fetcher = Opened(lambda: Fetcher((*settings.tsa_urls, *settings.status_urls)), Fetcher.close)
    timestamps = Opened(
        lambda: TimestampClient(
            settings.tsa_urls, TokenVerifier(anchors), fetcher(), deadline=settings.outgoing_timeout
        )
    )
    revocations = Opened(
        lambda: RevocationSource(fetcher(), RevocationPolicy(seconds=settings.outgoing_timeout))
    )
    augmenter = Opened(lambda: Augmenter(timestamps(), revocations(), anchors))
    appearances = Opened(lambda: Appearances(load_stamp_font(settings.font, settings.font_cache)))
    limits_of_intake = InspectionLimits(max_bytes=settings.max_document)
    intake = Opened(lambda: Intake(limits_of_intake, workers=settings.inspectors), Intake.close)
    validator = Opened(lambda: make_validator(settings), Validator.close)
    credentials = KnownCredentials(key_process, time.monotonic)
    policy = PolicyInForce(Bundle.load(settings.policies), key_process, time.monotonic)
    limits = Limits(policy.quotas, Opened(lambda: open_buckets(policy.quotas(), settings.redis_url)))
    spent_proofs = Opened(lambda: SpentProofs.open(settings.redis_url), SpentProofs.close)
    finish = FinishSignature(
        signatures, files, Templates(), timestamps, augmenter, metrics, settings.waiting_lifetime
    )
    complete = CompleteSignature(signatures, key_process, finish, settings.lease)
    prepare = PrepareSignature(
        signatures,
        files,
        credentials,
        timestamps,
        appearances,
        settings.approval_lifetime,
        settings.retention,
        FollowEarlier(signatures, intake, validator),
    )
    csc_sign = CscSign(key_process)
    csc_responses, csc_authorizations = CscResponses(database), CscAuthorizations(database)
    csc_credentials = CscCredentials(key_process, credentials)
    csc_authorize = CscAuthorize(key_process, settings.approval_lifetime)
    return Services(
        settings=settings,
        clock=clock,
        metrics=metrics,
        policy=policy,
        limits=limits,
        spent_proofs=spent_proofs,
        files=files,
        database=database,
        documents=documents,
        signatures=signatures,
        issued=issued,
        idempotency=idempotency,
        key_process=key_process,
        timestamps=timestamps,
        upload=UploadDocument(documents, files, intake, settings.retention),
        delete=DeleteDocument(documents, signatures, files),
        prepare=prepare,
        complete=complete,
        finish=finish,
        sign=SignDocument(signatures, files, intake, credentials, prepare, complete),
        sign_hashes=SignHashes(key_process),
        verify=VerifyDocument(validator),
        csc_credentials=csc_credentials,
        csc_authorize=csc_authorize,
        begin_approval=BeginApproval(
            csc_credentials, csc_authorize, csc_authorizations, GatherPrepared(signatures)
        ),
        csc_sign=csc_sign,
        csc_sign_documents=CscSignDocuments(
            signatures, files, intake, prepare, finish, csc_sign, settings.lease
        ),
        csc_responses=csc_responses,
        csc_authorizations=csc_authorizations,
        sweep=Sweep(documents, signatures, (idempotency, issued, csc_responses, csc_authorizations), files),
        closing=(
            validator.close,
            intake.close,
            timestamps.close,
            spent_proofs.close,
            fetcher.close,
            key_process.close,
            database.close,
        ),
    )


def create_app(
    settings: Settings, *, services: Services | None = None, log: BinaryIO | None = None
) -> OpenAPI:
    """The signing service over HTTP. ``log`` takes JSON lines (default: standard output)."""
    services = services or build_services(settings)
    services.files.prepare()
    http = Opened(
        lambda: httpx.Client(timeout=settings.outgoing_timeout, trust_env=False, follow_redirects=False),
        httpx.Client.close,
    )
    keys = IssuerKeys(http, settings.jwks_location, ttl=settings.jwks_ttl, monotonic=time.monotonic)
    tokens = AccessTokens(keys, issuer=settings.issuer, resource=settings.resource, clock=services.clock)
    holders = Holders(settings.resource, services.spent_proofs, lambda: services.clock().timestamp())
    login = CscLogin(http, settings.issuer_location, settings.resource)
    idempotent = Idempotent(lambda: services.idempotency, services.clock)

    app = OpenAPI(
        "signsvc",
        info=Info(title="Ấn Tín: dịch vụ ký số", version="0.1.0"),
        security_schemes={
            BEARER: SecurityScheme(
                type="http", scheme="bearer", bearerFormat="JWT (RFC 9068)",
                description="An access token of the identity provider, for this service's resource.",
            )
        },
        validation_error_callback=validation_problem,
        doc_ui=False,
        static_folder=None,
        template_folder="web/templates",
        root_path=str(Path(__file__).parent),
    )  # fmt: skip
    app.json = JsonBodies(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    register_request_log(
        app,
        new_logger(log or sys.stdout.buffer),
        services.metrics,
        https=settings.resource.startswith("https:"),
    )
    register_problems(app, lambda: read_reasons(services.policy.bundle()))
    places = Places(settings.threads)
    register_guard(app, tokens, holders, services.limits, places, max_json=settings.max_json)
    # Each endpoint says in its declaration who may call it.
    for group in (
        document_endpoints(services, idempotent),
        signature_endpoints(services, idempotent),
        sign_endpoints(services, idempotent),
        hash_endpoints(services, idempotent),
        credential_endpoints(services),
        verify_endpoints(services),
        timestamp_endpoints(services, idempotent),
        journal_endpoints(services),
        authorization_endpoints(services),
        begin_approval_endpoints(services),
        approval_page(services),
        act_page(services),
        *csc_methods(services, tokens, login),
        health_endpoints(
            services,
            {
                "key_process": lambda: services.key_process().healthy(),
                "database": services.database.answers,
                "documents": services.files.writable,
                "redis": services.limits.available,
                "issuer": keys.available,
            },
        ),
    ):
        app.register_api(group)
    register_not_offered(app)
    check_declared(app)
    return app


def make_validator(settings: Settings) -> Validator:
    """Whom it believes is read from the same files as for signing."""
    trust = TrustSettings(
        roots=(settings.trust_anchors,) if settings.trust_anchors else (),
        tsa_roots=(settings.tsa_trust_anchors,) if settings.tsa_trust_anchors else (),
        allowed_urls=settings.status_urls,
    )
    return Validator(trust, processes=settings.validators)


def connect_key_process(settings: Settings) -> KeyProcess:
    """The channel connects when it is used, and finds a restarted key process by itself."""
    paths = settings.key_process_tls
    tls = TlsFiles(**paths.model_dump()) if paths else None
    return KeyProcess(settings.key_process, tls=tls, deadline=settings.key_process_deadline)
