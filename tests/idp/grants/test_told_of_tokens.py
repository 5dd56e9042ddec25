"""What others are told of tokens: introspection as JSON and as a signed JWT."""

from dataclasses import replace

from idp.protocol.client_metadata import ClientMetadata
from tests.idp.grants.token_client import DPOP, TokenClient
from tests.idp.provider import ISSUER, SIGNING, Provider, parts

JWT = "application/token-introspection+jwt"


def test_a_resource_server_gets_its_answer_signed_when_it_asks_so(provider: Provider) -> None:
    """RFC 9701 §4, §5"""
    client = TokenClient(provider, DPOP, dpop=True, resources=(SIGNING,))
    token = client.tokens(resources=(SIGNING,))["access_token"]
    for metadata, headers in (
        (ClientMetadata(), {"Accept": JWT}),
        (ClientMetadata(introspection_signed_response_alg="RS256"), {}),
    ):
        server = provider.register(scopes=(), resources=(), introspects=(SIGNING,), metadata=metadata)
        answer = provider.client.post("/introspect", data=server.form(token=token), headers=headers)
        assert answer.content_type == JWT
        header, claims = parts(answer.text)
        assert header["typ"] == "token-introspection+jwt"
        assert header["alg"] == (metadata.introspection_signed_response_alg or "ES256")
        assert (claims["iss"], claims["aud"]) == (ISSUER, server.client_id)
        assert "exp" not in claims
        assert "sub" not in claims
        told = claims["token_introspection"]
        assert (told["active"], told["token_type"]) == (True, "DPoP")
        assert told["cnf"] == {"jkt": client.jkt()}
        assert told["acr"] == "LoA2"


def test_plain_json_is_the_default(provider: Provider) -> None:
    server = provider.register(scopes=(), resources=(), introspects=(SIGNING,))
    answer = provider.client.post("/introspect", data=server.form(token="x"))
    assert (answer.content_type, answer.json) == ("application/json", {"active": False})


def test_a_machines_token_can_be_bound_too(provider: Provider) -> None:
    metadata = replace(ClientMetadata(), dpop_bound_access_tokens=True)
    client = TokenClient(provider, metadata, dpop=True, resources=(SIGNING,))
    answer = client.ask(grant_type="client_credentials")
    assert answer.json["token_type"] == "DPoP"
    assert parts(answer.json["access_token"])[1]["cnf"] == {"jkt": client.jkt()}
    assert client.ask(proof="", grant_type="client_credentials").json["error"] == "invalid_dpop_proof"
