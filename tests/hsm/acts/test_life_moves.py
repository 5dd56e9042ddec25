"""No sequence of acts leads a credential where it may not be; what is revoked or destroyed stays so."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from hsm.acts.moves import MOVES, STATES, state_after
from hsm.acts.policy import BundlePolicy
from hsm.acts.renew import must_be_new
from hsm.acts.sign_token import TokenSigning
from hsm.acts.use_key import TokenKeyUse
from hsm.errors import ActMalformed, ActRefused
from hsm.token.token import Token
from policies.model import ActionName
from tests.hsm.acts.conftest import ISSUER
from tests.hsm.acts.life_house import CLIENT, LifeHouse, Unbridled
from tests.servers.softhsm import SoftHsmTokenFactory

# Written down a second time, on purpose: what the table of the product must amount to.
LEGAL = {
    ("created", "activate_credential"): "active",
    ("active", "suspend_credential"): "suspended",
    ("active", "suspend_holder"): "suspended",
    ("suspended", "resume_credential"): "active",
    **{(state, "revoke_credential"): "revoked" for state in ("created", "active", "suspended")},
    **{(s, "destroy_credential"): "destroyed" for s in ("created", "active", "suspended", "revoked")},
    ("active", "renew_credential"): "active",
    ("active", "activate_renewal"): "active",
}
SUBJECT = {"CN": "x"}


@pytest.fixture(scope="module")
def token(softhsm_token: SoftHsmTokenFactory) -> Iterator[Token]:
    opened = Token.open(softhsm_token.fresh())
    opened.make_canary()
    yield opened
    opened.close()


def test_the_table_of_moves_is_what_the_law_and_the_design_say() -> None:
    for action in MOVES.keys() - {ActionName.MOVE_CREDENTIAL, ActionName.HAND_OVER_SEAL}:
        for state in STATES:
            legal = LEGAL.get((state, action))
            if legal is None:
                with pytest.raises(ActMalformed):
                    state_after(action, state)
            else:
                assert state_after(action, state) == legal


@pytest.mark.parametrize("later", [0, -3600], ids=["in the same second", "after the clock went back"])
def test_the_token_key_that_was_made_last_signs(tmp_path: Path, token: Token, later: int) -> None:
    house = LifeHouse(tmp_path, token)
    tokens = TokenSigning(
        directory=house.directory, policy=house.policy, ledger=house.ledger, use_key=TokenKeyUse(token),
        issuer=ISSUER,
    )  # fmt: skip
    for _ in range(6):
        made = house.create("oidc-token", holder="idp", training=True)
        house.perform("activate_credential", {"credential_id": made["credential_id"]})
        assert [jwk["kid"] for jwk, signs in tokens.published_keys() if signs] == [made["kid"]]
        house.now += timedelta(seconds=later)
    house.close()


@pytest.mark.slow
@pytest.mark.parametrize("policy", [BundlePolicy, Unbridled], ids=["by the policy", "with an empty policy"])
def test_no_sequence_of_acts_reaches_an_illegal_state(
    tmp_path: Path, token: Token, policy: type[BundlePolicy]
) -> None:
    house = LifeHouse(tmp_path, token, policy=policy)

    class Life(RuleBasedStateMachine):
        @initialize()
        def create(self) -> None:
            created = house.create()
            self.id, self.request = created["credential_id"], created["csr"]
            self.state, self.renewing, self.renewable = "created", "", False

        @rule(
            action=st.sampled_from(sorted({action for _, action in LEGAL})),
            foreign=st.booleans(),
            new_key=st.booleans(),
        )
        def act(self, action: str, foreign: bool, new_key: bool) -> None:
            request = self.renewing if action == "activate_renewal" else self.request
            request = house.create()["csr"] if foreign else request
            parameters: dict[str, Any] = {
                "credential_id": self.id, "reason": "superseded", "subject": SUBJECT, "new_key": new_key,
                "holder": CLIENT, "holder_kind": "Client",
                "chain": house.certify(request) if request else [],
            }  # fmt: skip
            legal = LEGAL.get((self.state, action))
            if action in ("activate_credential", "activate_renewal") and (foreign or not request):
                legal = None
            try:
                result = house.perform(action, parameters)
            except ActRefused:
                if action != "suspend_holder":
                    assert legal is None, f"{action} from {self.state}"
                return
            if action == "suspend_holder":  # never refused; it suspends what is active
                legal = legal or self.state
            assert legal is not None, f"{action} from {self.state}"
            self.state = legal
            if action == "renew_credential":
                self.renewing = result["csr"]
            if action == "activate_renewal":
                self.renewing = ""

        @invariant()
        def the_store_says_the_same(self) -> None:
            assert house.stored(self.id).state == self.state

        @invariant()
        def it_signs_when_active_and_only_then(self) -> None:
            if self.state == "active":
                house.sign(self.id)
                return
            with pytest.raises(ActRefused):
                house.sign(self.id)

    quick = settings(
        max_examples=12, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck)
    )
    try:
        run_state_machine_as_test(Life, settings=quick)
    finally:
        house.close()


def test_a_key_is_certified_for_two_lifetimes_of_its_profile(tmp_path: Path, token: Token) -> None:
    house = LifeHouse(tmp_path, token)
    try:
        created = house.create()
        credential_id = created["credential_id"]
        chain = house.certify(created["csr"])
        house.perform("activate_credential", {"credential_id": credential_id, "chain": chain})
        profile = house.policy.profile("service-seal")
        lifetime = timedelta(days=profile.lifetime_days)
        stored = house.stored(credential_id)
        assert not must_be_new(profile, stored, house.now + lifetime)
        assert must_be_new(profile, stored, house.now + lifetime + timedelta(days=2))
        house.now += timedelta(days=364)
        asked = house.perform("renew_credential", {"credential_id": credential_id, "subject": SUBJECT})
        assert asked["new_key"] is False
    finally:
        house.close()


def test_an_old_key_has_left_the_token(tmp_path: Path, token: Token) -> None:
    house = LifeHouse(tmp_path, token)
    try:
        created = house.create()
        credential_id = created["credential_id"]
        parameters: dict[str, Any] = {"credential_id": credential_id}
        chain = house.certify(created["csr"])
        house.perform("activate_credential", {**parameters, "chain": chain})
        for _ in range(2):  # the first one is given up
            asked = house.perform("renew_credential", {**parameters, "subject": SUBJECT, "new_key": True})
        house.perform("activate_renewal", {**parameters, "chain": house.certify(asked["csr"])})
        mine = [label for label in token.labels() if label.startswith(credential_id)]
        assert mine == [house.stored(credential_id).key_label]
        house.perform("renew_credential", {**parameters, "subject": SUBJECT, "new_key": True})
        house.perform("destroy_credential", parameters)
        assert not [label for label in token.labels() if label.startswith(credential_id)]
    finally:
        house.close()
