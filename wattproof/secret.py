"""Secrets for machines: made here, shown once, kept only as hashes."""

import os
import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

from warehouse.registry.passwords import hash_password


def new_password() -> str:
    """A charger's password: 32 letters and digits (OCPP security whitepaper: 16 to 40)."""
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
    return "".join(secrets.choice(alphabet) for _ in range(32))


def new_token() -> str:
    """A 256-bit key, as 43 letters, digits, - and _."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """SHA-256 in hexadecimal: enough for a secret of 256 bits."""
    return sha256(token.encode()).hexdigest()


def hash_passwords(passwords: Sequence[str]) -> Iterator[str]:
    """Salted hashes in order, on every core: ten thousand take a minute, not two."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(hash_password, passwords)
