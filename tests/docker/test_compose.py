"""compose.yaml keeps the contexts apart: what joins a web process and the key process is one socket."""

import re
from pathlib import Path
from typing import Any

import pytest

Services = dict[str, dict[str, Any]]

JOBS = {"ceremony", "enrol", "idp-migrate", "register", "signsvc-migrate", "desk-migrate", "devca-init"}
HSM_IMAGE = {"ceremony", "hsm", "enrol"}
WEB = {
    "idp-migrate",
    "register",
    "idp",
    "idp-worker",
    "signsvc-migrate",
    "signsvc",
    "worker",
    "verify",
    "desk-migrate",
    "desk",
    "gateway",
}
FOREIGN = {"postgres", "redis"}


def _mounts(service: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {volume["source"]: volume for volume in service.get("volumes", [])}


def _secrets(service: dict[str, Any]) -> set[str]:
    return {secret["source"] for secret in service.get("secrets") or []}


def test_every_service_is_known_to_these_tests(services: Services) -> None:
    assert set(services) == HSM_IMAGE | WEB | FOREIGN | {"devca-init", "devca"}


def test_every_service_runs_without_rights_it_does_not_need(services: Services) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        # Compose leaves a zero out when it prints; core files are off.
        assert service["ulimits"] == {"core": {}}, name
        forbidden = {"privileged", "cap_add", "devices", "pid", "ipc", "userns_mode"}
        assert not forbidden & set(service), name
        assert service.get("network_mode", "none") == "none", name
        assert all("noexec" in mount for mount in service["tmpfs"] if mount.startswith("/tmp")), name


def test_every_service_has_limits(services: Services) -> None:
    for name, service in services.items():
        assert {"cpus", "memory", "pids"} <= set(service["deploy"]["resources"]["limits"]), name


def test_every_service_that_stays_says_whether_it_is_well(services: Services) -> None:
    for name in set(services) - JOBS - {"worker", "idp-worker"}:
        assert services[name]["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL"), name
        assert services[name]["restart"] == "unless-stopped", name
    for name in ("hsm", "idp", "signsvc", "verify", "desk", "devca"):
        assert services[name]["healthcheck"]["test"][-1].endswith("/readyz"), name


def test_jobs_run_once_before_what_needs_them(services: Services) -> None:
    for name in JOBS:
        assert services[name]["restart"] == "no", name
    before = [("hsm", "ceremony"), *((name, f"{name}-migrate") for name in ("idp", "signsvc", "desk"))]
    for name, job in before:
        assert services[name]["depends_on"][job]["condition"] == "service_completed_successfully"


def test_the_key_process_shares_no_network_with_a_web_process(services: Services) -> None:
    networks = {name: set(service.get("networks") or {}) for name, service in services.items()}
    assert networks["hsm"] == networks["ceremony"] == {"hsm"}
    assert [name for name, joined in networks.items() if "hsm" in joined] == ["ceremony", "hsm", "postgres"]


def test_only_the_gateway_can_be_reached_from_outside(compose: dict[str, Any], services: Services) -> None:
    assert [name for name, service in services.items() if service.get("ports")] == ["gateway"]
    assert {port["host_ip"] for port in services["gateway"]["ports"]} == {"127.0.0.1"}
    assert [name for name, about in compose["networks"].items() if not about.get("internal")] == [
        "edge", "outbound",
    ]  # fmt: skip
    assert [name for name, service in services.items() if "edge" in (service.get("networks") or {})] == [
        "gateway"
    ]


def test_only_the_worker_of_the_identity_provider_speaks_to_the_outside(services: Services) -> None:
    joined = [name for name, service in services.items() if "outbound" in (service.get("networks") or {})]
    assert joined == ["idp-worker"]
    assert not services["idp-worker"].get("ports")


@pytest.mark.parametrize(
    ("volume", "users"),
    [
        ("socket-signsvc", {"hsm", "signsvc", "worker"}),
        ("socket-idp", {"hsm", "idp", "idp-worker"}),
        ("socket-admin", {"hsm", "enrol"}),
        ("hsm-state", {"hsm", "ceremony"}),
        ("devca-state", {"devca", "devca-init"}),
        ("authority-enrolment", {"devca-init", "enrol"}),
        ("documents", {"signsvc", "worker"}),
        ("kept", {"verify"}),
        ("postgres-data", {"postgres"}),
        ("redis-data", {"redis"}),
    ],
)
def test_a_volume_is_mounted_by_those_who_need_it_alone(
    services: Services, volume: str, users: set[str]
) -> None:
    assert {name for name, service in services.items() if volume in _mounts(service)} == users


def test_a_caller_cannot_change_the_directory_of_its_socket(services: Services) -> None:
    for name in WEB | {"enrol"}:
        for source, volume in _mounts(services[name]).items():
            if source.startswith("socket-"):
                assert volume["read_only"] is True, name


def test_the_public_page_holds_nothing_and_reaches_the_signing_service_alone(services: Services) -> None:
    page = services["verify"]
    assert _secrets(page) == set()
    assert set(page["networks"]) == {"front"}
    assert set(_mounts(page)) == {"kept"}


def test_the_desk_reaches_both_services_by_http_and_no_socket_of_the_key_process(services: Services) -> None:
    desk = services["desk"]
    assert set(desk["networks"]) == {"front", "desk"}
    assert _mounts(desk) == {}
    joined = {name for name, service in services.items() if "desk" in (service.get("networks") or {})}
    assert joined == {"desk", "desk-migrate", "postgres", "redis"}


def test_the_desk_says_the_services_public_addresses_as_they_do_themselves(services: Services) -> None:
    desk = services["desk"]["environment"]
    assert desk["DESK_ISSUER"] == services["idp"]["environment"]["IDP_ISSUER"]
    assert desk["DESK_RESOURCE"] == services["signsvc"]["environment"]["SIGNSVC_RESOURCE"]
    assert desk["DESK_BASE_URL"] == services["register"]["environment"]["ANTIN_DESK"]
    assert desk["DESK_BASE_URL"] in services["hsm"]["environment"]["HSM_WEBAUTHN_ORIGINS"]


def test_no_host_path_is_mounted(services: Services) -> None:
    for name, service in services.items():
        assert {volume["type"] for volume in service.get("volumes", [])} <= {"volume"}, name


@pytest.mark.parametrize(
    ("secret", "holders"),
    [
        ("pin", {"hsm", "ceremony"}),
        ("so-pin", {"ceremony"}),
        ("admin-1.jwk", {"enrol"}),
        ("admin-2.jwk", {"enrol"}),
        ("gateway.key", {"gateway"}),
        ("postgres-password", {"postgres"}),
        ("hsm-password", {"postgres", "hsm", "ceremony"}),
        ("idp-password", {"postgres", "idp", "idp-migrate", "idp-worker", "register"}),
        ("signsvc-password", {"postgres", "signsvc", "signsvc-migrate", "worker"}),
        ("idp-redis-url", {"idp", "idp-worker"}),
        ("signsvc-redis-url", {"signsvc", "worker"}),
        ("desk-password", {"postgres", "desk", "desk-migrate"}),
        ("desk-redis-url", {"desk"}),
        ("desk.jwk", {"desk"}),
        ("users.acl", {"redis"}),
    ],
)
def test_a_secret_is_given_to_those_who_need_it_alone(
    compose: dict[str, Any], services: Services, secret: str, holders: set[str]
) -> None:
    assert secret in compose["secrets"]
    assert {name for name, service in services.items() if secret in _secrets(service)} == holders


def test_no_secret_stands_in_an_environment_or_a_command(services: Services) -> None:
    for name, service in services.items():
        for key, value in (service.get("environment") or {}).items():
            telling = re.search(r"PASSWORD|PIN|SECRET|KEY(?!_PROCESS)", key)
            assert not telling or value.startswith("/run/secrets/"), (name, key)
            assert not re.search(r"://[^/@]*:[^/@]*@", value), (name, key)


def test_images_are_pinned_by_tag(services: Services) -> None:
    for name, service in services.items():
        _, _, tag = Path(service["image"]).name.partition(":")
        assert tag not in ("", "latest"), name
