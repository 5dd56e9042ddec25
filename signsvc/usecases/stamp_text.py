"""The words that stand in a visible signature when the caller gives none (Decree 30/2020, Annex I)."""

from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

from policies.local_time import VIETNAM
from signsvc.usecases.wishes import OperationWish

# Part I, II.7: lines of authority are parted by this in an act.
LINE_BREAK = " / "
# Part II, I.3: the form of the copy, in lower-case letters.
COPY_WORDS = {"sao_y": "Sao y", "sao_luc": "Sao lục", "trich_sao": "Trích sao"}


def stamp_text(operation: OperationWish, certificate: bytes, now: datetime) -> str:
    """Lines parted by newlines; empty where the decree prescribes no words. ``certificate``: DER.

    Annex: number and notation, time (Part I, II.8.b). Copy and digitised document: form of the copy, name
    of the office, time (Part II, I.3). A person: the words of authority. ``now`` is shown as Vietnam's
    time, with its zone as ISO 8601 writes it.
    """
    moment = now.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S +07:00")
    match operation.name:
        case "annex":
            lines = [operation.document_number, moment]
        case "copy":
            lines = [COPY_WORDS[operation.copy_form], _organisation(certificate), moment]
        case "incoming":
            lines = [_organisation(certificate), moment]
        case "issue":
            lines = []
        case _:
            lines = operation.capacity.split(LINE_BREAK)
    return "\n".join(line for line in lines if line)


def _organisation(certificate: bytes) -> str:
    """A seal's certificate names its organisation."""
    subject = x509.load_der_x509_certificate(certificate).subject
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""
