"""Log in through an upstream: send the person there, and believe what comes back as far as it goes."""

import base64
import hashlib
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from idp.directory.person import ACTIVE, CITIZEN, Mandate, Person
from idp.errors import DirectoryRefused, LoginRefused, UpstreamFailed
from idp.login.upstream_client import UpstreamClient
from idp.login.upstream_identity import UpstreamIdentity, read_identity
from idp.login.upstream_profile import UpstreamProfile
from idp.login.upstream_token import check_proved_since, verify_upstream_token
from idp.store.people import People
from idp.store.upstream_accounts import UpstreamAccounts
from idp.store.upstream_transactions import Transaction, UpstreamTransactions

MANDATE_SECONDS = 12 * 3600
# Nghị định 69/2024/NĐ-CP: mức độ 02.
IDENTIFIED = "02"


@dataclass(frozen=True, slots=True)
class Begun:
    """``location``: where the browser goes. ``state``, ``cookie_value``: what ties the answer to it."""

    location: str
    state: str
    cookie_value: str


@dataclass(frozen=True, slots=True)
class UpstreamLogin:
    """``callback``: the redirect_uri by upstream's name, as registered there."""

    profiles: Mapping[str, UpstreamProfile]
    client: UpstreamClient
    transactions: UpstreamTransactions
    accounts: UpstreamAccounts
    people: People
    callback: str

    def begin(self, name: str, journey_id: str, *, kiosk: bool, anew_since: int = 0) -> Begun:
        """``anew_since``: now, when whoever sits there must prove anew who they are; else 0.

        Raises UpstreamFailed("unavailable") at once, instead of sending the person to a dead page."""
        profile = self.profiles[name]
        if self.transactions.is_down(name):
            raise UpstreamFailed("unavailable", detail="known to be down")
        if not self.transactions.is_up(name):
            if not self.client.is_alive(profile):
                self.transactions.note_down(name)
                raise UpstreamFailed("unavailable", detail="no answer")
            self.transactions.note_up(name)
        state, nonce, verifier, cookie_value = (secrets.token_urlsafe(32) for _ in range(4))
        begun = Transaction(name, journey_id, nonce, verifier, kiosk, anew_since)
        self.transactions.keep(state, cookie_value, begun)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        asked = {
            "response_type": "code",
            "client_id": profile.client_id,
            "redirect_uri": self.redirect_uri(name),
            "scope": profile.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        if profile.acr_values:
            asked["acr_values"] = profile.acr_values
        if anew_since:
            # Without these the session there answers by itself, whoever has come to this keyboard since.
            asked |= {"prompt": "login", "max_age": "0"}
        return Begun(f"{profile.authorization_endpoint}?{urlencode(asked)}", state, cookie_value)

    def complete(
        self, transaction: Transaction, answer: Mapping[str, str], now: int
    ) -> tuple[Person, UpstreamIdentity]:
        """``answer``: the parameters of the callback. Raises UpstreamFailed, LoginRefused."""
        profile = self.profiles[transaction.upstream]
        # 1. RFC 9207: an answer that names another issuer is another's (mix-up).
        if answer.get("iss", profile.issuer) != profile.issuer:
            raise UpstreamFailed("invalid", detail="iss of the answer")
        if "error" in answer or not answer.get("code"):
            raise UpstreamFailed("refused", detail="error" if "error" in answer else "no code")
        try:
            # 2. The code, once, with our verifier.
            tokens = self.client.redeem(
                profile,
                code=answer["code"],
                redirect_uri=self.redirect_uri(profile.name),
                verifier=transaction.verifier,
            )
            # 3. Who the ID token says is there.
            claims = self._id_token(profile, tokens, transaction.nonce, now)
            # 4. That the person was asked anew, where it was wanted.
            check_proved_since(transaction.anew_since, claims.get("auth_time"), profile)
            # 5. What userinfo says of the same person (Core §5.3.2).
            userinfo = self.client.userinfo(profile, tokens["access_token"])
        except UpstreamFailed as error:
            if error.reason == "unavailable":
                self.transactions.note_down(profile.name)
            raise
        if claims and userinfo.get("sub", claims["sub"]) != claims["sub"]:
            raise UpstreamFailed("invalid", detail="sub of userinfo")
        # 6. Their words become ours, conservatively.
        acr = claims.get("acr", "") if claims else ""
        identity = read_identity(profile, {**claims, **userinfo}, acr if isinstance(acr, str) else "")
        # 7. One person, by the verified number.
        return self._admit(profile.name, identity, now), identity

    def end_session_uri(self, name: str, *, return_to: str) -> str:
        """Where the person logs out of this upstream; "" when it offers nothing (RP-Initiated Logout 1.0 §2).

        We kept no ID token of theirs to hint with: client_id says who asks, and they may ask the person.
        """
        profile = self.profiles.get(name)
        if profile is None or not profile.end_session_endpoint:
            return ""
        asked = {"client_id": profile.client_id, "post_logout_redirect_uri": return_to}
        joint = "&" if "?" in profile.end_session_endpoint else "?"
        return f"{profile.end_session_endpoint}{joint}{urlencode(asked)}"

    def redirect_uri(self, name: str) -> str:
        return f"{self.callback}/{name}"

    def _id_token(
        self, profile: UpstreamProfile, tokens: Mapping[str, object], nonce: str, now: int
    ) -> dict[str, object]:
        unverified = tokens.get("id_token")
        if not isinstance(unverified, str) or not profile.jwks_uri:
            if profile.id_token == "required":  # noqa: S105 -- a rule
                raise UpstreamFailed("invalid", detail="no ID token")
            return {}

        def verify(*, fresh: bool) -> dict[str, object]:
            return verify_upstream_token(
                unverified,
                profile=profile,
                keys=self.client.keys(profile, fresh=fresh),
                nonce=nonce,
                access_token=str(tokens["access_token"]),
                now=now,
            )

        try:
            return verify(fresh=False)
        except UpstreamFailed as error:
            if "signature" not in error.detail:
                raise
        # The key may be new: looked for once more, and only for that reason.
        return verify(fresh=True)

    def _admit(self, upstream: str, identity: UpstreamIdentity, now: int) -> Person:
        linked = self.accounts.find_person_id(upstream, identity.subject)
        person = self.people.find_by_personal_number(identity.personal_number)
        if linked and (person is None or person.person_id != linked):
            raise UpstreamFailed("conflict", detail="subject linked to another")
        known = str(person.claims.get("birthdate", "")) if person else ""
        if person and identity.birthdate and known and known != identity.birthdate:
            raise UpstreamFailed("conflict", detail="birthdate")
        if person and person.state != ACTIVE:
            raise LoginRefused(detail="person not active")
        if person is None:
            person = self._create(identity, now)
        # An account that was opened without being seen in person opens no official's entry, linked or not.
        if person.kind != CITIZEN and identity.identity_level != IDENTIFIED:
            raise UpstreamFailed("level", detail="identity level")
        self.accounts.link(upstream, identity.subject, person.person_id, now)
        return self._refreshed(upstream, person, identity, now)

    def _create(self, identity: UpstreamIdentity, now: int) -> Person:
        said = {"name": identity.name, "birthdate": identity.birthdate, "gender": identity.gender}
        fresh = Person(
            person_id=str(uuid.uuid4()),
            kind=CITIZEN,
            state=ACTIVE,
            username="",
            claims={claim: value for claim, value in said.items() if value},
            identity_level=identity.identity_level,
            personal_number=identity.personal_number,
        )
        try:
            return self.people.save(fresh, now)
        except DirectoryRefused:
            # Two first logins at once: the other one was first.
            other = self.people.find_by_personal_number(identity.personal_number)
            if other is None:
                raise
            return other

    def _refreshed(self, upstream: str, person: Person, identity: UpstreamIdentity, now: int) -> Person:
        """A citizen is what the upstream says today; an official's entry is the directory's."""
        changed = person
        if person.kind == CITIZEN:
            name = {"name": identity.name} if identity.name else {}
            changed = replace(
                changed, claims={**person.claims, **name}, identity_level=identity.identity_level
            )
        if identity.enterprise:
            code, name_of = identity.enterprise
            mandate_id = str(uuid.uuid5(uuid.UUID(person.person_id), f"{upstream}:{code}"))
            mandate = Mandate(mandate_id, "enterprise", code, name_of, ("all",), now, now + MANDATE_SECONDS)
            others = tuple(each for each in person.mandates if each.mandate_id != mandate_id)
            changed = replace(changed, mandates=(*others, mandate))
        return changed if changed == person else self.people.save(changed, now)
