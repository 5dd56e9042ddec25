"""Credentials as the key process knows them, kept for moments, with their CMS templates."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from hsm.client import Credential, CredentialNotUsable, KeyProcess, SignatureAlgorithm
from signsvc.pades.cms import CmsTemplate, make_template

KEPT_SECONDS = 15.0
_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class KnownCredential:
    """A credential with its template. What the key process will check, it checks itself."""

    facts: Credential
    template: CmsTemplate


class KnownCredentials:
    """Thread-safe. A change in the key process is seen within ``KEPT_SECONDS``; it refuses at once."""

    def __init__(self, key_process: Callable[[], KeyProcess], monotonic: Callable[[], float]) -> None:
        self._key_process = key_process
        self._monotonic = monotonic
        self._kept: OrderedDict[str, tuple[float, KnownCredential]] = OrderedDict()
        self._lock = Lock()

    def get(self, client_id: str, credential_id: str) -> KnownCredential:
        """The client's active credential. Raises CredentialNotUsable, KeyProcessUnavailable."""
        now = self._monotonic()
        with self._lock:
            kept = self._kept.get(credential_id)
        if kept is None or now >= kept[0]:
            known = self._ask(credential_id)
            with self._lock:
                self._kept[credential_id] = kept = (now + KEPT_SECONDS, known)
                self._kept.move_to_end(credential_id)
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        known = kept[1]
        # Another client's credential and an unknown one are told apart by nobody.
        # A person's may be asked for by every client: only that person's own approval opens it.
        if known.facts.holder_kind != "Person" and known.facts.holder != client_id:
            raise CredentialNotUsable("There is no such credential.", detail="another holder's")
        if known.facts.state != "active":
            raise CredentialNotUsable(f"The credential is {known.facts.state}.")
        return known

    def _ask(self, credential_id: str) -> KnownCredential:
        facts = self._key_process().credential(credential_id)
        if not facts.certificates:
            raise CredentialNotUsable("The credential has no certificate.", detail=credential_id)
        return KnownCredential(facts, make_template(facts.algorithm, facts.certificates))


class Templates:
    """CMS templates by the chain they were made of: for signatures that are finished later."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[SignatureAlgorithm, tuple[bytes, ...]], CmsTemplate] = OrderedDict()
        self._lock = Lock()

    def get(self, algorithm: SignatureAlgorithm, chain: tuple[bytes, ...]) -> CmsTemplate:
        """Made once."""
        with self._lock:
            template = self._kept.get((algorithm, chain))
        if template is None:
            template = make_template(algorithm, chain)
            with self._lock:
                self._kept[algorithm, chain] = template
                if len(self._kept) > 1000:
                    self._kept.popitem(last=False)
        return template
