"""What proofs are worth, and whether a login is done."""

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.directory.factor import Factor
from idp.directory.person import Person
from idp.login.proofs import Proof, acr_of, amr_of, judge, proofs_behind
from idp.protocol.assurance import ACR_LADDER, acr_rank

PASSWORD, TOTP, RECOVERY = Proof("password"), Proof("totp"), Proof("recovery")
SYNCED, BOUND = Proof("passkey"), Proof("passkey", bound_to_device=True)
CERTIFICATE = Proof("certificate", bound_to_device=True)
UPSTREAM_1, UPSTREAM_2 = Proof("upstream", acr="LoA1"), Proof("upstream", acr="LoA2")
ALL = [PASSWORD, TOTP, RECOVERY, SYNCED, BOUND, CERTIFICATE, UPSTREAM_1, UPSTREAM_2]
proof_sets = st.frozensets(st.sampled_from(ALL))


def person(kind: str = "official", *roles: str) -> Person:
    return Person("p", kind, "active", "x", {}, roles=roles)


def factors(*kinds: str, bound: bool = False, state: str = "active") -> list[Factor]:
    return [Factor(kind, "p", kind, state, "", "", "", 0, bound, 0, 0) for kind in kinds]


@pytest.mark.parametrize(
    ("proofs", "acr", "amr"),
    [
        ([], "", ()),
        ([TOTP], "", ("otp",)),
        ([PASSWORD], "LoA1", ("pwd",)),
        ([UPSTREAM_1], "LoA1", ()),
        ([UPSTREAM_2], "LoA2", ()),
        ([UPSTREAM_1, TOTP], "LoA2", ("mfa", "otp")),
        ([PASSWORD, TOTP], "LoA2", ("mfa", "otp", "pwd")),
        ([PASSWORD, RECOVERY], "LoA2", ("mfa", "otp", "pwd")),
        ([SYNCED], "LoA3", ("mfa", "swk", "user")),
        ([BOUND], "LoA4", ("hwk", "mfa", "user")),
        ([CERTIFICATE], "LoA4", ("mfa", "sc")),
    ],
)
def test_the_ladder(proofs: list[Proof], acr: str, amr: tuple[str, ...]) -> None:
    assert (acr_of(proofs), amr_of(proofs)) == (acr, amr)


@given(proof_sets, st.sampled_from(ALL))
def test_one_more_proof_never_lowers_the_level(proofs: frozenset[Proof], more: Proof) -> None:
    assert acr_rank(acr_of(proofs | {more})) >= acr_rank(acr_of(proofs))


@given(proof_sets)
def test_a_session_never_remembers_more_than_was_proved(proofs: frozenset[Proof]) -> None:
    acr = acr_of(proofs)
    upstream = "npsp" if any(proof.kind == "upstream" for proof in proofs) else ""
    behind = proofs_behind(amr_of(proofs), acr, upstream)
    assert acr_rank(acr_of(behind)) <= acr_rank(acr)


@given(
    proof_sets,
    st.lists(st.sampled_from(ACR_LADDER)),
    st.sampled_from(["citizen", "official", "administrator"]),
)
def test_nobody_is_let_in_below_their_floor(proofs: Collection[Proof], wanted: list[str], who: str) -> None:
    logs_in = person("official", "administrator") if who == "administrator" else person(who)
    verdict = judge(logs_in, factors("password", "totp", "passkey"), proofs, wanted)
    floor = {"citizen": 1, "official": 2, "administrator": 3}[who]
    assert not verdict.done or acr_rank(acr_of(proofs)) >= floor


def test_an_official_with_a_password_is_asked_for_a_second_factor() -> None:
    verdict = judge(person(), factors("password", "totp", "recovery"), [PASSWORD], ())
    assert (verdict.done, verdict.offers, verdict.goal) == (False, ("totp", "recovery"), "LoA2")


def test_an_administrator_needs_what_cannot_be_phished() -> None:
    admin = person("official", "administrator")
    verdict = judge(admin, factors("password", "totp", "passkey"), [PASSWORD, TOTP], ())
    assert (verdict.done, verdict.offers) == (False, ("passkey",))
    # Without one there is nothing to offer: one has to be enrolled, by invitation.
    assert judge(admin, factors("password", "totp"), [PASSWORD, TOTP], ()).offers == ()


@pytest.mark.parametrize("roles", [(), ("administrator",)])
def test_an_upstream_alone_never_logs_an_official_in(roles: tuple[str, ...]) -> None:
    official = person("official", *roles)
    assert not judge(official, factors("password", "totp"), [UPSTREAM_2], ()).done
    assert not judge(official, [], [UPSTREAM_2], ()).done
    assert not judge(official, factors("password", "totp"), [UPSTREAM_2, PASSWORD], ()).done
    assert judge(person("citizen"), [], [UPSTREAM_2], ["LoA2"]).done


def test_an_officials_own_second_factor_completes_an_upstream() -> None:
    verdict = judge(person(), factors("password", "totp"), [UPSTREAM_2], ())
    assert verdict.offers == ("totp",)
    assert judge(person(), factors("password", "totp"), [UPSTREAM_2, TOTP], ()).done


def test_a_citizen_who_has_no_more_factors_comes_back_with_less() -> None:
    """The relying party decides then; the login pages do not hold the person."""
    assert judge(person("citizen"), [], [UPSTREAM_1], ["LoA3"]).done


def test_a_suspended_factor_is_not_offered() -> None:
    verdict = judge(person(), factors("password") + factors("totp", state="suspended"), [PASSWORD], ())
    assert verdict.offers == ()
