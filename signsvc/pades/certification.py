"""Does a certification signature in the document allow more signatures (ISO 32000-2 §12.8.2.2)?"""

from pyhanko.pdf_utils.rw_common import PdfHandler
from pyhanko.sign.fields import MDPPerm

from signsvc.pades.errors import DocumentRefused
from signsvc.pades.objects import entry
from signsvc.pades.reading import CERTIFIED


def check_changes_allowed(handler: PdfHandler) -> None:
    """Raise DocumentRefused when a certification signature forbids any change (DocMDP, P 1).

    Only the signature that /Perms names certifies; reading others would cost milliseconds each.
    """
    signature = entry(entry(handler.root, "/Perms", {}), "/DocMDP", {})
    for item in entry(signature, "/Reference", ()):
        reference = item.get_object()
        if entry(reference, "/TransformMethod") != "/DocMDP":
            continue
        if entry(entry(reference, "/TransformParams", {}), "/P", 2) == MDPPerm.NO_CHANGES.value:
            raise DocumentRefused((CERTIFIED,))
