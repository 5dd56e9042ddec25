"""An authorization request as it came: what the rules read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from idp.protocol.client import Client
from idp.protocol.compact_jws import VerifyingKey

FindKey = Callable[[object], VerifyingKey | None]


@dataclass(frozen=True, slots=True)
class Parameters:
    """Of a query string, a form or a request object: each once, empty ones left out.

    ``resources``: RFC 8707 lets this one repeat. ``repeated``: names that came more than once; ``values``
    then has none of them, because two parsers would choose differently.
    """

    values: Mapping[str, str]
    resources: tuple[str, ...] = ()
    repeated: frozenset[str] = frozenset()

    def get(self, name: str) -> str:
        """The value, ``""`` when it was not sent."""
        return self.values.get(name, "")


@dataclass(frozen=True, slots=True)
class Asked:
    """``parameters``: from the one place that counts: a request object when there is one (RFC 9101 §6.3).

    ``pushed``: the client proved who it is and sent them itself (RFC 9126). ``signed``: they stood in a
    request object of this client. ``find_key``: our own keys by kid. ``proof_jkt``: of the DPoP proof that
    came with a pushed request. ``certificate``: thumbprint of the client's TLS certificate, or "".
    """

    parameters: Parameters
    client: Client
    issuer: str
    now: int
    find_key: FindKey = field(repr=False)
    pushed: bool = False
    signed: bool = False
    proof_jkt: str = ""
    certificate: str = ""

    def get(self, name: str) -> str:
        return self.parameters.get(name)
