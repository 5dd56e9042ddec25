"""WWW-Authenticate (RFC 6750 §3, RFC 9449 §7.1): how to come back, told once for all methods."""

from signsvc.errors import LoginRefused, ScopeRefused
from signsvc.web.dpop import ALGORITHMS


def challenge_of(error: LoginRefused | ScopeRefused) -> str:
    """The header's value."""
    parts = [f'{error.scheme} realm="signsvc"']
    if isinstance(error, ScopeRefused):
        parts += ['error="insufficient_scope"', f'scope="{error.scope}"']
    elif error.reason:
        parts.append(f'error="{error.reason}"')
    if error.scheme == "DPoP":
        parts.append(f'algs="{" ".join(ALGORITHMS)}"')
    return ", ".join(parts)
