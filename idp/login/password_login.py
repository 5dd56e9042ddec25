"""Username and password: the first factor that attackers try. One answer and one time for every "no"."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass

from idp.directory.factor import ACTIVE, PASSWORD, Factor
from idp.directory.person import ACTIVE as PERSON_ACTIVE
from idp.directory.person import Person
from idp.directory.username import fold_username
from idp.errors import LoginBusy, LoginRefused
from idp.login.hashing import Hashing
from idp.login.password_rules import MAX_LENGTH, normal_password
from idp.store.factors import Factors
from idp.store.login_budgets import LoginBudgets
from idp.store.people import People


def account_key(username: str) -> str:
    """Names an account in budgets and device cookies, whether it exists or not.

    Of as much of what was typed as ``PasswordLogin`` looks for: or each text behind a thousand blanks would
    be an account of its own, with guesses of its own.
    """
    folded = fold_username(username[:MAX_LENGTH])
    return hashlib.sha256(f"account\0{folded}".encode(errors="surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class PasswordLogin:
    people: People
    factors: Factors
    hashing: Hashing
    budgets: LoginBudgets

    def verify(self, username: str, typed: str, *, address: str, device: str, now: int) -> Person:
        """The person whose password this is. ``device``: names a device that this account knows, or "".

        Raises LoginRefused, TooManyRequests, LoginBusy, StoreUnavailable, ReplayStoreUnavailable.
        """
        # 1. Count the guess before it is made: a thousand at once are still five.
        taken = self.budgets.take(account_key(username), address, device=device, now=now)
        # 2. Look for both, and hash whatever was found: the time tells nothing.
        person = self.people.find_by_username(username[:MAX_LENGTH])
        password = self._password_of(person.person_id) if person else None
        secret = password.secret if password else ""
        try:
            right = len(typed) <= MAX_LENGTH and self.hashing.verify(secret, normal_password(typed))
        except LoginBusy:
            self.budgets.give_back(taken)  # nothing was looked at, so nothing was guessed
            raise
        # 3. Only a whole yes is a yes.
        if not right or person is None or password is None or person.state != PERSON_ACTIVE:
            raise LoginRefused(
                detail="password" if person and password else "unknown account",
                person_id=person.person_id if person else "",
            )
        self.budgets.give_back(taken)
        if self.hashing.is_outdated(password.secret):
            with suppress(LoginBusy):  # then at the next login
                self.factors.rehash_password(password.factor_id, self.hashing.hash(normal_password(typed)))
        self.factors.touch(password.factor_id, now)
        return person

    def verify_again(self, person_id: str, typed: str, *, now: int) -> None:
        """Before something delicate in "my account". Raises as ``verify``."""
        taken = self.budgets.take_second(person_id, device="again", now=now)
        password = self._password_of(person_id)
        secret = password.secret if password else ""
        try:
            right = self.hashing.verify(secret, normal_password(typed[:MAX_LENGTH]))
        except LoginBusy:
            self.budgets.give_back(taken)
            raise
        if not right:
            raise LoginRefused(detail="password")
        self.budgets.give_back(taken)

    def _password_of(self, person_id: str) -> Factor | None:
        for factor in self.factors.of_person(person_id):
            if factor.kind == PASSWORD and factor.state == ACTIVE:
                return factor
        return None
