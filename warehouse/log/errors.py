"""What can go wrong with a log, each as one line a person can act on."""

# ruff: noqa: N818 - these are named after what is the case, as architecture.md has them


class LogError(Exception):
    """Any refusal of the log; its text is one line: what was expected, what came, where."""


class LogLocked(LogError):
    """Another process writes this origin; the text names its process id."""


class LogDamaged(LogError):
    """Files disagree with what was signed or made durable; nothing was changed."""


class StoreUnavailable(LogError):
    """The disk refused a write (full, read-only, failing). Nothing queued was lost: call again."""


class EntryInvalid(LogError, ValueError):
    """The caller's values make no entry: unknown kind, text that is no Unicode, over 1 KiB."""


class NoteInvalid(LogError, ValueError):
    """A signed note, checkpoint or key line that is malformed, unsigned or wrongly signed."""


class ProofInvalid(LogError, ValueError):
    """A proof that is malformed or does not lead to the signed root."""
