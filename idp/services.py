"""What the web calls, put together by ``app.py`` and nowhere else."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import redis

from idp.directory.subjects import Subjects
from idp.evidence.record import EvidenceRecorder
from idp.grants.authorization_requests import AuthorizationRequests
from idp.grants.parts import Tokens
from idp.grants.server import AuthorizationServer
from idp.grants.userinfo import UserInfo
from idp.login.answer import AnswerJourney
from idp.login.ask_approval import AskApproval
from idp.login.decide import Decide
from idp.login.give_consent import GiveConsent
from idp.login.parts import LoginParts
from idp.logout.end_session import EndSession
from idp.logout.parts import Logout
from idp.outbound.client import OutboundClient
from idp.registration.registrar import Registrar
from idp.settings import Settings
from idp.store.admission import Admission
from idp.store.clients import ClientDirectory
from idp.store.codes import Codes
from idp.store.consents import Consents
from idp.store.database import Database
from idp.store.factors import Factors
from idp.store.journeys import Journeys
from idp.store.organisations import Organisations
from idp.store.people import People
from idp.store.pushed import PushedRequests
from idp.store.revocations import Revocations
from idp.store.sessions import Sessions
from idp.token_keys import TokenKeys
from idp.web.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Services:
    """One set an app."""

    settings: Settings
    clock: Callable[[], datetime]
    metrics: Metrics
    database: Database
    redis: redis.Redis
    clients: ClientDirectory
    admission: Admission
    revocations: Revocations
    token_keys: TokenKeys
    tokens: Tokens
    people: People
    organisations: Organisations
    factors: Factors
    sessions: Sessions
    evidence: EvidenceRecorder
    end_session: EndSession
    outbound: OutboundClient
    logout: Logout
    registrar: Registrar
    subjects: Subjects
    codes: Codes
    journeys: Journeys
    pushed: PushedRequests
    consents: Consents
    authorization_requests: AuthorizationRequests
    decide: Decide
    answer_journey: AnswerJourney
    give_consent: GiveConsent
    ask_approval: AskApproval
    login: LoginParts

    @property
    def server(self) -> AuthorizationServer:
        """Authlib's server: client authentication, grants, introspection, revocation."""
        return self.tokens.server

    @property
    def userinfo(self) -> UserInfo:
        return self.tokens.userinfo
