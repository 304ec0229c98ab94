"""The tamper-evident message log: the truth everything else is derived from.

C2SP tlog-tiles, tlog-checkpoint, signed-note and tlog-proof; only the entry is our own.
It knows bytes, order and signatures, and refuses to know what a message means.
"""

from warehouse.log.checkpoint import Checkpoint
from warehouse.log.entry import Entry, Record, Said, say
from warehouse.log.errors import (
    EntryInvalid,
    LogDamaged,
    LogError,
    LogLocked,
    NoteInvalid,
    ProofInvalid,
    StoreUnavailable,
)
from warehouse.log.note import Signer, Verifier, create_key, load, load_verifier
from warehouse.log.reader import LogReader, merge, merge_frame, origins, watermark
from warehouse.log.stretch import Mark, Problem
from warehouse.log.verify import Verification, Witness, verify
from warehouse.log.writer import LogWriter

__all__ = [
    "Checkpoint",
    "Entry",
    "EntryInvalid",
    "LogDamaged",
    "LogError",
    "LogLocked",
    "LogReader",
    "LogWriter",
    "Mark",
    "NoteInvalid",
    "Problem",
    "ProofInvalid",
    "Record",
    "Said",
    "Signer",
    "StoreUnavailable",
    "Verification",
    "Verifier",
    "Witness",
    "create_key",
    "load",
    "load_verifier",
    "merge",
    "merge_frame",
    "origins",
    "say",
    "verify",
    "watermark",
]
