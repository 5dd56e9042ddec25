"""A provider under load: its processes, a client of it, and how somebody gets through its login."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.conformance.oidc.browser import Browser, Callback
from tests.conformance.oidc.relying_party import RelyingParty

RESOURCE = "https://sign.example.gov.vn"
ELSEWHERE = "https://rp.example.gov.vn"


@dataclass
class Side:
    """``resource``: what a system asks a token for, as this provider wants it said."""

    party: RelyingParty
    processes: dict[str, list[int]]
    log_in: Callable[["Side"], Browser]
    resource: dict[str, str] = field(default_factory=lambda: {"scope": "sign", "resource": RESOURCE})
    scope: str = "openid offline_access"
    refresh_token: str = ""
    access_token: str = ""

    def redeem(self, code: str) -> None:
        """The code for tokens, of which the latest are kept."""
        answer = self.party.exchange(code)
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        self.refresh_token, self.access_token = tokens["refresh_token"], tokens["access_token"]

    def code(self, browser: Browser) -> str:
        """As somebody who has a session."""
        back = browser.open(self.party.authorization_url(scope=self.scope))
        assert isinstance(back, Callback), back.text[-500:]
        return str(back.params["code"])

    def sso(self, browser: Browser) -> None:
        self.redeem(self.code(browser))

    def client_credentials(self) -> None:
        answer = self.party.token({"grant_type": "client_credentials", **self.resource}, dpop=None)
        assert answer.status_code == 200, answer.text

    def refresh(self) -> None:
        answer = self.party.refresh(self.refresh_token)
        assert answer.status_code == 200, answer.text

    def introspect(self) -> None:
        answer = self.party.provider.http.post(
            self.party.provider.metadata["introspection_endpoint"],
            data={"token": self.access_token, **self.party.credentials()},
        )
        assert answer.json()["active"] is True, answer.text

    def memory(self) -> float:
        """MiB resident, of all its processes."""
        lines = [
            line
            for pids in self.processes.values()
            for pid in pids
            for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        ]
        return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
