"""The vocabulary of a policy decision: pure values, no Cedar and no I/O.

A ``Question`` asks whether one principal may do one action on one resource under the
circumstances; a ``Decision`` answers and names the rules that decided.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from policies.office_life import NO_OPERATION, MandateFacts, OfficeFacts, PostFacts, RoleFacts


class ActionName(StrEnum):
    """What can be asked of a key. Every act the key process performs is one of these."""

    SIGN = "sign"
    SIGN_TOKEN = "sign_token"  # noqa: S105 -- the name of an action
    CREATE_CREDENTIAL = "create_credential"
    ACTIVATE_CREDENTIAL = "activate_credential"
    SUSPEND_CREDENTIAL = "suspend_credential"
    RESUME_CREDENTIAL = "resume_credential"
    REVOKE_CREDENTIAL = "revoke_credential"
    RENEW_CREDENTIAL = "renew_credential"
    ACTIVATE_RENEWAL = "activate_renewal"
    MOVE_CREDENTIAL = "move_credential"
    HAND_OVER_SEAL = "hand_over_seal"
    DESTROY_CREDENTIAL = "destroy_credential"
    SUSPEND_HOLDER = "suspend_holder"
    ROTATE_KEK = "rotate_kek"
    DESTROY_KEK = "destroy_kek"
    CONTINUE_COPY = "continue_copy"
    REGISTER_CLIENT_KEY = "register_client_key"
    RETIRE_CLIENT_KEY = "retire_client_key"
    REGISTER_PERSON = "register_person"
    RETIRE_PERSON = "retire_person"
    ENROL_PASSKEY = "enrol_passkey"
    RETIRE_PASSKEY = "retire_passkey"
    SET_PIN_OTP = "set_pin_otp"
    UNLOCK_FACTOR = "unlock_factor"
    LINK_ADMINISTRATOR = "link_administrator"
    RETIRE_ADMINISTRATOR = "retire_administrator"
    ACTIVATE_POLICY = "activate_policy"
    REGISTER_OFFICE = "register_office"
    RETIRE_OFFICE = "retire_office"
    GIVE_POST = "give_post"
    END_POST = "end_post"
    GIVE_MANDATE = "give_mandate"
    REVOKE_MANDATE = "revoke_mandate"


class PrincipalKind(StrEnum):
    CLIENT = "Client"
    PERSON = "Person"
    ADMIN = "Admin"
    SERVICE = "Service"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. ``id`` is a client_id, a person's id, an admin's id or a service's name."""

    kind: PrincipalKind
    id: str


def holder_kind_of(purpose: str) -> PrincipalKind:
    """Who holds a key of this purpose unless it is said otherwise: a personal one is a person's."""
    return PrincipalKind.PERSON if purpose == "personal" else PrincipalKind.CLIENT


@dataclass(frozen=True, slots=True)
class CredentialFacts:
    """What a rule may know of the credential.

    ``purpose``: organisation, service, personal or token. ``proofs``: the approval kinds its key
    class accepts (key-profiles.toml). ``holder``: the client or person it belongs to;
    ``holder_kind`` says which, since a client and a person may have the same id. ``office``: where its
    person works, or whose seal it is; ``custodian``: the clerk who has the seal.
    """

    id: str
    purpose: str
    algorithm: str
    state: str
    holder: str
    profile: str
    proofs: frozenset[str] = frozenset()
    training: bool = False
    holder_kind: PrincipalKind = PrincipalKind.CLIENT
    office: str = ""
    custodian: str = ""


@dataclass(frozen=True, slots=True)
class ClientKeyFacts:
    """What a rule may know of a client's approval key. ``holder`` is the client."""

    id: str
    holder: str
    algorithm: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class EnrolmentFacts:
    """What a rule may know of a person's enrolment. ``id``: the person's; ``state``: new, active, retired."""

    id: str
    state: str


@dataclass(frozen=True, slots=True)
class HolderFacts:
    """What a rule may know of a client or person. ``active``: how many of their credentials can sign."""

    id: str
    active: int
    holder_kind: PrincipalKind = PrincipalKind.CLIENT


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What a rule may know of what the keys lie in: a KEK, or a copy of the store.

    ``state``: current, retired or new (a KEK), copy. ``wrapped``: keys that are still wrapped under it.
    """

    id: str
    state: str
    wrapped: int = 0


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """What a rule may know of a policy that is to come into force. ``id``: its bundle's digest (hex).

    ``version``: the number it gets; ``earlier``: whether the same bundle was in force before.
    """

    id: str
    version: int
    earlier: bool = False


@dataclass(frozen=True, slots=True)
class AdministratorFacts:
    """What a rule may know of an administrator. ``others``: how many remain when they are retired."""

    id: str
    state: str
    others: int


Facts = (
    CredentialFacts
    | ClientKeyFacts
    | EnrolmentFacts
    | HolderFacts
    | StoreFacts
    | PolicyFacts
    | AdministratorFacts
    | OfficeFacts
    | PostFacts
    | MandateFacts
)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a rule may know of the moment.

    ``approval``: the kind of proof (client_jws, access_token, passkey, pin_otp, trust_line).
    ``approvers``: distinct people who approved. ``count``: signatures asked for.
    ``content``: ``prepared`` (the key process checked CMS attributes), ``dtbsr`` or ``token``.
    ``parts``: who has a part in an administrative act beside the administrators: ``holder``,
    ``custodian``, ``receiver``, ``grantor``; ``consents``: who of them approved it, and ``administrator``
    for another administrator's passkey; ``absent``: who of them is away, for a reason that the act records.
    ``act_seconds``: from the act's issue to its expiry. ``acr``: how well a person proved to be that
    person: ``aal3`` (a passkey that cannot leave its device), ``aal2`` (a synced passkey; PIN and OTP).
    ``role``: what a typed operation is about.
    """

    now: datetime
    approval: str = ""
    approvers: int = 0
    count: int = 1
    content: str = ""
    document_kind: str = ""
    acr: str = ""
    act_seconds: int = 0
    parts: frozenset[str] = frozenset()
    consents: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    role: RoleFacts = NO_OPERATION


@dataclass(frozen=True, slots=True)
class Question:
    principal: Principal
    action: ActionName
    resource: Facts
    context: Circumstances


@dataclass(frozen=True, slots=True)
class Decision:
    """``rules`` are the ``@id`` of the rules that decided, sorted; empty on a deny when nothing permits.

    An entry in ``errors`` (sorted) is a deny. ``policy``: the version that decided; 0: not said.
    """

    allowed: bool
    rules: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    policy: int = 0
