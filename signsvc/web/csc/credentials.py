"""credentials/list, credentials/info."""

from typing import Any

from flask import Response

from signsvc.services import Services
from signsvc.usecases.csc_credentials import is_valid
from signsvc.usecases.csc_refusal import invalid
from signsvc.web.answers import json_answer
from signsvc.web.csc.bearers import current_bearer
from signsvc.web.csc.describe import CERTIFICATES, describe
from signsvc.web.csc.endpoints import CscEndpoints
from signsvc.web.csc.parameters import Given, given

MAX_RESULTS = 1000


def credential_methods(services: Services) -> CscEndpoints:
    """What the bearer may see, and nothing else."""
    api = CscEndpoints("credentials")

    @api.method("credentials/list")
    def credentials_list(version: str) -> Response:
        """The bearer's credentials; with userID, a person's."""
        asked = given()
        bearer = current_bearer()
        user_id = asked.find("userID")
        if user_id is not None and (not isinstance(user_id, str) or not 0 < len(user_id) <= 200):
            raise invalid("userID")
        now = services.clock()
        found = [one for one in services.csc_credentials.find(bearer, user_id) if one.purpose != "token"]
        only_valid = asked.flag("onlyValid")
        if only_valid:
            found = [one for one in found if one.state == "active" and is_valid(one, now)]
        if version == "v1":
            return json_answer(_page(asked, [one.credential_id for one in found]))
        answer: dict[str, Any] = {"credentialIDs": [one.credential_id for one in found]}
        if asked.flag("credentialInfo"):
            shown = _shown(asked, auth_info=asked.flag("authInfo"))
            answer["credentialInfos"] = [
                {"credentialID": one.credential_id} | describe(one, version, now, **shown) for one in found
            ]
        return json_answer(answer | ({"onlyValid": True} if only_valid else {}))

    @api.method("credentials/info")
    def credentials_info(version: str) -> Response:
        """A credential, its certificates, and how it is authorised."""
        asked = given()
        credential_id = asked.text("credentialID")
        # v1 always tells how.
        shown = _shown(asked, auth_info=asked.flag("authInfo") or version == "v1")
        found = services.csc_credentials.get(current_bearer(), credential_id)
        return json_answer(describe(found, version, services.clock(), **shown))

    return api


def _shown(asked: Given, *, auth_info: bool) -> dict[str, Any]:
    certificates = asked.find("certificates")
    if certificates is not None and certificates not in CERTIFICATES:
        raise invalid("certificates")
    return {
        "certificates": certificates or "single",
        "cert_info": asked.flag("certInfo"),
        "auth_info": auth_info,
    }


def _page(asked: Given, ids: list[str]) -> dict[str, Any]:
    """v1's paging: the token is where to go on."""
    limit = asked.find("maxResults")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise invalid("maxResults")
    token = asked.find_text("pageToken") or "0"
    if not (token.isascii() and token.isdigit() and len(token) < 9):
        raise invalid("pageToken")
    start, size = int(token), min(limit or MAX_RESULTS, MAX_RESULTS)
    answer: dict[str, Any] = {"credentialIDs": ids[start : start + size]}
    if start + size < len(ids):
        answer["nextPageToken"] = str(start + size)
    return answer
