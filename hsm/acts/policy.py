"""Step 3's side of the policy: from what the key process knows to what a rule may ask about."""

from hsm.acts.directory import KnownCredential
from policies.bundle import Bundle
from policies.engine import Engine
from policies.limits import Limit, limits_of
from policies.model import CredentialFacts, Decision, PrincipalKind, Question
from policies.profiles import KeyProfile


class BundlePolicy:
    """Decides by one policy bundle. Implements ``ask_policy.Policy``."""

    def __init__(self, bundle: Bundle, version: int = 0) -> None:
        self.bundle = bundle
        self.version = version
        self._engine = Engine(bundle, version)
        self._profiles = bundle.profiles

    def decide(self, question: Question) -> Decision:
        return self._engine.decide(question)

    def limits(self, known: KnownCredential, client_id: str) -> tuple[Limit, ...]:
        """What a signature with this credential, for this client, is counted against."""
        stored = known.stored
        return limits_of(
            self.bundle,
            credential_id=stored.credential_id,
            profile=stored.profile,
            client_id=client_id,
            office=stored.office,
        )

    def profile(self, name: str) -> KeyProfile:
        """Raises KeyError when the bundle has no such key profile."""
        return self._profiles[name]

    def facts(self, known: KnownCredential) -> CredentialFacts:
        stored = known.stored
        profile = self._profiles.get(stored.profile)
        return CredentialFacts(
            id=stored.credential_id,
            purpose=stored.purpose,
            algorithm=stored.algorithm,
            state=stored.state,
            holder=stored.holder,
            profile=stored.profile,
            # A profile that the bundle no longer knows accepts no proof at all.
            proofs=frozenset(profile.proofs) if profile else frozenset(),
            training=stored.training,
            holder_kind=PrincipalKind(stored.holder_kind),
            office=stored.office,
            custodian=stored.custodian,
        )
