"""The validation policy in pyHanko's terms: anchors, algorithms, and where revocation data comes from."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from asn1crypto.crl import CertificateList
from asn1crypto.ocsp import OCSPResponse
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import find_cms_attribute_iter
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import (
    NO_REVOCATION,
    REQUIRE_REVINFO,
    CertRevTrustPolicy,
)
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer

from signsvc.pades.validation.algorithms import AlgorithmPolicy
from signsvc.pades.validation.online import OnlineSource
from signsvc.pades.validation.trust_settings import TrustSettings, load_material

_TOLERANCE = timedelta(minutes=1)
_KEY_USAGE = KeyUsageConstraints(key_usage={"non_repudiation", "digital_signature"})


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the document's security store carries."""

    ocsps: list[OCSPContainer]
    crls: list[CRLContainer]
    certificates: list[Any]


@dataclass(frozen=True, slots=True)
class Specs:
    """``first``: with the document's own data if it has any; ``online``: asking too, if that is allowed.

    ``without_status``: revocation unchecked: it never leads to a verdict by itself.
    """

    first: SignatureValidationSpec
    online: SignatureValidationSpec | None
    without_status: SignatureValidationSpec
    algorithms: AlgorithmPolicy


class Policy:
    """One a process. Raises what ``load_material`` raises."""

    def __init__(self, settings: TrustSettings) -> None:
        material = load_material(settings)
        self.settings = settings
        self.source = OnlineSource(settings)
        algorithms = AlgorithmPolicy(settings.rsa_2048_until)
        required = CertRevTrustPolicy(REQUIRE_REVINFO)
        self._signer = CertValidationPolicySpec(
            trust_manager=SimpleTrustManager.build(trust_roots=list(material.roots)),
            revinfo_policy=required,
            time_tolerance=_TOLERANCE,
            algorithm_usage_policy=algorithms,
        )
        self._tsa = replace(
            self._signer, trust_manager=SimpleTrustManager.build(trust_roots=list(material.tsa_roots))
        )
        self._algorithms = algorithms
        # The anchors too: pyHanko looks for a CRL's issuer among the known certificates.
        self._known = [*material.intermediates, *material.roots, *material.tsa_roots]

    def specs(self, evidence: Evidence) -> Specs:
        """The specifications for one document."""
        knowledge = LocalKnowledge(
            known_ocsps=evidence.ocsps,
            known_crls=evidence.crls,
            # Certificates of the document only help to build paths: none is trusted for being there.
            known_certs=evidence.certificates + self._known,
        )
        backend = self.source.for_job()
        local = SignatureValidationSpec(
            cert_validation_policy=self._signer,
            ts_cert_validation_policy=self._tsa,
            revinfo_gathering_policy=RevocationInfoGatheringSpec(
                RevinfoOnlineFetchingRule.LOCAL_ONLY, fetcher_backend=backend
            ),
            local_knowledge=knowledge,
            key_usage_settings=_KEY_USAGE,
            signature_algorithm_policy=self._algorithms,
        )
        without = replace(
            local,
            cert_validation_policy=_unchecked(self._signer),
            ts_cert_validation_policy=_unchecked(self._tsa),
        )
        if not self.source.enabled:
            return Specs(local, None, without, self._algorithms)
        online = replace(
            local,
            revinfo_gathering_policy=RevocationInfoGatheringSpec(
                RevinfoOnlineFetchingRule.NO_HISTORICAL_FETCH, fetcher_backend=backend
            ),
        )
        carried = bool(evidence.ocsps or evidence.crls)
        return Specs(local if carried else online, online if carried else None, without, self._algorithms)


def _unchecked(policy: CertValidationPolicySpec) -> CertValidationPolicySpec:
    return replace(policy, revinfo_policy=CertRevTrustPolicy(NO_REVOCATION))


def read_evidence(reader: PdfFileReader, signatures: Iterable[EmbeddedPdfSignature]) -> Evidence:
    """The document security store, and what old signatures carry in themselves (Adobe's archival attribute).

    What cannot be parsed is left out: it helps nobody.
    """
    evidence = _read_store(reader)
    for signature in signatures:
        for attribute in find_cms_attribute_iter(
            signature.signer_info["signed_attrs"], "adobe_revocation_info_archival"
        ):
            evidence.crls.extend(CRLContainer(crl) for crl in attribute["crl"])
            for answer in attribute["ocsp"]:
                evidence.ocsps.extend(OCSPContainer.load_multi(answer))
    return evidence


def _read_store(reader: PdfFileReader) -> Evidence:
    try:
        store = DocumentSecurityStore.read_dss(reader)
    except NoDSSFoundError:
        return Evidence([], [], [])
    ocsps = [
        container
        for answer in _parse(store.ocsps, OCSPResponse, DecodePurpose.OCSP_RESPONSE)
        for container in OCSPContainer.load_multi(answer)
    ]
    crls = [CRLContainer(crl) for crl in _parse(store.crls, CertificateList, DecodePurpose.CRL)]
    return Evidence(ocsps, crls, list(store.load_certs()))


def _parse(references: Iterable[Any], kind: Any, purpose: DecodePurpose) -> list[Any]:
    parsed = []
    for reference in references:
        try:
            value = kind.load(reference.get_object().read_data(purpose), strict=True)
            # asn1crypto parses lazily: touch what is used later.
            _ = value.native if kind is OCSPResponse else value["tbs_cert_list"]["issuer"].native
        except (ValueError, TypeError, KeyError):
            continue
        parsed.append(value)
    return parsed
