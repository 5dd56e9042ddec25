"""The first login of an official: an initial password becomes a password of their own and a second factor.

An initial password is handed over by an administrator and is worth this one act: as long as it is there
the person has no other factor, and afterwards it is gone. So nobody who learns a password later can
enrol a factor with it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from idp.directory.factor import (
    ACTIVE,
    PASSWORD,
    PHISHING_RESISTANT,
    RECOVERY,
    RETIRED,
    TOTP,
    Factor,
)
from idp.directory.person import Person
from idp.errors import LoginRefused
from idp.login.hashing import Hashing
from idp.login.one_time_password import find_step
from idp.login.passkeys import Passkeys
from idp.login.password_rules import check_new_password
from idp.login.proofs import Proof
from idp.store.factors import INITIAL, Factors
from idp.store.passkey_invitations import Invitation


def may_enrol_at_login(factors: Iterable[Factor], proofs: Iterable[Proof]) -> bool:
    """Only with the initial password, and only as long as there is nothing else, suspended or not."""
    kept = [factor for factor in factors if factor.state != RETIRED and factor.kind != RECOVERY]
    initial = len(kept) == 1 and kept[0].kind == PASSWORD and kept[0].label == INITIAL
    return initial and kept[0].state == ACTIVE and Proof(PASSWORD) in tuple(proofs)


def may_enrol_by_invitation(invitation: Invitation | None, person: Person, proofs: Iterable[Proof]) -> bool:
    """With password and one-time password of their own; an administrator vouches for the rest.

    The way for whoever became an administrator without a passkey, or lost the only one. A recovery code
    is not enough: it lies beside the password often enough. Nor is the invitation alone.
    """
    kinds = {proof.kind for proof in proofs}
    invited = invitation is not None and invitation.person_id == person.person_id
    return invited and {PASSWORD, TOTP} <= kinds and not kinds & PHISHING_RESISTANT


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Raises LoginRefused (what was typed or signed is wrong), DirectoryRefused (the new password)."""

    factors: Factors
    hashing: Hashing
    passkeys: Passkeys

    def with_totp(self, person: Person, password: str, secret: str, typed: str, now: int) -> Proof:
        """``secret``: the one the page showed; ``typed``: what the app says, to prove that it was scanned."""
        # 1. Everything is checked before anything is written.
        accepted = check_new_password(password, known=(person.name, person.username))
        step = find_step(secret, typed, now) if secret else None
        if step is None:
            raise LoginRefused(detail="otp")
        hashed = self.hashing.hash(accepted)
        # 2. The factor first: with it the initial password can enrol nothing more.
        self.factors.add(person.person_id, TOTP, secret=secret, counter=step, now=now)
        # 3. Then the password, which ends the initial one.
        self.factors.replace_password(person.person_id, hashed, now)
        return Proof(TOTP)

    def with_passkey(self, person: Person, password: str, purpose: str, unverified: bytes, now: int) -> Proof:
        """As ``with_totp``; ``purpose`` and ``unverified`` as in ``Passkeys.enrol``."""
        accepted = check_new_password(password, known=(person.name, person.username))
        hashed = self.hashing.hash(accepted)
        added = self.passkeys.enrol(person, purpose, unverified, "", now)
        self.factors.replace_password(person.person_id, hashed, now)
        return Proof(added.kind, bound_to_device=added.bound_to_device)
