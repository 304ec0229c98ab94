"""Whether the signed values of a CDR were signed with a given key: OCMF with ECDSA.

A key that comes in the CDR itself shows that nothing was changed since it was signed, not who
signed: only a key from elsewhere (the meter's label, a register) does. What cannot be checked is
said, never passed over. OCMF 1.0 §4, OCPI 2.2.1 mod_cdrs, SignedData.
"""

import json
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator
from typing import Any

from billing.cdr import CDR
from billing.verify.report import Check, Group, Kind
from ingest.protocols.ocpi import Wire

_PREFIX = "OCMF|"
_CURVES = {
    "secp256r1": "SECP256R1",
    "secp256k1": "SECP256K1",
    "secp384r1": "SECP384R1",
    "secp521r1": "SECP521R1",
    "brainpool256r1": "BrainpoolP256R1",
    "brainpoolp256r1": "BrainpoolP256R1",
    "brainpool384r1": "BrainpoolP384R1",
    "brainpoolp384r1": "BrainpoolP384R1",
}
_HASHES = {"SHA256": "SHA256", "SHA384": "SHA384", "SHA512": "SHA512"}
_DER_SEQUENCE = b"\x30"
_DEFAULT_ALGORITHM = "ECDSA-secp256r1-SHA256"


def signature_checks(wire: Wire, cdr: CDR, public_key: str = "") -> Iterator[Check]:
    """A row per signed value: valid, not valid, or why that could not be told.

    `public_key` (PEM, hex or base64 of its DER, or of its point) goes before the CDR's own.
    """
    signed = wire.get("signed_data")
    own = signed.get("public_key") if isinstance(signed, dict) else None
    key = public_key or (own if isinstance(own, str) else "")
    whose = "the key given" if public_key else "the key in the CDR, which does not show whose it is"
    for number, text in enumerate(cdr.signed_values):
        kind, cause, message = _judged(text, key, whose)
        place = ("signed_data", "signed_values", number, "signed_data")
        yield Check(Group.SIGNED, "signature", kind, place, cause=cause, message=message)


def _judged(text: str, key: str, whose: str) -> tuple[Kind, str, str]:
    if not text.startswith(_PREFIX) or text.count("|") < 2:
        return Kind.NOT_CHECKED, "signature_not_ocmf", "no plain OCMF: signature not checked"
    if not key:
        return Kind.NOT_CHECKED, "no_public_key", "no public key: signature not checked"
    payload, _, tail = text.removeprefix(_PREFIX).rpartition("|")
    section = _object(tail)
    algorithm = str(section.get("SA", _DEFAULT_ALGORITHM))
    signature = _bytes(section.get("SD"), str(section.get("SE", "hex")))
    if signature is None:
        return Kind.UNEXPLAINED, "signature_unreadable", "the signature cannot be decoded"
    try:
        check = _checker(algorithm, key)
    except ValueError as error:
        return Kind.NOT_CHECKED, "signature_not_checked", f"signature not checked: {error}"
    if check(signature, payload.encode()):
        return Kind.EXACT, "", f"signature valid ({algorithm}), by {whose}"
    return Kind.UNEXPLAINED, "signature_invalid", f"signature not valid by {whose}"


def _checker(algorithm: str, key: str) -> Callable[[bytes, bytes], bool]:
    """What tells whether a signature is of a payload. Raises ValueError, saying what is unknown."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - slow to import
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    method, curve, digest = ([*algorithm.split("-"), "", ""])[:3]
    if method.upper() != "ECDSA" or curve.lower() not in _CURVES or digest not in _HASHES:
        raise ValueError(f"{algorithm[:40]} is not known here")
    public = _public_key(key, getattr(ec, _CURVES[curve.lower()])())
    scheme = ec.ECDSA(getattr(hashes, _HASHES[digest])())

    def valid(signature: bytes, payload: bytes) -> bool:
        try:
            public.verify(signature, payload, scheme)
        except InvalidSignature:
            return False
        return True

    return valid


def _public_key(text: str, curve: Any) -> Any:  # noqa: ANN401 - types of a library imported late
    """An EC key from PEM, or from hex or base64 of its DER or its point. Raises ValueError."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    joined = "".join(text.split())
    raw = _bytes(joined, "hex") or _bytes(joined, "base64") or b""
    try:
        if "BEGIN" in text:
            found = serialization.load_pem_public_key(text.encode())
        elif raw[:1] == _DER_SEQUENCE:
            found = serialization.load_der_public_key(raw)
        else:
            found = ec.EllipticCurvePublicKey.from_encoded_point(curve, raw)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(f"the public key cannot be read ({error})") from None
    if not isinstance(found, ec.EllipticCurvePublicKey) or found.curve.name != curve.name:
        raise ValueError("the public key is of another kind than the signature")
    return found


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _bytes(text: object, encoding: str) -> bytes | None:
    """Decoded; None where it is not of that encoding."""
    if not isinstance(text, str):
        return None
    try:
        return b64decode(text, validate=True) if encoding == "base64" else bytes.fromhex(text)
    except (ValueError, Base64Error):
        return None
