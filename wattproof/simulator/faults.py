"""The ways in which our charge points misbehave, each as the field has shown it, and numbered.

What is injected is known, so that what is found can be counted against it.
"""

from dataclasses import dataclass
from enum import Enum

BOTH = ("1.6", "2.0.1")


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """A number that stays, words for an operator, who does it, and the rules that tell of it.

    `rules` empty: nothing is wrong with what arrives, it is only late or oddly written, and the
    session must come out right.
    """

    number: int
    title: str
    versions: tuple[str, ...] = BOTH
    rules: tuple[str, ...] = ()


class Fault(Enum):
    """Every misbehaviour this simulator can do."""

    DUPLICATE_START = Misbehaviour(1, "the start is sent twice", rules=("dup_start",))
    OFFLINE_WHOLE = Misbehaviour(2, "a whole session told after an outage")
    OFFLINE_STOP = Misbehaviour(3, "the link is cut in mid-session, the rest told later")
    MISSING_STOP = Misbehaviour(4, "no stop, ever", rules=("stale_open",))
    KWH_AS_WH = Misbehaviour(5, "kWh values labelled Wh", rules=("unit_factor",))
    MIXED_UNITS = Misbehaviour(6, "kWh samples beside a register in Wh")
    STOP_ID_ZERO = Misbehaviour(
        7, "offline, then a stop with transaction id 0", ("1.6",), ("tx_id_placeholder",)
    )
    NO_ZONE = Misbehaviour(8, "times without a zone", rules=("no_zone",))
    EPOCH_START = Misbehaviour(9, "a clock that reads 1970 at the start", rules=("epoch_stamp",))
    NOT_JSON = Misbehaviour(10, "a frame that is not JSON", rules=("not_json",))
    RECONNECT_STORM = Misbehaviour(11, "six reconnects within seconds")
    REGISTER_RESET = Misbehaviour(12, "the register restarts at 0", rules=("register_drop",))
    DUPLICATE_STOP = Misbehaviour(13, "the stop is sent twice", rules=("dup_stop",))
    ENERGY_AFTER_STOP = Misbehaviour(
        14, "a higher register told after the stop", rules=("energy_after_stop",)
    )
    CONSTANT_SEQUENCE = Misbehaviour(15, "every seqNo is 0", ("2.0.1",))
    BEGIN_PLACEHOLDER = Misbehaviour(
        16, "a begin register of 0 beside a lifetime register", ("2.0.1",), ("begin_placeholder",)
    )
    NUMERIC_MESSAGE_ID = Misbehaviour(17, "message ids as numbers", ("1.6",), ("msgid_numeric",))
    LONG_ID_TAG = Misbehaviour(
        18, "a 26-character card number at the stop", ("1.6",), ("id_token_too_long",)
    )
    LOST_START = Misbehaviour(19, "a stop whose start was lost", rules=("orphan_stop",))

    @property
    def cuts_the_link(self) -> bool:
        """Whether the session needs an outage of its station."""
        return self in {Fault.OFFLINE_WHOLE, Fault.OFFLINE_STOP, Fault.STOP_ID_ZERO}
