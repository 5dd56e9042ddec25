"""info."""

from typing import Any

from flask import Response

from signsvc.services import Services
from signsvc.web.answers import json_answer
from signsvc.web.csc.endpoints import CscEndpoints
from signsvc.web.endpoints import NO_AUTHENTICATION

METHODS = {
    "v1": [
        "info", "auth/login", "auth/revoke", "oauth2/authorize", "oauth2/token", "oauth2/revoke",
        "credentials/list", "credentials/info", "credentials/authorize", "credentials/extendTransaction",
        "credentials/sendOTP", "signatures/signHash", "signatures/timestamp",
    ],
    "v2": [
        "info", "auth/revoke", "oauth2/authorize", "oauth2/pushed_authorize", "oauth2/token", "oauth2/revoke",
        "credentials/list", "credentials/info", "credentials/authorize", "credentials/authorizeCheck",
        "credentials/getChallenge", "credentials/sendOTP", "credentials/extendTransaction",
        "signatures/signHash", "signatures/signDoc", "signatures/signPolling", "signatures/timestamp",
    ],
}  # fmt: skip
AUTHENTICATION = {"v1": ["basic", "oauth2code", "oauth2client"], "v2": ["oauth2code", "oauth2client"]}
CONFORMANCE_LEVELS = ["Ades-B-B", "Ades-B-T", "Ades-B-LT", "Ades-B-LTA"]


def info_methods(services: Services) -> CscEndpoints:
    """What this service is and does."""
    api = CscEndpoints("info")
    issuer = services.settings.issuer

    @api.method("info", authentication=NO_AUTHENTICATION, quota="", http=("GET", "POST"))
    def info(version: str) -> Response:
        """Without login."""
        told: dict[str, Any] = {
            "specs": "1.0.4.0" if version == "v1" else "2.0.0.2",
            "name": "Ấn Tín",
            "logo": LOGO,
            "region": "VN",
            "lang": "vi-VN",
            "description": "Dịch vụ ký số tập trung: khóa không rời HSM, lần ký nào cũng có phê duyệt",
            "authType": AUTHENTICATION[version],
            "methods": METHODS[version],
        }
        if version == "v1":
            return json_answer(told | {"oauth2": issuer})
        return json_answer(
            told
            | {
                "oauth2Issuer": issuer,
                "asynchronousOperationMode": True,
                "validationInfo": False,
                "signAlgorithms": {
                    "algos": ["1.2.840.10045.4.3.2", "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.11"],
                    "algoParams": [PSS_PARAMETERS],
                },
                "signature_formats": {"formats": ["P"], "envelope_properties": [["Revision"]]},
                "conformance_levels": CONFORMANCE_LEVELS,
                "supportedHashTypes": ["SDR", "DTBSR"],
                "supportsRar": True,
            }
        )

    return api


# id-RSASSA-PSS parameters: SHA-256, MGF1 with SHA-256, salt of 32 bytes (RFC 4055 §3.1), DER in base64
PSS_PARAMETERS = "MDSgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIDAgEg"
_SVG = (
    "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHdpZHRoPSIyNTYiIGhlaWdodD0iMjU2Ij48cmVjdCB4PSIx"
    "NiIgeT0iMTYiIHdpZHRoPSIyMjQiIGhlaWdodD0iMjI0IiByeD0iMjQiIGZpbGw9IiNiMzE5MWYiLz48dGV4dCB4PSIxMjgiIHk9"
    "IjE0OCIgZm9udC1zaXplPSI1NiIgZm9udC1mYW1pbHk9InNlcmlmIiBmaWxsPSIjZmZmIiB0ZXh0LWFuY2hvcj0ibWlkZGxlIj7h"
    "uqROIFTDjU48L3RleHQ+PC9zdmc+"
)
LOGO = f"data:image/svg+xml;base64,{_SVG}"
