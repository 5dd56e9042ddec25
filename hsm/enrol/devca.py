"""The development CA as an authority: asked over HTTP, it answers at once."""

import httpx

from hsm.enrol.authority import Issued, check_reference, issued
from hsm.enrol.errors import AuthorityRefused, AuthorityUnavailable
from hsm.enrol.order import read_certificates

# Key profile -> devca's certificate profile.
_PROFILES = {
    "organisation-seal": "organisation-seal",
    "organisation-seal-rsa": "organisation-seal",
    "compatibility-rs256": "service-seal",
    "service-seal": "service-seal",
    "service-seal-rsa": "service-seal",
    "personal": "personal",
    "personal-rsa": "personal",
}


class DevelopmentAuthority:
    """Speaks to a devca. ``secret``: the contents of its ``issue-secret``. Use as a context manager."""

    def __init__(self, base_url: str, secret: str, *, timeout: float = 10.0) -> None:
        self._http = httpx.Client(
            base_url=base_url,
            headers={"Authorization": f"Bearer {secret}"},
            timeout=timeout,
            trust_env=False,
        )

    def __enter__(self) -> "DevelopmentAuthority":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def request(self, csr_pem: str, profile: str, *, reference: str) -> Issued:
        """A training chain, at once. Raises AuthorityUnavailable, AuthorityRefused, ChainForeign."""
        check_reference(reference)
        if profile not in _PROFILES:
            raise AuthorityRefused(f"The development CA certifies {', '.join(_PROFILES)} only.")
        try:
            response = self._http.post("/issue", json={"csr": csr_pem, "profile": _PROFILES[profile]})
        except httpx.HTTPError as error:
            raise AuthorityUnavailable("The development CA did not answer.", detail=repr(error)) from error
        if response.is_server_error:
            raise AuthorityUnavailable("The development CA is out of order.", detail=response.text[:500])
        if response.status_code != httpx.codes.CREATED:
            raise AuthorityRefused(
                f"The development CA refused the request ({response.status_code}): {_reason(response)}",
                detail=response.text[:500],
            )
        return issued(read_certificates(_chain(response).encode()), csr_pem)

    def collect(self, csr_pem: str, *, reference: str) -> Issued:
        """Nothing is ever pending here. Raises AuthorityRefused."""
        raise AuthorityRefused(f"The development CA answers at once: request {reference} again.")


def _chain(response: httpx.Response) -> str:
    try:
        chain = response.json()["chain"]
        return "\n".join(chain)
    except (ValueError, KeyError, TypeError) as error:
        raise AuthorityRefused("The development CA answered nonsense.", detail=repr(error)) from error


def _reason(response: httpx.Response) -> str:
    try:
        return str(response.json()["title_en"])[:300]
    except (ValueError, KeyError, TypeError):
        return "no reason given"
