"""The keys that tokens are signed with. They are in the key process; here are their public halves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol

from hsm.client import ActRefused, HsmError, TokenError, TokenKey, TokenUnavailable
from idp.errors import KeysUnavailable
from idp.protocol.compact_jws import VerifyingKey, import_public_key
from idp.protocol.signing_input import assemble, encode_header, signing_input

# What of a JWK is published: the public members by name, so that a private one could never slip out.
_PUBLIC_MEMBERS = ("kty", "crv", "x", "y", "n", "e", "kid", "alg", "use")
_RETRY_SECONDS = 1.0
_UNKNOWN_KID_SECONDS = 5.0


class TokenSigner(Protocol):
    """The part of ``hsm.client.KeyProcess`` that is used here."""

    def token_keys(self) -> list[TokenKey]: ...
    def sign_token(self, kid: str, signing_input: bytes) -> bytes: ...
    def healthy(self) -> bool: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Keys:
    published: tuple[dict[str, Any], ...]
    verifying: Mapping[str, VerifyingKey]
    current: Mapping[str, str]  # algorithm -> kid
    headers: Mapping[str, bytes]  # kid -> encoded header of an access token
    loaded: float


class TokenKeys:
    """Thread-safe. Connects at the first use, which is after the worker forked.

    The list of keys is kept for ``keep_seconds``. When the key process is away the last list still
    serves to publish and to verify; signing then fails, and nothing is ever issued unsigned.
    """

    def __init__(
        self,
        connect: Callable[[], TokenSigner],
        *,
        token_typ: str,
        keep_seconds: float,
        monotonic: Callable[[], float],
    ) -> None:
        self._connect = connect
        self._token_typ = token_typ
        self._keep_seconds = keep_seconds
        self._monotonic = monotonic
        self._signer: TokenSigner | None = None
        self._keys: _Keys | None = None
        self._next_load = 0.0
        self._lock = Lock()

    def sign(self, algorithm: str, claims: Mapping[str, Any], *, typ: str = "") -> str:
        """A compact JWS by the current key of this algorithm. ``typ``: unless given, the access token's.

        Raises KeysUnavailable.
        """
        keys = self._get_keys()
        typ = typ or self._token_typ
        try:
            return self._sign(keys, algorithm, claims, typ)
        except (ActRefused, TokenError) as error:
            # The key may have been retired since the list was read: look once more.
            fresh = None if isinstance(error, TokenUnavailable) else self._load()
            if fresh is None or fresh.current.get(algorithm) == keys.current.get(algorithm):
                raise _unavailable(error) from error
            try:
                return self._sign(fresh, algorithm, claims, typ)
            except HsmError as again:
                raise _unavailable(again) from again
        except HsmError as error:
            raise _unavailable(error) from error

    def published(self) -> tuple[dict[str, Any], ...]:
        """The JWK set: current, announced and old keys. Raises KeysUnavailable."""
        return self._get_keys().published

    def find_key(self, kid: object) -> VerifyingKey | None:
        """Our key of this kid. Raises KeysUnavailable."""
        keys = self._get_keys()
        if not isinstance(kid, str):
            return None
        if kid not in keys.verifying and self._monotonic() - keys.loaded > _UNKNOWN_KID_SECONDS:
            keys = self._load() or keys
        return keys.verifying.get(kid)

    def is_available(self) -> bool:
        """Whether the key process answers and its token signs."""
        return self._get_signer().healthy()

    def close(self) -> None:
        with self._lock:
            if self._signer is not None:
                self._signer.close()
                self._signer = None

    def _sign(self, keys: _Keys, algorithm: str, claims: Mapping[str, Any], typ: str) -> str:
        kid = keys.current.get(algorithm)
        if kid is None:
            raise KeysUnavailable(detail=f"the key process has no current {algorithm} token key")
        header = keys.headers[kid] if typ == self._token_typ else _header(algorithm, kid, typ)
        signed_input = signing_input(header, claims)
        return assemble(signed_input, self._get_signer().sign_token(kid, signed_input))

    def _get_signer(self) -> TokenSigner:
        if self._signer is None:
            with self._lock:
                if self._signer is None:
                    self._signer = self._connect()
        return self._signer

    def _get_keys(self) -> _Keys:
        keys = self._keys
        if keys is None or self._monotonic() >= self._next_load:
            keys = self._load() or self._keys
        if keys is None:
            raise KeysUnavailable(detail="the list of token keys could not be read")
        return keys

    def _load(self) -> _Keys | None:
        """Read the list; None, and not again for a second, when the key process is away."""
        moment = self._monotonic()
        # Set first, so that threads that come meanwhile go on with the old list.
        self._next_load = moment + _RETRY_SECONDS
        try:
            listed = self._get_signer().token_keys()
        except HsmError:
            return None
        self._keys = self._read(listed, moment)
        self._next_load = moment + self._keep_seconds
        return self._keys

    def _read(self, listed: list[TokenKey], moment: float) -> _Keys:
        if len({key.kid for key in listed}) != len(listed):
            raise KeysUnavailable(detail="two token keys have the same kid")
        published = tuple(
            {name: key.jwk[name] for name in _PUBLIC_MEMBERS if name in key.jwk}
            | {"kid": key.kid, "alg": key.alg, "use": "sig"}
            for key in listed
        )
        return _Keys(
            published=published,
            verifying={jwk["kid"]: import_public_key(jwk, algorithm=jwk["alg"]) for jwk in published},
            current={key.alg: key.kid for key in listed if key.current},
            headers={key.kid: _header(key.alg, key.kid, self._token_typ) for key in listed},
            loaded=moment,
        )


def _header(algorithm: str, kid: str, typ: str) -> bytes:
    return encode_header({"alg": algorithm, "kid": kid, "typ": typ})


def _unavailable(error: HsmError) -> KeysUnavailable:
    return KeysUnavailable(detail=f"{type(error).__name__} {error.detail}".strip())
