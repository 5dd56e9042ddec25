"""A factor: one thing a person proves to be who they are."""

from dataclasses import dataclass

PASSWORD, TOTP, PASSKEY, RECOVERY, CERTIFICATE = "password", "totp", "passkey", "recovery", "certificate"
ACTIVE, SUSPENDED, RETIRED = "active", "suspended", "retired"
# Nobody who was lured to another page can be made to hand these over.
PHISHING_RESISTANT = frozenset({PASSKEY, CERTIFICATE})


@dataclass(frozen=True, slots=True)
class Factor:
    """``handle``: finds the factor without its person (a passkey's credential id, a certificate's SHA-256).

    ``secret``: by kind, an argon2id hash, a TOTP secret, a COSE key in base64url, or a recovery code's
    SHA-256. ``counter``: the last TOTP step, or the authenticator's counter. ``bound_to_device``: the key
    cannot leave its device (WebAuthn's BE flag is off, or a USB token). Times are Unix seconds, 0: never.
    """

    factor_id: str
    person_id: str
    kind: str
    state: str
    label: str
    handle: str
    secret: str
    counter: int
    bound_to_device: bool
    created_at: int
    last_used_at: int
    usable_from: int = 0

    def is_usable(self, now: int) -> bool:
        """Whether it proves anything yet: one that lifts its person waits after it was added."""
        return self.state == ACTIVE and now >= self.usable_from

    def __repr__(self) -> str:
        return f"Factor({self.kind}, {self.factor_id}, {self.state})"
