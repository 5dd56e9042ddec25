"""The only wiring of the key process: settings in, a running process out."""

import signal
import threading
from datetime import UTC, datetime
from functools import partial
from types import FrameType

import grpc
import structlog
from grpc_health.v1 import health, health_pb2

from hsm.acts import grant
from hsm.acts.activate_policy import ActivatePolicy
from hsm.acts.active_policy import ActivePolicy
from hsm.acts.approval import Audience
from hsm.acts.client_keys import ClientKeys
from hsm.acts.consents import Consents
from hsm.acts.credential_life import CredentialLife
from hsm.acts.custody import Custody
from hsm.acts.directory import Directory
from hsm.acts.enrol_people import EnrolPeople
from hsm.acts.keys import Administration
from hsm.acts.ledger import Ledger
from hsm.acts.link_administrator import LinkAdministrator
from hsm.acts.mandates import Mandates
from hsm.acts.offices import Offices
from hsm.acts.passkey import Passkeys, WebAuthn
from hsm.acts.pin_otp import PinOtp
from hsm.acts.renew import Renewals
from hsm.acts.retire_administrator import RetireAdministrator
from hsm.acts.rotate_kek import Keks
from hsm.acts.row_seals import RowSeals
from hsm.acts.second_administrator import AdministratorPasskeys
from hsm.acts.sign import Signing
from hsm.acts.sign_token import TokenSigning
from hsm.acts.use_key import TokenKeyUse
from hsm.api import hsm_pb2_grpc
from hsm.consent_service import AskConsentService, GiveConsentService
from hsm.copies import Continuation, RehearsalLedger, check_may_start, continue_copy
from hsm.database import Database
from hsm.errors import HsmError
from hsm.journal.clock import JournalClock, latest_time
from hsm.journal.last_checkpoint import LastCheckpoint
from hsm.journal.log import Log
from hsm.journal.seal import JournalKey
from hsm.journal.tasks import AnchorSettings, JournalTasks
from hsm.life_tasks import LifeTasks
from hsm.metrics import JOURNAL_SIZE, SESSIONS_IN_USE, TOKEN_HEALTHY
from hsm.policy_service import PolicyInForceService, PolicyService
from hsm.server import listen
from hsm.services import AdministrationService, JournalService, SigningService, TokenService
from hsm.settings import Settings
from hsm.siem.destinations import open_destination
from hsm.siem.feed import Feed
from hsm.siem.interceptor import ReportActs
from hsm.token.token import Token, TokenSettings
from hsm.watch import Watch

DRAIN_SECONDS = 10
HEALTH_SECONDS = 2.0
log = structlog.get_logger("hsm")


class KeyProcessApp:
    """Everything of one key process. ``start()``, then ``run()`` until a signal, then ``stop()``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.token = Token.open(token_settings(settings))
        self.database = Database(settings.database_url)
        self.log = Log(self.database.reader)
        self.events = Feed([open_destination(address) for address in settings.siem])
        self._stopping = threading.Event()
        self._servers: list[grpc.Server] = []
        self._health = health.HealthServicer()

    def start(self) -> None:
        """Check the journal, settle what a dead process left, listen. Raises HsmError."""
        try:
            self._start()
        except HsmError as error:
            self.events.report("process.start_refused", error=type(error).__name__)
            self.events.close()
            raise
        self.events.report("process.started", journal_size=self.log.head()[0])

    def _start(self) -> None:
        settings = self._settings
        self.log.reload()
        journal_key = JournalKey(self.token, settings.log_origin)
        self._last = LastCheckpoint(settings.last_checkpoint_file)
        # A database older than the last checkpoint would make us sign a fork: refuse to start.
        self._last.check_not_rolled_back(self.log, journal_key.verifier_key)
        self._copy = check_may_start(
            self.database, rehearsal=settings.rehearsal, continued=settings.continue_copy is not None
        )
        self.journal = JournalTasks(
            self.database,
            journal_key.seal,
            journal_key.verifier_key,
            publish_dir=None if settings.rehearsal else settings.publish_dir,
            anchor=anchor_settings(settings),
            report=self.events.report,
        )
        self.journal.open()
        ledger = RehearsalLedger if settings.rehearsal else Ledger
        self.ledger = ledger(self.database, self.log, journal_key.seal)
        # From the first moment there is a checkpoint that a rolled-back database would contradict.
        self._last.keep(self.ledger.checkpoint()[1])
        if not settings.rehearsal:
            self.ledger.enter([], change=grant.abandon_reserved)
        self._wire(journal_key)
        self.journal.start()
        self._life = LifeTasks(self.database, self.ledger, self.token, self.policy, self.events.report)
        if not settings.rehearsal:
            self._life.start()
        self._watch = Watch(settings.metrics_address, self._ready) if settings.metrics_address else None
        threading.Thread(target=self._look_after_health, name="health", daemon=True).start()
        log.info("key_process_started", journal_size=self.log.head()[0])

    def run(self) -> None:
        """Wait for SIGTERM or SIGINT."""

        def stop(_signal: int, _frame: FrameType | None) -> None:
            self._stopping.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        self._stopping.wait()
        self.stop()

    def stop(self) -> None:
        """Take no new calls, finish those under way, write what is waiting, leave the token."""
        self._stopping.set()
        self._health.enter_graceful_shutdown()
        for done in [server.stop(DRAIN_SECONDS) for server in self._servers]:
            done.wait(DRAIN_SECONDS)
        self._life.close()
        self.ledger.close()
        self._keep_checkpoint()
        self._last.close()
        self.journal.close()
        if self._watch:
            self._watch.close()
        self.events.report("process.stopped", journal_size=self.log.head()[0])
        self.events.close()
        self.token.close()
        self.database.close()
        log.info("key_process_stopped")

    def _wire(self, journal_key: JournalKey) -> None:
        settings = self._settings
        seals = RowSeals(self.token)
        # Only what this process has checked itself: raises HsmError, then nothing starts.
        self.policy = policy = ActivePolicy(self.database, seals, self.events.report)
        policy.start()
        if not settings.rehearsal:
            policy.note_in_journal(self.ledger, now=datetime.now(UTC))
        directory = Directory(self.database, seals)
        use_key = TokenKeyUse(self.token)
        webauthn = WebAuthn(
            settings.webauthn_rp_id,
            settings.webauthn_origins,
            software=settings.training == "accept",
            software_administers=settings.software_administration == "accept",
        )
        passkeys = Passkeys(self.database, self.ledger, webauthn, seals)
        signing = Signing(
            database=self.database,
            directory=directory,
            policy=policy,
            ledger=self.ledger,
            use_key=use_key,
            audience=Audience(settings.issuer, settings.signing_resource),
            people={
                "passkey": passkeys.verify,
                "pin_otp": PinOtp(self.database, self.ledger, self.token).verify,
            },
        )
        tokens = TokenSigning(
            directory=directory, policy=policy, ledger=self.ledger, use_key=use_key, issuer=settings.issuer
        )
        keks = Keks(self.database, self.token)
        life = CredentialLife(
            token=self.token,
            database=self.database,
            directory=directory,
            policy=policy,
            trust_anchors=settings.trust_anchors,
            training=settings.training == "accept",
            current_kek=keks.current,
        )
        enrol_people = EnrolPeople(self.database, self.token, webauthn)
        administration = Administration(
            database=self.database,
            directory=directory,
            policy=policy,
            ledger=self.ledger,
            operations={
                **life.operations(),
                **Renewals(life, self.database, self.token).operations(),
                **Custody(life, self.database).operations(),
                **keks.operations(),
                **Continuation(self.database, self.log, journal_key.verifier_key).operations(),
                **ClientKeys(self.database, seals).operations(),
                **enrol_people.operations(),
                **LinkAdministrator(self.database, seals).operations(),
                **RetireAdministrator(self.database, seals).operations(),
                **ActivatePolicy(self.database, seals, policy).operations(),
                **Offices(self.database).operations(),
                **Mandates(self.database).operations(),
            },
            consent=passkeys.verify_consent,
            # A policy is no training: what keeps software passkeys out of it is software_administration.
            administrators=AdministratorPasskeys(
                self.database, seals, partial(passkeys.verify_consent, training=True)
            ),
        )
        if self._copy and not settings.rehearsal and settings.continue_copy:
            # Before anybody can ask for anything. Raises HsmError: then nothing starts.
            continue_copy(administration, settings.continue_copy, now=datetime.now(UTC))
        clock = JournalClock(latest_time(self.log) if settings.clock_went_back == "refuse" else 0)
        consents = Consents(self.database, administration, enrol_people)
        journal = JournalService(self.log, self.ledger, journal_key.verifier_key, self.journal.uses)

        def for_signsvc(server: grpc.Server) -> None:
            hsm_pb2_grpc.add_SigningServicer_to_server(
                SigningService(signing, directory, policy.find_profile, clock), server
            )
            hsm_pb2_grpc.add_JournalServicer_to_server(journal, server)
            give = GiveConsentService(consents, webauthn, clock)
            hsm_pb2_grpc.add_GiveConsentsServicer_to_server(give, server)
            hsm_pb2_grpc.add_PolicyInForceServicer_to_server(
                PolicyInForceService(self.database, policy), server
            )

        def for_idp(server: grpc.Server) -> None:
            hsm_pb2_grpc.add_TokensServicer_to_server(TokenService(tokens, clock), server)

        def for_admin(server: grpc.Server) -> None:
            hsm_pb2_grpc.add_AdministrationServicer_to_server(
                AdministrationService(administration, clock), server
            )
            hsm_pb2_grpc.add_SigningServicer_to_server(
                SigningService(signing, directory, policy.find_profile, clock), server
            )
            hsm_pb2_grpc.add_JournalServicer_to_server(journal, server)
            ask = AskConsentService(consents, webauthn, clock)
            hsm_pb2_grpc.add_AskConsentsServicer_to_server(ask, server)
            hsm_pb2_grpc.add_PoliciesServicer_to_server(PolicyService(self.database, policy), server)

        for caller, listener, register in (
            ("signsvc", settings.signsvc, for_signsvc),
            ("idp", settings.idp, for_idp),
            ("admin", settings.admin, for_admin),
        ):
            if listener is not None:
                watchers = [ReportActs(self.events.report, caller)] if settings.siem else []
                self._servers.append(
                    listen(listener, settings.threads, self._health, register, watchers=watchers)
                )

    def _look_after_health(self) -> None:
        was_healthy = True
        while not self._stopping.is_set():
            healthy = self._token_healthy()
            if healthy != was_healthy:
                self.events.report("token.recovered" if healthy else "token.sick")
            was_healthy = healthy
            TOKEN_HEALTHY.set(healthy)
            SESSIONS_IN_USE.set(self.token.stats().in_use)
            JOURNAL_SIZE.set(self.log.head()[0])
            status = (
                health_pb2.HealthCheckResponse.SERVING
                if healthy
                else health_pb2.HealthCheckResponse.NOT_SERVING
            )
            self._health.set("", status)
            if healthy:
                self._keep_checkpoint()
            self._stopping.wait(HEALTH_SECONDS)

    def _token_healthy(self) -> bool:
        try:
            return self.token.healthy()
        except HsmError as error:
            log.warning("token_sick", error=type(error).__name__, detail=error.detail)
            return False

    def _keep_checkpoint(self) -> None:
        try:
            self._last.keep(self.ledger.checkpoint()[1])
        except (HsmError, OSError) as error:
            log.warning("checkpoint_not_kept", error=type(error).__name__)

    def _ready(self) -> dict[str, bool]:
        return {"token": self._token_healthy(), "database": self._database_answers()}

    def _database_answers(self) -> bool:
        try:
            with self.database.reading() as connection:
                connection.exec_driver_sql("SELECT 1")
        except HsmError:
            return False
        return True


def token_settings(settings: Settings) -> TokenSettings:
    """The token's part of the settings."""
    return TokenSettings(
        module=settings.module,
        vendor=settings.vendor,
        token_label=settings.token_label,
        pin_file=settings.pin_file,
        max_sessions=settings.max_sessions,
    )


def anchor_settings(settings: Settings) -> AnchorSettings | None:
    """The anchoring's part of the settings; None when there is no authority to ask."""
    if not settings.tsa_urls or settings.tsa_trust_anchors is None:
        return None
    return AnchorSettings(settings.tsa_urls, settings.tsa_trust_anchors, settings.anchor_seconds)
