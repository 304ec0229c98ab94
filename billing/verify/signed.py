"""What the meter signed against what the CDR says: the energy between two signed registers.

Reads OCMF (SAFE-eV) and nothing else; checks no signature, which needs a key: who has one adds its
verdict. Says so where there was nothing to read.
"""

from billing.cdr import CDR
from billing.signed import read_ocmf
from billing.verify.reckoning import WIRE_GRAIN
from billing.verify.report import Check, Group, Kind

_BEGIN, _ENDS = "B", tuple("ELRAP")
"""TX of OCMF: begin; end, and the ways a transaction ends otherwise."""
_WH = 1000


def signed_energy(cdr: CDR) -> Check:
    """One row: total_energy against signed registers, or why there is no such comparison."""
    texts = cdr.signed_values
    if not texts:
        return _unchecked("no_signed_values", "the CDR carries no signed meter values")
    registers = [register for text in texts for register in read_ocmf(text)]
    begins = [one for one in registers if one.kind.startswith(_BEGIN)]
    ends = [one for one in registers if one.kind.startswith(_ENDS)]
    if not registers:
        text = f"{_count(len(texts))}, not readable as OCMF: neither energy nor signature checked"
        return _unchecked("signed_not_read", text)
    if not begins or not ends:
        missing = "begin" if not begins else "end"
        text = f"{_count(len(texts))} without a reading at the {missing}"
        return _unchecked("signed_incomplete", text)
    begin, end = begins[0], ends[-1]
    signed = (end.wh - begin.wh) / _WH
    tolerance = max(begin.step_wh, end.step_wh) / _WH
    gap = abs(cdr.total_energy_kwh - signed)
    differs = gap > max(tolerance, WIRE_GRAIN)
    text = f"signed registers: {begin.wh / _WH} kWh at the begin, {end.wh / _WH} kWh at the end"
    return Check(
        Group.SIGNED,
        "total_energy",
        Kind.UNEXPLAINED if differs else Kind.ROUNDING if gap else Kind.EXACT,
        ("signed_data",),
        claimed=cdr.total_energy_kwh,
        computed=signed,
        unit="kWh",
        tolerance=tolerance,
        cause="signed_energy_differs" if differs else "",
        message=text if differs else "",
    )


def _count(number: int) -> str:
    return "1 signed value" if number == 1 else f"{number} signed values"


def _unchecked(cause: str, message: str) -> Check:
    return Check(
        Group.SIGNED,
        "signed_data",
        Kind.NOT_CHECKED,
        ("signed_data",),
        cause=cause,
        message=message,
    )
