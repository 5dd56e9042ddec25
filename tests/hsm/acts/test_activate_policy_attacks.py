"""Approvals of a policy that are old, foreign, forged or late; and policies that may not come into force."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from antin.software_passkey import SoftwarePasskey

from hsm.acts.approval import Approval
from hsm.errors import ActMalformed, ApprovalRefused, GrantRefused
from policies.model import ActionName
from tests.hsm.acts.governed_house import FILES, STRICTER, GovernedHouse
from tests.hsm.acts.people import ORIGIN, RP_ID


class TestApprovals:
    def test_a_passkey_with_user_verification_off_approves_nothing(self, ruled: GovernedHouse) -> None:
        ruled.admin_passkeys["quan-tri-2"].user_verified = False
        act = ruled.act_on(ruled.lay_down(STRICTER))
        with pytest.raises(ApprovalRefused):
            ruled.do(act, ruled.by_key(act), ruled.by_passkey(act))

    @pytest.mark.parametrize("off", ["software", "software_administers"])
    def test_a_software_passkey_approves_only_in_development(self, ruled: GovernedHouse, off: str) -> None:
        """Training alone is not enough: a policy is none."""
        assert ruled.webauthn.software_administers
        ruled.webauthn = replace(ruled.webauthn, **{off: False})
        ruled.restart()
        act = ruled.act_on(ruled.lay_down(STRICTER))
        with pytest.raises(ApprovalRefused):
            ruled.do(act, ruled.by_key(act), ruled.by_passkey(act))

    def test_an_administrator_whose_person_left_approves_nothing(self, ruled: GovernedHouse) -> None:
        ruled.perform(ActionName.RETIRE_PERSON, {"person_id": "nguoi-2"})
        ruled.restart()
        act = ruled.act_on(ruled.lay_down(STRICTER))
        with pytest.raises(ApprovalRefused):
            ruled.do(act, ruled.by_key(act), ruled.by_passkey(act))

    def test_an_approval_of_another_digest_is_refused(self, steady: GovernedHouse) -> None:
        act = steady.act_on(steady.lay_down(STRICTER))
        other = steady.act_on(steady.lay_down(STRICTER), note="khác")
        with pytest.raises(ApprovalRefused):
            steady.do(act, steady.by_key(act), steady.by_passkey(other))
        with pytest.raises(ApprovalRefused):
            steady.do(act, steady.by_key(other), steady.by_passkey(act))

    def test_an_attackers_authenticator_under_the_same_id_approves_nothing(
        self, steady: GovernedHouse
    ) -> None:
        false = SoftwarePasskey.new(RP_ID, ORIGIN)
        false.credential_id = steady.admin_passkeys["quan-tri-2"].credential_id
        act = steady.act_on(steady.lay_down(STRICTER))
        with pytest.raises(ApprovalRefused):
            steady.do(act, steady.by_key(act), Approval(**false.approve(act)))

    def test_an_activation_replayed_does_nothing(self, ruled: GovernedHouse) -> None:
        act = ruled.act_on(ruled.lay_down(STRICTER))
        approvals = (ruled.by_key(act), ruled.by_passkey(act))
        ruled.do(act, *approvals)
        with pytest.raises(ActMalformed, match="does not follow"):
            ruled.do(act, *approvals)
        ruled.activate(FILES)
        with pytest.raises(ActMalformed, match="does not follow"):
            ruled.do(act, *approvals)
        assert ruled.active.version == 3

    def test_an_act_approved_before_another_change_does_nothing_after_it(self, ruled: GovernedHouse) -> None:
        late = ruled.act_on(ruled.lay_down(STRICTER | {"quotas.toml": FILES["quotas.toml"] + "# b\n"}))
        ruled.activate(STRICTER)
        with pytest.raises(ActMalformed, match="does not follow"):
            ruled.do(late, ruled.by_key(late), ruled.by_passkey(late))

    def test_of_two_at_the_same_time_one_comes_into_force(self, ruled: GovernedHouse) -> None:
        acts = [
            ruled.act_on(ruled.lay_down(STRICTER)),
            ruled.act_on(ruled.lay_down(STRICTER | {"quotas.toml": FILES["quotas.toml"] + "# b\n"})),
        ]
        approved = [(act, ruled.by_key(act), ruled.by_passkey(act)) for act in acts]
        outcomes: list[object] = []

        def perform(of: tuple[Any, ...]) -> None:
            try:
                outcomes.append(ruled.do(*of))
            except (ActMalformed, ApprovalRefused, GrantRefused) as error:
                outcomes.append(error)

        threads = [threading.Thread(target=perform, args=(one,)) for one in approved]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len([one for one in outcomes if isinstance(one, dict)]) == 1, outcomes
        assert [one.version for one in ruled.versions()] == [2, 1]

    @pytest.mark.parametrize(
        "changes",
        [
            {"version": 3}, {"version": 1}, {"version": "2"}, {"version": True}, {"previous": "0" * 64},
            {"bundle": "x"}, {"bundle": "0" * 64}, {"note": ""}, {"more": 1},
        ],
        ids=str,
    )  # fmt: skip
    def test_an_act_that_says_anything_else_is_refused(
        self, steady: GovernedHouse, changes: dict[str, Any]
    ) -> None:
        act = steady.act_on(steady.lay_down(STRICTER), **changes)
        with pytest.raises(ActMalformed):
            steady.do(act, steady.by_key(act), steady.by_passkey(act))

    @pytest.mark.parametrize(
        ("rule", "complaint"),
        [
            ('forbid (principal, action == Action::"activate_policy", resource);', "locks itself"),
            ('forbid (principal, action == Action::"activate_policy", resource) when'
             " { context.now > 2000000000 };", "locks itself"),
        ],
    )  # fmt: skip
    def test_a_policy_that_could_not_be_replaced_does_not_come_into_force(
        self, steady: GovernedHouse, rule: str, complaint: str
    ) -> None:
        text = f'@id("tried") @basis("b") @reason("l") @reason_en("r") {rule}'
        act = steady.act_on(steady.lay_down(FILES | {"rules/tried.cedar": text}))
        with pytest.raises(ActMalformed, match=complaint):
            steady.do(act, steady.by_key(act), steady.by_passkey(act))

    @pytest.mark.parametrize("rule", ["never-one-person", "never-policy-without-passkey"])
    def test_a_policy_that_one_could_replace_alone_does_not_come_into_force(
        self, steady: GovernedHouse, rule: str
    ) -> None:
        lax = dict(FILES)
        lax["rules/never.cedar"] = lax["rules/never.cedar"].replace(
            'Action::"activate_policy"\n  ]' if rule == "never-one-person" else 'contains("administrator")',
            'Action::"retire_person"\n  ]' if rule == "never-one-person" else 'contains("x") || true',
        )
        act = steady.act_on(steady.lay_down(lax))
        with pytest.raises(ActMalformed, match="one administrator, or without a passkey"):
            steady.do(act, steady.by_key(act), steady.by_passkey(act))
