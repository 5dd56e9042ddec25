"""One PKCS#11 token: what the key process asks of it."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pkcs11 import ObjectClass
from pkcs11.exceptions import NoSuchKey, PKCS11Error

from hsm.algorithms import PSS_SALT, KeyKind, SignatureAlgorithm
from hsm.errors import MechanismRefused, TokenError
from hsm.token import keys, sealing, signing, templates
from hsm.token.canary import CANARY, canary_signs
from hsm.token.cryptoki import Cryptoki, Mechanism
from hsm.token.generation import Generation
from hsm.token.keys import WrappedKey
from hsm.token.module import Module
from hsm.token.pin import Pin
from hsm.token.recovery import Recovery
from hsm.token.sessions import Waits
from hsm.token.vendors import Vendor, get_vendor


@dataclass(frozen=True)
class TokenSettings:
    """Where the token is and how it is used. ``vendor`` names a table of ``vendors.toml``.

    ``pin_file`` holds the user PIN in UTF-8. ``max_sessions`` counts the one that stays logged in.
    Times are seconds: ``acquire_timeout`` is the longest wait for a free session or for other threads
    during a re-initialisation, ``retry_after`` how long a token that failed is left alone.
    ``nss_config_dir`` is the directory of NSS's databases (vendor ``softokn`` only).
    """

    module: Path
    vendor: str
    token_label: str
    pin_file: Path
    max_sessions: int = 8
    acquire_timeout: float = 5.0
    retry_after: float = 1.0
    nss_config_dir: Path | None = None


@dataclass(frozen=True)
class TokenKeyRef:
    """A private key object in the token."""

    label: str


@dataclass(frozen=True)
class WrappedKeyRef:
    """A private key outside the token, wrapped (RFC 5649) under the KEK of this label."""

    kek_label: str
    blob: bytes


KeyRef = TokenKeyRef | WrappedKeyRef


@dataclass(frozen=True)
class TokenStats:
    """For metrics: worker sessions, waits for them since the start, and re-initialisations."""

    capacity: int
    in_use: int
    waits: int
    wait_seconds: float
    reinitialisations: int


class Token:
    """Thread-safe. Open it after the fork; a forked child gets TokenError from every method.

    Every method raises TokenUnavailable (away or sick: ask again later), PinRejected, and TokenError
    when used wrongly; further errors are named with each.
    """

    @classmethod
    def open(cls, settings: TokenSettings) -> Self:
        """Load the module, find the token, log in once. Raises MechanismRefused for an unknown vendor."""
        vendor = get_vendor(settings.vendor)
        reserved = vendor.initialize.format(
            config_dir=settings.nss_config_dir or "", token_label=settings.token_label
        )
        token = cls(settings, vendor, Module.loaded(settings.module, reserved=reserved))
        try:
            token._recovery.start()
        except BaseException:
            token.close()
            raise
        return token

    def __init__(self, settings: TokenSettings, vendor: Vendor, module: Module) -> None:
        self._vendor = vendor
        self._module = module
        self._wrap = Mechanism(vendor.wrap_mechanism)
        self._unwrapped = {
            key_type: templates.unwrapped_private_key(vendor, key_type)
            for key_type in map(signing.key_type_of, SignatureAlgorithm)
        }
        self._making = threading.Lock()
        self._waits = Waits()
        self._closed = False
        self._capacity = settings.max_sessions - 1  # one stays logged in and does nothing else
        pin = Pin(settings.pin_file)

        def begin(epoch: int) -> Generation:
            return Generation(
                module, vendor, pin, epoch=epoch, token_label=settings.token_label,
                capacity=self._capacity, acquire_timeout=settings.acquire_timeout, waits=self._waits,
            )  # fmt: skip

        self._recovery = Recovery(
            module, begin, patience=settings.acquire_timeout, retry_after=settings.retry_after
        )

    def sign(
        self, ref: KeyRef, algorithm: SignatureAlgorithm, data: bytes, salt_length: int = PSS_SALT
    ) -> bytes:
        """One of ``sign_all``."""
        return self.sign_all(ref, algorithm, [data], salt_length)[0]

    def sign_all(
        self, ref: KeyRef, algorithm: SignatureAlgorithm, datas: Sequence[bytes], salt_length: int = PSS_SALT
    ) -> list[bytes]:
        """A signature over each: a SHA-256 digest for ES256, PS256 and RS256, the message for EdDSA.

        ES256 comes as DER ``SEQUENCE {r, s}``, the others raw. A wrapped key is unwrapped as a session
        object that cannot be extracted, used for this call and destroyed. Raises KeyNotFound;
        MechanismRefused if the token cannot sign so, the key is of another type, or the blob was not
        wrapped by this KEK.
        """
        self._vendor.check_algorithm(algorithm)
        for data in datas:
            signing.check_input(algorithm, data)

        def act(generation: Generation) -> list[bytes]:
            with generation.pool.checkout() as session, self._key(generation, session, ref, algorithm) as key:
                return [
                    signing.sign(generation.cryptoki, session.handle, key, algorithm, data, salt_length)
                    for data in datas
                ]

        return self._recovery.run(act, label=ref.kek_label if isinstance(ref, WrappedKeyRef) else ref.label)

    @contextmanager
    def _key(
        self, generation: Generation, session: Any, ref: KeyRef, algorithm: SignatureAlgorithm
    ) -> Iterator[int]:
        key_type = signing.key_type_of(algorithm)
        if isinstance(ref, TokenKeyRef):
            yield generation.private_key(session, ref.label, key_type)
            return
        template = self._unwrapped[key_type]
        with generation.unwrapped(session, ref.kek_label, ref.blob, self._wrap, template) as key:
            yield key

    def generate_token_key(self, label: str, kind: KeyKind) -> bytes:
        """Make a key pair in the token and return its public key (SPKI, DER).

        The private key signs and does nothing else, and never leaves. Raises MechanismRefused if the
        label is taken or the token cannot make such a key.
        """
        private = templates.token_private_key(self._vendor)

        def act(generation: Generation) -> bytes:
            with generation.pool.checkout() as session:
                _check_label_is_free(generation.cryptoki, session.handle, label)
                pair = keys.make_pair(session, self._vendor, kind, private, label=label)
                try:
                    return keys.spki_of(generation.cryptoki, session.handle, pair[0])
                except BaseException:
                    with suppress(PKCS11Error):  # the first error matters more
                        keys.destroy(generation.cryptoki, session.handle, *pair)
                    raise

        with self._making:
            return self._recovery.run(act, label=label)

    def generate_kek(self, label: str) -> None:
        """Make an AES-256 key that wraps and unwraps, does nothing else, and never leaves.

        Raises MechanismRefused if the label is taken or the token cannot make such a key.
        """

        def act(generation: Generation) -> None:
            with generation.pool.checkout() as session:
                _check_label_is_free(generation.cryptoki, session.handle, label)
                keys.make_kek(session, self._vendor, label)

        with self._making:
            self._recovery.run(act, label=label)

    def generate_sealing_key(self, label: str) -> None:
        """Make an AES-256 key for ``seal`` that never leaves. Raises MechanismRefused."""

        def act(generation: Generation) -> None:
            with generation.pool.checkout() as session:
                _check_label_is_free(generation.cryptoki, session.handle, label)
                keys.make_sealing_key(session, self._vendor, label)

        with self._making:
            self._recovery.run(act, label=label)

    def seal(self, label: str, data: bytes, context: bytes) -> bytes:
        """Encrypt a short secret so that it opens in this context only. Raises KeyNotFound."""

        def act(generation: Generation) -> bytes:
            with generation.pool.checkout() as session:
                key = generation.kek(session, label)
                return sealing.seal(generation.cryptoki, session.handle, key, data, context)

        return self._recovery.run(act, label=label)

    def unseal(self, label: str, sealed: bytes, context: bytes) -> bytes:
        """What ``seal`` took. Raises KeyNotFound; MechanismRefused if it is changed or of another context."""
        sealing.check_sealed(sealed)

        def act(generation: Generation) -> bytes:
            with generation.pool.checkout() as session:
                key = generation.kek(session, label)
                return sealing.unseal(generation.cryptoki, session.handle, key, sealed, context)

        return self._recovery.run(act, label=label)

    def generate_wrapped_key(self, kek_label: str, kind: KeyKind) -> WrappedKey:
        """Make a key pair in a session, wrap the private key (RFC 5649), destroy both halves.

        Raises KeyNotFound if there is no such KEK, MechanismRefused if the token cannot make such a key.
        """
        private = templates.wrappable_private_key(self._vendor)

        def act(generation: Generation) -> WrappedKey:
            with generation.pool.checkout() as session:
                kek = generation.kek(session, kek_label)
                pair = keys.make_pair(session, self._vendor, kind, private, label=None)
                try:
                    blob = generation.cryptoki.wrap_key(session.handle, kek, pair[1], self._wrap)
                    return WrappedKey(blob, keys.spki_of(generation.cryptoki, session.handle, pair[0]))
                finally:
                    keys.destroy(generation.cryptoki, session.handle, *pair)

        return self._recovery.run(act, label=kek_label)

    def find_public_key(self, label: str) -> bytes | None:
        """The public key of a token key (SPKI, DER); None if a healthy token has none of this label."""

        def act(generation: Generation) -> bytes | None:
            with generation.pool.checkout() as session:
                try:
                    public = keys.find(generation.cryptoki, session.handle, label, ObjectClass.PUBLIC_KEY)
                except NoSuchKey:
                    return None
                return keys.spki_of(generation.cryptoki, session.handle, public)

        found = self._recovery.run(act)
        if found is None:
            self._check_healthy()
            return self._recovery.run(act)  # asked before the token was known to be well
        return found

    def destroy_token_key(self, label: str) -> None:
        """Destroy both halves of a token key for ever. Raises KeyNotFound."""

        def act(generation: Generation) -> None:
            cryptoki = generation.cryptoki
            with generation.pool.checkout() as session:
                halves = [keys.find(cryptoki, session.handle, label, ObjectClass.PRIVATE_KEY)]
                if keys.exists(cryptoki, session.handle, label, ObjectClass.PUBLIC_KEY):
                    halves.append(keys.find(cryptoki, session.handle, label, ObjectClass.PUBLIC_KEY))
                keys.destroy(cryptoki, session.handle, *halves)
            generation.forget(label)

        with self._making:
            self._recovery.run(act, label=label)

    def destroy_kek(self, label: str) -> None:
        """Destroy a KEK, and with it every key that only it unwraps. Raises KeyNotFound."""

        def act(generation: Generation) -> None:
            with generation.pool.checkout() as session:
                key = keys.find(generation.cryptoki, session.handle, label, ObjectClass.SECRET_KEY)
                keys.destroy(generation.cryptoki, session.handle, key)
            generation.forget(label)

        with self._making:
            self._recovery.run(act, label=label)

    def labels(self) -> tuple[str, ...]:
        """The labels of all private keys and KEKs in the token, sorted, the canary among them."""

        def act(generation: Generation) -> tuple[str, ...]:
            with generation.pool.checkout() as session:
                return keys.labels(generation.cryptoki, session.handle)

        self._check_healthy()
        return self._recovery.run(act)

    def make_canary(self) -> None:
        """Make the key whose signature proves that the token is well; nothing if it is there already."""

        def act(generation: Generation) -> bool:
            with generation.pool.checkout() as session:
                return keys.exists(generation.cryptoki, session.handle, CANARY, ObjectClass.PRIVATE_KEY)

        if not self._recovery.run(act):
            self.generate_token_key(CANARY, KeyKind.P256)

    def healthy(self) -> bool:
        """Whether the canary signs now. Tries to bring a lost token back; raises nothing."""
        try:
            self._check_healthy()
        except TokenError:
            return False
        return True

    def stats(self) -> TokenStats:
        """Numbers for metrics; asks nothing of the token."""
        return TokenStats(
            capacity=self._capacity,
            in_use=self._recovery.sessions_in_use(),
            waits=self._waits.count,
            wait_seconds=self._waits.seconds,
            reinitialisations=self._recovery.renewals,
        )

    def close(self) -> None:
        """Close the sessions; the last token of a module finalises it. Calling it twice is harmless."""
        if not self._closed:
            self._closed = True
            self._recovery.close()
            self._module.release()

    def _check_healthy(self) -> None:
        def act(generation: Generation) -> None:
            if not canary_signs(generation):
                raise NoSuchKey(CANARY)

        self._recovery.run(act)


def _check_label_is_free(cryptoki: Cryptoki, session: int, label: str) -> None:
    for object_class in (ObjectClass.PRIVATE_KEY, ObjectClass.SECRET_KEY):
        if keys.exists(cryptoki, session, label, object_class):
            raise MechanismRefused(f"The token has a key called {label!r} already: choose another label.")
