"""Sessions end here: /logout, its pages, and what the worker delivers."""

import redis
from flask import Flask

from idp.directory.subjects import Subjects
from idp.evidence.record import EvidenceRecorder
from idp.logout.deliver import DeliverLogout
from idp.logout.end_session import EndSession
from idp.logout.handle_request import HandleLogout
from idp.logout.parts import Logout
from idp.logout.services_of import ServicesOfSession
from idp.outbound.client import OutboundClient
from idp.services import Services
from idp.settings import Settings
from idp.store.clients import ClientDirectory
from idp.store.database import Database
from idp.store.delivery_board import DeliveryBoard
from idp.store.logout_deliveries import LogoutDeliveries
from idp.store.logout_requests import HeldLogoutRequests
from idp.store.refresh_families import RefreshFamilies
from idp.store.sessions import Sessions
from idp.store.wake import Wake
from idp.token_keys import TokenKeys
from idp.web.admin import admin_endpoints
from idp.web.logout import end_session_endpoint, logout_pages


def build_logout(
    settings: Settings,
    *,
    database: Database,
    redis_client: redis.Redis,
    clients: ClientDirectory,
    sessions: Sessions,
    subjects: Subjects,
    token_keys: TokenKeys,
    families: RefreshFamilies,
    outbound: OutboundClient,
    evidence: EvidenceRecorder,
) -> Logout:
    deliveries = LogoutDeliveries(database)
    wake = Wake(redis_client).ring
    end_session = EndSession(database, clients.find_client, evidence, families, wake=wake)
    return Logout(
        end_session=end_session,
        handle=HandleLogout(
            issuer=settings.issuer,
            find_client=clients.find_client,
            find_key=token_keys.find_key,
            end_session=end_session,
            evidence=evidence,
        ),
        held_requests=HeldLogoutRequests(redis_client),
        services_of=ServicesOfSession(
            issuer=settings.issuer,
            sessions=sessions,
            deliveries=deliveries,
            find_client=clients.find_client,
        ),
        deliveries=deliveries,
        deliver=DeliverLogout(
            issuer=settings.issuer,
            deliveries=deliveries,
            find_client=clients.find_client,
            subjects=subjects,
            token_keys=token_keys,
            outbound=outbound,
            evidence=evidence,
            give_up_after=settings.logout_hours * 3600,
        ),
        board=DeliveryBoard(database),
        wake=wake,
    )


def register_logout_endpoints(app: Flask, services: Services, below: str | None) -> None:
    """/logout is public: session cookie, ID token of the session or form token decide what is done."""
    app.register_blueprint(end_session_endpoint(services), url_prefix=below)
    app.register_blueprint(logout_pages(services), url_prefix=below)
    app.register_blueprint(admin_endpoints(services), url_prefix=below)  # an administrator's session
