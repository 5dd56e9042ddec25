"""Which clients know a person by the same ``sub``, and that nobody's changes."""

import pytest

from idp.directory.subjects import DEVICE_GRANT, Subjects
from idp.protocol.client import Client
from idp.protocol.client_metadata import ClientMetadata

CODE = ("authorization_code",)
HOST = ("https://rp.example.gov.vn/cb",)
SECTOR = "https://sector.example.gov.vn/uris.json"


def client(client_id: str, **metadata: object) -> Client:
    made = ClientMetadata(**{"grant_types": CODE, "redirect_uris": HOST, **metadata})  # type: ignore[arg-type]
    return Client(
        client_id, "MẪU", "", True, "ES256", ("openid",), (), frozenset(), frozenset(), {}, metadata=made
    )


def sub(client: Client) -> str:
    """The index is shown as it is, so that the test sees what the sub depends on."""
    return Subjects(lambda text: text).sub_for("person", client)


@pytest.mark.parametrize(
    ("metadata", "sector"),
    [
        ({}, "host:rp.example.gov.vn"),
        ({"sector_identifier_uri": SECTOR}, "host:sector.example.gov.vn"),
        ({"agency": "H47.12"}, "agency:H47.12"),
        ({"agency": "H47.12", "grant_types": (*CODE, DEVICE_GRANT)}, "agency:H47.12"),
        ({"redirect_uris": (*HOST, "https://b.example.gov.vn/cb")}, "client:rp"),
        ({"redirect_uris": ()}, "client:rp"),
        ({"redirect_uris": (), "grant_types": (DEVICE_GRANT,)}, "client:rp"),
    ],
)
def test_a_sub_depends_on_the_sector_and_the_person_alone(metadata: dict[str, object], sector: str) -> None:
    """These values are stored by relying parties: a change here makes everybody a stranger to them."""
    assert sub(client("rp", **metadata)) == f"sub\0pairwise\0{sector}\0person"


@pytest.mark.parametrize("claimed", [{}, {"sector_identifier_uri": SECTOR}])
def test_a_device_is_in_nobody_elses_sector(claimed: dict[str, object]) -> None:
    """Its tokens never pass the address that it lists, which may be another's."""
    owner = client("owner", **claimed)
    thief = client("thief", grant_types=(*CODE, DEVICE_GRANT), **claimed)
    assert sub(thief) != sub(owner)
    assert sub(thief) == "sub\0pairwise\0client:thief\0person"


def test_a_public_sub_is_the_same_for_all() -> None:
    public = [
        client("a", subject_type="public"),
        client("b", subject_type="public", grant_types=(DEVICE_GRANT,)),
    ]
    assert {sub(each) for each in public} == {"sub\0public\0person"}
