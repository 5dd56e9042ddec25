"""Questions for the engine: any at all, likely ones, and one to vary."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import strategies as st

import policies
from policies import (
    ActionName,
    Bundle,
    Circumstances,
    ClientKeyFacts,
    CredentialFacts,
    Engine,
    Principal,
    PrincipalKind,
    Question,
)
from policies.bundle import parse_bundle, read_texts
from policies.model import holder_kind_of
from policies.office_life import RoleFacts

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TEXTS = read_texts(Path(policies.__file__).parent)
BUNDLE = Bundle.load()
ENGINE = Engine(BUNDLE)
PROOFS = ["client_jws", "access_token", "passkey", "pin_otp", "trust_line", "admin_jws", ""]
STATES = ["created", "active", "suspended", "revoked", "destroyed", "", "Active"]
NAMES = ["one-stop", "other", "idp", "", 'x"y', "tổ\nchức"]

principals = st.builds(
    Principal, st.sampled_from(PrincipalKind), st.sampled_from(NAMES) | st.text(max_size=5)
)
credentials = st.builds(
    CredentialFacts,
    id=st.sampled_from(["credential", "", 'a"b']),
    purpose=st.sampled_from(["organisation", "service", "personal", "token", ""]),
    algorithm=st.sampled_from(["ES256", "PS256", "RS256", "EdDSA", "none", ""]),
    state=st.sampled_from(STATES),
    holder=st.sampled_from(NAMES),
    profile=st.sampled_from([*BUNDLE.profiles, "made-up", ""]),
    proofs=st.frozensets(st.sampled_from(PROOFS)),
    training=st.booleans(),
    holder_kind=st.sampled_from(PrincipalKind),
)
client_keys = st.builds(
    ClientKeyFacts,
    id=st.text(max_size=5),
    holder=st.sampled_from(NAMES),
    algorithm=st.sampled_from(["ES256", "HS256", "EdDSA"]),
    state=st.sampled_from(["active", "retired", ""]),
)
circumstances = st.builds(
    Circumstances,
    now=st.datetimes(timezones=st.just(UTC), min_value=datetime(2020, 1, 1)),  # noqa: DTZ001
    approval=st.sampled_from(PROOFS),
    approvers=st.integers(-1, 4),
    count=st.integers(-1, 20) | st.integers(-(2**70), 2**70),
    content=st.sampled_from(["prepared", "dtbsr", "token", ""]),
    document_kind=st.text(max_size=5),
    acr=st.sampled_from(["", "aal2", "aal3"]),
    act_seconds=st.integers(-1, 1000),
)


roles = st.builds(
    RoleFacts,
    operation=st.sampled_from(["", "sign", "issue", "initial", "copy"]),
    office_active=st.booleans(),
    standing=st.sampled_from(["", "post", "mandate", "member"]),
    mandate=st.sampled_from(["", "valid", "expired", "scope"]),
    earlier=st.frozensets(st.sampled_from(["none", "signed", "failed"])),
    earlier_operations=st.frozensets(st.sampled_from(["sign", "issue"])),
)


@st.composite
def likely(draw: st.DrawFn) -> Question:
    """Questions that agree with their key profile, so that many are allowed."""
    profile = draw(st.sampled_from(sorted(BUNDLE.profiles.values(), key=lambda profile: profile.name)))
    action = draw(st.sampled_from(ActionName))
    holder_kind = holder_kind_of(profile.purpose)
    by = {ActionName.SIGN: holder_kind, ActionName.SIGN_TOKEN: PrincipalKind.SERVICE}
    name = "idp" if profile.is_token else draw(st.sampled_from(["one-stop", "idp"]))
    return Question(
        Principal(by.get(action, PrincipalKind.ADMIN), name),
        action,
        CredentialFacts(
            id="credential",
            purpose=profile.purpose,
            algorithm=profile.algorithm,
            state=draw(st.sampled_from(["active", "active", "created", "suspended"])),
            holder=name,
            profile=profile.name,
            proofs=profile.proofs,
            training=draw(st.booleans()),
            holder_kind=holder_kind,
        ),
        Circumstances(
            NOW,
            approval=draw(st.sampled_from(sorted(profile.proofs) or ["trust_line"])),
            approvers=draw(st.integers(1, 3)),
            count=draw(st.sampled_from([1, 1, 1, 2, 10, 11, 1000, 1001])),
            content=draw(st.sampled_from(sorted(profile.contents))),
            act_seconds=draw(st.sampled_from([0, 300, 900, 901])),
            acr=draw(st.sampled_from(["", "aal2", "aal3"])) if holder_kind is PrincipalKind.PERSON else "",
        ),
    )


questions = likely() | st.builds(
    Question, principals, st.sampled_from(ActionName), credentials | client_keys, circumstances
)


def a_question(**facts: object) -> Question:
    profile = BUNDLE.profiles["service-seal"]
    credential = CredentialFacts(
        id="seal",
        purpose="service",
        algorithm="ES256",
        state="active",
        holder="one-stop",
        profile="service-seal",
        proofs=profile.proofs,
    )
    return Question(
        Principal(PrincipalKind.CLIENT, "one-stop"),
        ActionName.SIGN,
        replace(credential, **facts),
        Circumstances(NOW, approval="client_jws", content="prepared", act_seconds=60),
    )


def with_rule(scope_and_conditions: str, name: str = "tried-here") -> Engine:
    annotations = f'@id("{name}") @basis("test") @reason("thử") @reason_en("test")'
    return Engine(parse_bundle(TEXTS | {"rules/tried.cedar": f"{annotations} {scope_and_conditions}"}))
