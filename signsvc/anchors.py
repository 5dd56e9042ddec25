"""The trust anchors of the configuration."""

from pathlib import Path

from cryptography import x509

from signsvc.pades.trust import TrustAnchors


def load_anchors(*files: Path | None) -> TrustAnchors:
    """All certificates of these PEM files; none for files that are not configured.

    Raises ValueError naming the file that cannot be read.
    """
    roots: list[x509.Certificate] = []
    for file in files:
        if file is None:
            continue
        try:
            roots += x509.load_pem_x509_certificates(file.read_bytes())
        except (OSError, ValueError) as error:
            raise ValueError(f"the trust anchors in {file} cannot be read: {error}") from error
    return TrustAnchors(roots)
