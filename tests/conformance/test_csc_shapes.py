"""v1 answers with the members and types that certomancer-csc-dummy 0.4.2 gives the same client, and more."""

from typing import Any

from tests.servers.csc import CscClient

# As that server answered pyHanko's client, by types.
INFO = {
    "authType": ["str"], "description": "str", "lang": "str", "logo": "str", "methods": ["str"],
    "name": "str", "region": "str", "specs": "str",
}  # fmt: skip
CREDENTIAL = {
    "SCAL": "str", "authMode": "str", "cert": {"certificates": ["str"]},
    "key": {"algo": ["str"], "curve": "str", "len": "int", "status": "str"}, "multisign": "int",
}  # fmt: skip


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return sorted({type(member).__name__ for member in value})
    return type(value).__name__


def covers(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and all(
            name in ours and covers(ours[name], member) for name, member in theirs.items()
        )
    return bool(ours == theirs)


def test_the_answers_have_the_reference_servers_shapes(csc_client: CscClient) -> None:
    info = shape(csc_client.call("info", "v1").json())
    assert covers(info, INFO), info
    credential = shape(
        csc_client.call("credentials/info", "v1", credentialID=csc_client.seal, certificates="chain").json()
    )
    assert covers(credential, CREDENTIAL), credential
    listed = csc_client.call("credentials/list", "v1").json()
    assert shape(listed) == {"credentialIDs": ["str"]}
    assert {csc_client.seal, csc_client.seal_rsa} <= set(listed["credentialIDs"])
