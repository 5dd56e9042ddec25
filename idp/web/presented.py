"""The certificate that a browser proved it has the key of."""

from cryptography import x509

from idp.web.key_proofs import peer_certificate


def presented_certificate() -> x509.Certificate | None:
    """Of this request's TLS handshake, as the gateway says; None without one."""
    der = peer_certificate()
    return x509.load_der_x509_certificate(der) if der else None
