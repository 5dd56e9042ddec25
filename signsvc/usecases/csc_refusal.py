"""Refusals in the words of the CSC API (v2.0.0.2 §10, §11): clients compare them letter by letter."""

from signsvc.errors import SignsvcError


class CscRefused(SignsvcError):
    """``error`` and ``description`` go out as ``{error, error_description}`` with ``status``."""

    code = "csc_refused"

    def __init__(
        self, description: str, *, error: str = "invalid_request", status: int = 400, detail: str = ""
    ) -> None:
        super().__init__(description, description, detail=detail)
        self.error = error
        self.description = description
        self.status = status


def missing(kind: str, name: str) -> CscRefused:
    """``kind``: string, integer, array, boolean."""
    return CscRefused(f"Missing (or invalid type) {kind} parameter {name}")


def invalid(name: str, detail: str = "") -> CscRefused:
    """A parameter whose value is none that can be."""
    return CscRefused(f"Invalid parameter {name}", detail=detail)


def wrong_authentication(detail: str = "") -> CscRefused:
    """One answer for whatever is wrong with it."""
    return CscRefused(
        "The authentication data is invalid", error="invalid_authentication_data", detail=detail
    )
