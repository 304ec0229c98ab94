"""What can go wrong in the OCPI language: where it stands in the object, and how it is answered."""

from dataclasses import dataclass

from ingest.protocols.errors import LocalProtocolError, RemoteProtocolError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an object: a JSON pointer (RFC 6901; "" is the object), a sentence."""

    pointer: str
    message: str

    def __str__(self) -> str:
        """`/elements/0/price_components/0/price: expected a number, got "abc"`."""
        return f"{self.pointer or '/'}: {self.message}"


class MalformedObjectError(RemoteProtocolError):
    """The peer's object cannot be understood. Names every problem found, not only the first.

    Answered with OCPI 2001 under HTTP 200: the JSON itself was readable.
    """

    def __init__(self, subject: str, problems: tuple[Problem, ...]) -> None:
        self.subject = subject
        self.problems = problems
        text = "; ".join(str(problem) for problem in problems)
        super().__init__(f"{subject}: {text}", ocpi_status=2001, http_status=200)


class UnknownVersionError(LocalProtocolError):
    """An OCPI version that is not spoken here (OCPI 3002)."""

    def __init__(self, version: str, spoken: tuple[str, ...]) -> None:
        super().__init__(
            f"OCPI {version} is not spoken here; {', '.join(spoken)} are",
            ocpi_status=3002,
            http_status=200,
        )
