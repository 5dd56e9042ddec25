"""SCIM queries."""

import pytest

from idp.provisioning import search
from tests.idp.provider import Provider
from tests.idp.provisioning.personnel import ENTERPRISE, Personnel, body


@pytest.fixture
def personnel(provider: Provider) -> Personnel:
    personnel = Personnel(provider)
    personnel.joiner(userName="an", title="Chuyên viên", externalId="1", **{ENTERPRISE: {"department": "A"}})
    personnel.joiner(userName="binh", emails=[{"value": "binh@example.gov.vn", "type": "work"}])
    personnel.joiner(userName="chi", title="Chánh văn phòng", active=True)
    return personnel


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ('userName eq "AN"', ["an"]),
        ('USERNAME EQ "an"', ["an"]),
        ('externalId eq "1"', ["an"]),
        ('userName sw "b"', ["binh"]),
        ('userName co "i"', ["binh", "chi"]),
        ('userName ew "i"', ["chi"]),
        ('userName gt "b"', ["binh", "chi"]),
        ("title pr", ["an", "chi"]),
        ("not (title pr)", ["binh"]),
        ('title co "văn" and userName sw "c"', ["chi"]),
        ('userName eq "an" or userName eq "chi"', ["an", "chi"]),
        ('emails[type eq "work" and value ew "gov.vn"]', ["binh"]),
        ('emails.value eq "binh@example.gov.vn"', ["binh"]),
        (f'{ENTERPRISE}:department eq "A"', ["an"]),
        ('meta.lastModified gt "2020-01-01T00:00:00Z"', ["an", "binh", "chi"]),
        ("active eq true", ["an", "binh", "chi"]),
        ('userName eq "an\\" or userName pr or userName eq \\""', []),
        ("userName eq \"x' OR '1'='1\"", []),
        ('userName eq "%"', []),
        ('userName sw "%"', []),
    ],
)
def test_a_filter_finds_what_it_says(personnel: Personnel, asked: str, found: list[str]) -> None:
    """The last ones: a quote, an SQL fragment or a wildcard in a value stays a value."""
    assert sorted(personnel.found("/Users", filter=asked)) == found


@pytest.mark.parametrize(
    "asked",
    [
        'userName = "an"', 'nothing eq "x"', 'userName eq "an', "(title pr", "title pr and", ";--",
        "active gt true", 'password eq "x"', "emails[type eq", "(" * 2000, "not " * 3000 + "title pr",
    ],
)  # fmt: skip
def test_a_filter_that_is_none_is_refused(personnel: Personnel, asked: str) -> None:
    answer = personnel.call("POST", "/Users/.search", {"filter": asked})
    assert answer.status_code == 400, answer.text
    assert body(answer)["scimType"] in ("invalidFilter", "invalidValue", "invalidSyntax")


def test_results_are_sorted_and_paged(personnel: Personnel) -> None:
    assert personnel.found("/Users", sortBy="userName", sortOrder="descending") == ["chi", "binh", "an"]
    answer = body(personnel.call("GET", "/Users?sortBy=userName&startIndex=2&count=1"))
    assert (answer["totalResults"], answer["startIndex"], answer["itemsPerPage"]) == (3, 2, 1)
    assert answer["Resources"][0]["userName"] == "binh"
    pages = [personnel.found("/Users", startIndex=str(start), count="2") for start in (1, 3)]
    assert sorted(pages[0] + pages[1]) == ["an", "binh", "chi"]
    assert body(personnel.call("GET", "/Users?count=0"))["totalResults"] == 3
    assert body(personnel.call("GET", "/Users?startIndex=-5"))["startIndex"] == 1


def test_a_post_searches_as_a_get_does(personnel: Personnel) -> None:
    asked = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": 'userName eq "an"',
        "attributes": ["userName"],
    }
    answer = body(personnel.call("POST", "/Users/.search", asked))
    assert [set(each) for each in answer["Resources"]] == [{"schemas", "id", "userName"}]


def test_a_directory_too_large_to_look_through_says_so(
    personnel: Personnel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MAX_SCANNED", 2)
    answer = personnel.call("POST", "/Users/.search", {"filter": "title pr"})
    assert (answer.status_code, body(answer)["scimType"]) == (400, "tooMany")
    assert personnel.found("/Users", filter='userName eq "an"') == ["an"]
