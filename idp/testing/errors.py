"""Why the provider for tests does not start or go on."""

from idp.errors import IdpError


class CannotRun(IdpError):
    """For whoever started it, Vietnamese before English; it never goes over the wire."""

    def __init__(self, vietnamese: str, english: str) -> None:
        super().__init__()
        self.vietnamese, self.english = vietnamese, english

    def __str__(self) -> str:
        return f"{self.vietnamese}\n{self.english}"
