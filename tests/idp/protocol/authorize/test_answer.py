"""What an authorization response says, and where its parameters stand."""

from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from idp.protocol.authorize.answer import code_answer, error_answer, jarm_claims, redirect_location
from idp.protocol.authorize.request import Destination
from tests.idp.protocol.authorize.asking import ISSUER, NOW, REDIRECT_URI


def test_iss_stands_in_success_and_refusal() -> None:
    """RFC 9207 §2: so that no answer is taken for another provider's (mix-up)."""
    there = Destination("one-stop", REDIRECT_URI, "s")
    assert code_answer(there, "c", ISSUER) == {"code": "c", "state": "s", "iss": ISSUER}
    assert error_answer(there, "access_denied", "No.", ISSUER) == {
        "error": "access_denied",
        "error_description": "No.",
        "state": "s",
        "iss": ISSUER,
    }


def test_no_state_is_made_up() -> None:
    assert "state" not in code_answer(Destination("one-stop", REDIRECT_URI), "c", ISSUER)


@given(state=st.text(max_size=60), query=st.sampled_from(["", "?", "?a=1", "?a=1&b=%20", "?redirect=x?y"]))
def test_the_state_comes_back_exactly_and_the_address_keeps_its_query(state: str, query: str) -> None:
    location = redirect_location(Destination("c", REDIRECT_URI + query), {"state": state, "iss": ISSUER})
    assert location.startswith(REDIRECT_URI + query)
    parts = urlsplit(location)
    sent = parse_qsl(parts.query, keep_blank_values=True)
    assert ("state", state) in sent
    assert sent[: len(sent) - 2] == parse_qsl(urlsplit(REDIRECT_URI + query).query, keep_blank_values=True)
    assert parts.fragment == ""


def test_a_signed_answer_is_for_one_client_and_ten_minutes() -> None:
    """JARM §2.1."""
    claims = jarm_claims("one-stop", {"code": "c", "state": "s"}, ISSUER, NOW)
    assert claims == {"code": "c", "state": "s", "iss": ISSUER, "aud": "one-stop", "exp": NOW + 600}
