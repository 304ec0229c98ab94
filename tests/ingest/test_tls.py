"""wss: a certificate made here, TLS 1.2 or newer, nothing older and nothing plain."""

import datetime as dt
import ssl
import warnings
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from service_on_loopback import assert_clean, call, charger, logged, operate, running, station

from ingest.server import Config


def self_signed(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    paths = folder / "server.pem", folder / "server.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_wss(tmp_path: Path, version: ssl.TLSVersion) -> None:
    operate(tmp_path, station("CP1"))
    certificate, key = self_signed(tmp_path)
    config = Config(tls_port=0, certificate=certificate, key=key)
    context = trusting()
    context.minimum_version = context.maximum_version = version
    async with running(tmp_path, config) as service:
        assert service.plain_port == 0
        async with charger(service, tls=context) as socket:
            assert (await call(socket, "Heartbeat", {}))[0] == 3
            big = {"vendorId": "x", "data": "y" * 1_000_000}
            assert (await call(socket, "DataTransfer", big))[0] == 3
    assert_clean(tmp_path)
    assert b'"tls":true' in b"".join(payload for _, payload in logged(tmp_path))


async def test_an_old_tls_is_refused(tmp_path: Path) -> None:
    operate(tmp_path, station("CP1"))
    certificate, key = self_signed(tmp_path)
    config = Config(tls_port=0, certificate=certificate, key=key, legacy_tls=True)
    context = trusting()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    async with running(tmp_path, config) as service:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            async with charger(service, tls=context):
                pass
