"""What a user is told when something can't be done: one line, what to do next, an exit code."""


class RefusalError(Exception):
    """An expected error: `reason` says what is wrong, `advice` what to do; exit code 1.

    `about` is the id of the one object of many that it is about, where that has one.
    """

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice
        self.about = ""


_ADVICE = {
    "ActionError": "correct the value and run it again; nothing was written",
    "ActionInvalidError": "correct the value and run it again; nothing was written",
    "DerivationError": "",
    "InvoicingError": "",
    "ReplayError": "",
    "TraceError": "",
    "ConfigError": "see wattproof serve --help",
    "ClockError": "see --clock-start and --clock-speed in wattproof serve --help",
    "LakeOutdatedError": "delete the folder lake beside the log and run: wattproof derive",
    "LogLocked": "wait for that process, or stop it, and run it again",
    "LogDamaged": "look closer with: wattproof audit verify",
    "StoreUnavailable": "make room or give write access, then run it again; nothing was lost",
    "NoteInvalid": "check the key and the checkpoint with: wattproof audit verify",
    "LogError": "look closer with: wattproof audit verify",
    "PermissionError": "give this user access, or use another --data folder",
    "FileNotFoundError": "check the path",
    "OSError": "check the disk and the path",
}
"""Class name of an error -> what to do. By name, so that no heavy module is imported to be told."""


def advice_for(error: Exception) -> str | None:
    """What to do about an expected error; None for one that nobody foresaw."""
    if isinstance(error, RefusalError):
        return error.advice
    names = (parent.__name__ for parent in type(error).__mro__)
    return next((_ADVICE[name] for name in names if name in _ADVICE), None)


def one_line(error: Exception) -> str:
    """The error's own words on one line."""
    return " ".join(str(error).split()) or type(error).__name__
