"""The TLS context of the charger listener: 1.2 or newer, the four suites OCPP names, no more."""

import ssl
from pathlib import Path

SUITES = "ECDHE+AESGCM"
LEGACY_SUITES = "ECDHE+AESGCM:AES128-GCM-SHA256:AES256-GCM-SHA384"


def server_context(certificate: Path, key: Path, *, legacy: bool = False) -> ssl.SSLContext:
    """A context for PEM files of a certificate chain and its key.

    `legacy` adds the two static-RSA suites of OCPP's security profiles (OCPP 1.6 security white
    paper A00.FR.317), which old chargers need and modern defaults leave out. Raises OSError where
    a file can't be read, ssl.SSLError where it holds no certificate or key.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_ciphers(LEGACY_SUITES if legacy else SUITES)
    context.load_cert_chain(certificate, key)
    return context
