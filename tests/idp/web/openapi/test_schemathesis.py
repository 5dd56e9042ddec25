"""Requests that nobody would think of, made from the OpenAPI documents: every answer is one they describe."""

from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from tests.idp.provider import ISSUER, Provider
from tests.idp.provisioning.personnel import USER, Personnel, organisation
from tests.idp.registration.desk import public_jwk
from tests.idp.software_keys import SoftwareKeys

ADMIN, SCIM = "/admin/v1", "/scim/v2"
EXAMPLES = 12
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)

WITH_KEYS = ("POST /admin/v1/clients", "PUT /admin/v1/clients/{client_id}")
# What the rules tie to nothing else: a schema cannot say which combinations they allow.
_FREE = (
    "client_name", "contact", "contacts", "first_party", "minimum_acr", "claims_allowed", "default_max_age",
    "require_auth_time", "default_acr_values", "software_id", "software_version",
)  # fmt: skip
_KEY = public_jwk()


def accepted(body: Any) -> dict[str, Any]:
    """A client that only asks for tokens in its own name, with what was made up of the rest."""
    made_up = {name: body[name] for name in _FREE if isinstance(body, dict) and name in body}
    return {"grant_types": ["client_credentials"], "jwks": {"keys": [_KEY]}, **made_up}


class Called:
    """The provider, one of its documents, a token for it, and ids that are there."""

    def __init__(self, provider: Provider, base: str, token: str, known: dict[str, list[str]]) -> None:
        self.schema = schemathesis.openapi.from_wsgi(f"{base}/openapi.json", provider.app)
        self.headers = {"Authorization": f"Bearer {token}"}
        self.known = known
        load_all_checks()
        self.checks = CHECKS.get_by_names(list(CHECKED))

    def try_all(self, mode: GenerationMode) -> Counter[tuple[str, int]]:
        """How many requests were answered how: by operation and status."""
        made: Counter[tuple[str, int]] = Counter()
        for found in self.schema.get_all_operations():
            self._try(found.ok(), mode, made)
        return made

    def _try(self, operation: Any, mode: GenerationMode, made: Counter[tuple[str, int]]) -> None:
        fits = mode is GenerationMode.POSITIVE and operation.label in WITH_KEYS
        ids = next((ids for path, ids in self.known.items() if path in operation.path), [])

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), which=st.sampled_from([*ids, *ids, ""]))
        def run(case: Any, which: str) -> None:
            if which:
                for name in case.path_parameters:
                    case.path_parameters[name] = which
            if fits:
                case.body = accepted(case.body)
            answer = case.call_and_validate(headers=self.headers, checks=self.checks)
            made[operation.label, answer.status_code] += 1

        try:
            run()
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE, operation.label


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory, redis_url: str, shared_keys: SoftwareKeys) -> Provider:
    return Provider(tmp_path_factory.mktemp("fuzzed"), redis_url=redis_url, key_process=shared_keys.target)


@pytest.fixture(scope="module")
def admin(fuzzed: Provider) -> Called:
    resource = f"{ISSUER}{ADMIN}"
    caller = fuzzed.register("console", scopes=("admin",), resources=(resource,))
    for client_id in ("known-a", "known-b"):
        fuzzed.register(client_id)
    return Called(
        fuzzed, ADMIN, fuzzed.issue(caller, resource=resource), {"{client_id}": ["known-a", "known-b"]}
    )


@pytest.fixture(scope="module")
def scim(fuzzed: Provider) -> Called:
    organisation(fuzzed, "H47.12", "Sở MẪU")
    personnel = Personnel(fuzzed)
    people = [personnel.joiner()["id"] for _ in range(2)]
    known = {
        "/Users/{id}": people,
        "/Groups/{id}": ["H47.12"],
        "/Schemas/{id}": [USER],
        "/ResourceTypes/{id}": ["User"],
    }
    return Called(fuzzed, SCIM, personnel.token, known)


MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


@pytest.mark.parametrize("mode", MODES)
def test_the_administrators_api_answers_as_its_document_says(admin: Called, mode: GenerationMode) -> None:
    made = admin.try_all(mode)
    # Of reading a client nothing can be wrong: any text may be an id.
    assert len({operation for operation, _ in made}) == (9 if mode is GenerationMode.POSITIVE else 7)
    if mode is GenerationMode.POSITIVE:
        assert {("POST /admin/v1/clients", 201), ("PUT /admin/v1/clients/{client_id}", 200)} <= made.keys()


@pytest.mark.parametrize("mode", MODES)
def test_scim_answers_as_its_document_says(scim: Called, mode: GenerationMode) -> None:
    made = scim.try_all(mode)
    assert {("POST /scim/v2/Users", 400), ("GET /scim/v2/Users", 400)} <= made.keys()
    if mode is GenerationMode.POSITIVE:
        assert {("GET /scim/v2/Users/{id}", 200), ("GET /scim/v2/Schemas/{id}", 200)} <= made.keys()
