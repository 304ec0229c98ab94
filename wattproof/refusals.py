"""What a user is told when something can't be done: one line, what to do next, an exit code."""


class RefusalError(Exception):
    """An expected error: `reason` says what is wrong, `advice` what to do; exit code 1."""

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.reason} – {self.advice}" if self.advice else self.reason
