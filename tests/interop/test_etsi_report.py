"""Our validation reports against the schema of ETSI TS 119 102-2, as EU DSS brings it along."""

import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree

from signsvc.pades.validation.etsi_report import VR, etsi_report
from signsvc.pades.validation.reasons import reason
from signsvc.pades.validation.verdict import (
    Certificate,
    Claims,
    DocumentFacts,
    Indication,
    SignatureVerdict,
    Signer,
    SigningTime,
    Verdict,
)
from tests.interop.resident import build

pytestmark = pytest.mark.interop

SHA256 = "ab" * 32
NOW = datetime(2026, 11, 24, 8, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> etree.XMLSchema:
    """The schema V1.4.1, its imports led to the copies beside it: nothing is fetched."""
    folder = tmp_path_factory.mktemp("xsd")
    library = Path(build("dss").partition(":")[2].removesuffix("*"))
    for name in ("validation-report", "xades", "xmldsig", "trusted-list"):
        (jar,) = library.glob(f"specs-{name}-*.jar")
        with zipfile.ZipFile(jar) as archive:
            archive.extractall(folder, [one for one in archive.namelist() if one.endswith(".xsd")])
    for path in (folder / "xsd").glob("*.xsd"):
        text = path.read_text("utf-8")
        for address, local in (
            (
                "http://www.w3.org/TR/2002/REC-xmldsig-core-20020212/xmldsig-core-schema.xsd",
                "xmldsig-core-schema.xsd",
            ),
            ("http://uri.etsi.org/01903/v1.3.2/XAdES.xsd", "XAdES.xsd"),
            ("http://uri.etsi.org/19612/v2.2.1/ts_119612v020201_201601xsd.xsd", "ts_119612v020101_xsd.xsd"),
            ("http://www.w3.org/2001/xml.xsd", "xml.xsd"),
        ):
            text = text.replace(address, local)
        path.write_text(text, "utf-8")
    parser = etree.XMLParser(no_network=True)
    return etree.XMLSchema(etree.parse(folder / "xsd" / "TS119102-2-v141.xsd", parser))


def verdict_of(*signatures: SignatureVerdict, indication: Indication) -> Verdict:
    return Verdict(
        verdict=indication,
        title="…",
        title_en="…",
        reasons=(reason("no-signature"),) if not signatures else (),
        signatures=signatures,
        document=DocumentFacts(size=1),
        checked_at=NOW,
    )


CERTIFICATE = Certificate(
    subject="CN=MẪU", issuer="CN=CA MẪU", issuer_name="CA MẪU", serial_number="1", not_before=NOW,
    not_after=NOW + timedelta(days=1), sha256="cd" * 32, training=True,
)  # fmt: skip


def signature(indication: Indication, sub: str | None, time: SigningTime) -> SignatureVerdict:
    return SignatureVerdict(
        kind="signature", field_name='Chữ ký <1> & "2"', verdict=indication, sub_indication=sub, title="…",
        title_en="…", reasons=(reason("revoked", time="2026"),), warnings=(reason("training"),),
        signer=Signer(name="Nguyễn Văn <b>MẪU</b> \x00"), certificate=CERTIFICATE, signing_time=time,
        claims=Claims(reason="Duyệt", name="A", contact="a@b", location="Tam Kỳ"),
    )  # fmt: skip


TIMES = [
    SigningTime(value=NOW, kind="proven", source="signature-timestamp"),
    SigningTime(value=NOW, kind="proven", source="document-timestamp"),
    SigningTime(value=NOW, kind="claimed", source="signed-attribute"),
    SigningTime(value=NOW, kind="claimed", source="dictionary"),
    SigningTime(value=None, kind="none", source="none"),
]


@pytest.mark.parametrize(
    ("indication", "sub"),
    [
        (Indication.TOTAL_PASSED, None),
        (Indication.TOTAL_FAILED, "HASH_FAILURE"),
        (Indication.INDETERMINATE, "TRY_LATER"),
        (Indication.INDETERMINATE, "GENERIC"),
    ],
)
def test_every_report_is_valid_by_the_schema(
    schema: etree.XMLSchema, indication: Indication, sub: str | None
) -> None:
    verdict = verdict_of(*(signature(indication, sub, time) for time in TIMES), indication=indication)
    report = etree.fromstring(etsi_report(verdict, SHA256))
    schema.assertValid(report)
    names = {"vr": VR}
    # One object each, however often it is referred to.
    assert len(report.findall(".//vr:ValidationObject", names)) == 2
    owner = "antin" if sub == "GENERIC" else "etsi:019102"
    said = {one.text for one in report.findall(".//vr:SubIndication", names)}
    assert said == ({f"urn:{owner}:subindication:{sub}"} if sub else set())


def test_a_document_without_signatures_has_a_report_too(schema: etree.XMLSchema) -> None:
    report = etree.fromstring(etsi_report(verdict_of(indication=Indication.NO_SIGNATURE), SHA256))
    schema.assertValid(report)


def test_only_a_proven_time_is_the_best_signature_time(schema: etree.XMLSchema) -> None:
    earlier = NOW - timedelta(days=1)
    for kind, source, best in (
        ("proven", "signature-timestamp", "2026-11-23T08:00:00Z"),
        ("claimed", "signed-attribute", "2026-11-24T08:00:00Z"),
    ):
        time = SigningTime.model_validate({"value": earlier, "kind": kind, "source": source})
        passed = Indication.TOTAL_PASSED
        report = etree.fromstring(
            etsi_report(verdict_of(signature(passed, None, time), indication=passed), SHA256)
        )
        schema.assertValid(report)
        assert report.findtext(".//vr:BestSignatureTime/vr:POETime", namespaces={"vr": VR}) == best
