"""The DER writer and reader agree with asn1crypto, and the reader trusts nothing."""

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from signsvc.pades import der

ARCS = st.tuples(
    st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 2**64), min_size=1, max_size=8)
).map(lambda parts: ".".join(map(str, (parts[0], parts[1], *parts[2]))))


@given(st.integers(-(2**2048), 2**2048))
def test_integers_are_those_of_asn1crypto(value: int) -> None:
    encoded = der.integer(value)
    assert encoded == core.Integer(value).dump()
    assert der.read_integer(der.read_whole(encoded, der.INTEGER)) == value


@given(ARCS)
def test_object_identifiers_are_those_of_asn1crypto(dotted: str) -> None:
    assert der.oid(dotted) == core.ObjectIdentifier(dotted).dump()


@given(st.binary(max_size=70_000))
def test_octet_strings_are_those_of_asn1crypto(value: bytes) -> None:
    encoded = der.octet_string(value)
    assert encoded == core.OctetString(value).dump()
    assert der.read_whole(encoded, der.OCTET_STRING).content == value


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_sets_are_sorted_and_sequences_keep_their_order(values: list[bytes]) -> None:
    parts = [der.octet_string(value) for value in values]

    class Octets(core.SetOf):
        _child_spec = core.OctetString

    assert der.set_of(*parts) == Octets([core.OctetString(value) for value in values]).dump()
    sequence = der.read_whole(der.sequence(*parts), der.SEQUENCE)
    assert [child.content for child in der.children(sequence)] == values


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_do_more_than_refuse(data: bytes) -> None:
    try:
        element = der.read(data)
        children = list(der.children(element))
    except der.NotDer:
        return
    assert element.end <= len(data)
    assert b"".join(child.encoded for child in children) == element.content


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30",
        b"\x30\x80\x00\x00",  # indefinite
        b"\x04\x81\x05hello",  # not the shortest form
        b"\x04\x82\x00\x85" + bytes(0x85),  # a leading zero in the length
        b"\x04\x06hello",  # cut short
        b"\x1f\x81\x01\x00",  # a tag of several octets
        b"\x04\x85\x01\x00\x00\x00\x00",  # a length of five octets
    ],
)
def test_what_is_not_der_is_refused(data: bytes) -> None:
    with pytest.raises(der.NotDer):
        der.read(data)


def test_an_element_never_reaches_out_of_its_parent() -> None:
    outer = der.read(b"\x30\x03\x04\x05abcdef")
    with pytest.raises(der.NotDer):
        list(der.children(outer))
