"""Verify CDRs: what each claims against what its tariff, periods, stamps and signatures give.

Knows how wire objects become what `billing.verify` asks for, and where on the wire each answer
stands. Refuses to judge: `billing.verify` does.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.cdr import CDR
from billing.policy import PricingPolicy
from billing.tariff import Tariff
from billing.verify.consistency import CURRENCY_DIFFERS, TIME_WITHOUT_ENERGY, UNKNOWN_DIMENSION
from billing.verify.identity import Named
from billing.verify.reckoning import TOTAL
from billing.verify.report import ZERO, Check, Explanation, Group, Kind, Place, Report, Side
from billing.verify.verify import Known
from billing.verify.verify import verify as report_on
from ingest.protocols.ocpi import MalformedObjectError, Note, Wire
from ingest.protocols.ocpi.errors import Problem
from ingest.protocols.ocpi.guess import version_of
from ingest.protocols.ocpi.priceable import read_priceable_tariff
from wattproof.pricing.reading import (
    Policy,
    Reading,
    Tariffs,
    UnpriceableError,
    chosen,
    parsed,
    reading,
    tariffs_of,
)
from wattproof.pricing.repeats import CODE, Repeats, id_of, rows_of
from wattproof.pricing.signatures import signature_checks
from wattproof.refusals import RefusalError


@dataclass(frozen=True, slots=True)
class Verified:
    """A report with what was read: `checks` are its rows, `pointer` says where each stands."""

    version: str
    wire: Wire
    cdr: CDR
    zone: ZoneInfo
    report: Report
    notes: tuple[Note, ...]

    @property
    def partner(self) -> str:
        """Who claims it: `NL-ABC`; 2.1.1 does not say."""
        return "-".join(part for part in (self.cdr.country_code, self.cdr.party_id) if part)

    @property
    def kind(self) -> Kind:
        """The worst that is to be said of its money; parts are rounded so that they add up."""
        if any(one.cause == CODE for one in self.report.checks):
            return Kind.MISTAKE
        kinds = [
            one.kind
            for one in self.report.checks
            if one.group is Group.COST and (one.field == TOTAL or one.kind is not Kind.ROUNDING)
        ]
        judged = [kind for kind in kinds if kind is not Kind.NOT_CHECKED]
        order = list(Kind)
        return max(judged, key=order.index) if judged else Kind.NOT_CHECKED

    def pointer(self, check: Check) -> str:
        """The JSON pointer of a row, in the shape this very object has."""
        place = check.place
        if self.version == "2.1.1":
            place = tuple("stop_date_time" if one == "end_date_time" else one for one in place)
        if place[:1] == ("tariffs",):
            place = self._in_tariff(place)
        path = "".join(f"/{part}" for part in place)
        return path + (self._side(place, check.side) if check.side else "")

    def _in_tariff(self, place: Place) -> Place:
        if self.version != "2.3.0":
            return place
        names = {"excl_vat": "before_taxes", "incl_vat": "after_taxes"}
        return tuple(names.get(one, one) if isinstance(one, str) else one for one in place)

    def _side(self, place: Place, side: Side) -> str:
        price = self.wire.get(str(place[0]))
        if not isinstance(price, dict):
            return ""
        if "excl_vat" in price:
            return "/excl_vat" if side is Side.BEFORE_TAX else "/incl_vat"
        return "/before_taxes" if side is Side.BEFORE_TAX else "/taxes"


@dataclass(frozen=True, slots=True)
class Terms:
    """How to verify: everything beside the CDR. `tariffs`: as we hold them, wire objects."""

    tariffs: Sequence[Wire] = ()
    time_zone: str = ""
    policy: Policy = None
    ocpi: str = ""
    tolerance: Decimal = ZERO
    max_power_kw: Decimal | None = None
    public_key: str = ""

    def told(
        self,
        tariff: Tariffs,
        time_zone: str | None,
        policy: Policy,
        ocpi: str,
    ) -> "Terms":
        """These terms, but for what is given in their place."""
        held = self.tariffs
        if tariff is not None:
            held = tariffs_of(tariff)
        return replace(
            self,
            tariffs=held,
            time_zone=time_zone or self.time_zone,
            policy=self.policy if policy is None else policy,
            ocpi=ocpi or self.ocpi,
        )


DEFAULT_TERMS = Terms()


def verify(
    cdr: Wire | str | bytes,
    terms: Terms = DEFAULT_TERMS,
    *,
    tariff: Tariffs = None,
    time_zone: str | None = None,
    policy: Policy = None,
    ocpi: str = "",
) -> Verified:
    """Verify a CDR of OCPI 2.1.1, 2.2.1 or 2.3.0: JSON text, or a dict with Decimal numbers.

    With `tariff` the version we hold is what counts: by its owner and id, or whatever its id where
    it is the only one. `time_zone`, `policy` and `ocpi` as of `price`; `terms` can say these and
    more, and what is given beside them goes first. Raises UnpriceableError with JSON pointers, or
    RefusalError.
    """
    terms = terms.told(tariff, time_zone, policy, ocpi)
    return _verified(cdr, terms, chosen(terms.policy), _held(terms))


def verify_many(
    cdrs: Iterable[Wire | str | bytes],
    terms: Terms = DEFAULT_TERMS,
    *,
    tariff: Tariffs = None,
    time_zone: str | None = None,
    policy: Policy = None,
    ocpi: str = "",
    places: Iterable[str] | None = None,
) -> Iterator[Verified | RefusalError]:
    """For each CDR its report, or why there is none. Options as of `verify`.

    A CDR that came before is owed nothing: its whole amount is at stake, cause duplicate_cdr.
    `places` are what it calls them: `line 7`, else `row 0` and so on. A refusal's `about` is the
    CDR's id. Raises RefusalError at once for bad terms.
    """
    terms = terms.told(tariff, time_zone, policy, ocpi)
    decided, held, repeats = chosen(terms.policy), _held(terms), Repeats()

    def one(cdr: Wire | str | bytes, place: str) -> Verified | RefusalError:
        name = ""
        try:
            wire = parsed(cdr)
            name, again = id_of(wire), repeats.told(wire, place)
            found = _verified(wire, terms, decided, held)
        except RefusalError as refusal:
            refusal.about = name
            return refusal
        return _repeated(found, again) if again else found

    return map(one, cdrs, places or rows_of())


def _repeated(found: Verified, message: str) -> Verified:
    """A report on a CDR that was claimed before: whatever it comes to, nothing is owed for it."""
    report = found.report
    check = Check(
        Group.COST,
        "id",
        Kind.MISTAKE,
        ("id",),
        claimed=report.claimed,
        computed=ZERO,
        unit=report.currency,
        cause=CODE,
        message=message,
    )
    why = Explanation(Kind.MISTAKE, CODE, message)
    told = replace(report, checks=(check, *report.checks), computed=ZERO, explanation=why)
    return replace(found, report=told)


def _held(terms: Terms) -> tuple[Tariff, ...]:
    """The tariffs we hold, read once. Raises UnpriceableError."""
    found = []
    for place, wire in enumerate(tariffs_of(terms.tariffs)):
        try:
            tariff, _ = read_priceable_tariff(terms.ocpi or version_of(wire, "Tariff"), wire)
        except MalformedObjectError as error:
            problems = [Problem(f"/{place}{one.pointer}", one.message) for one in error.problems]
            raise UnpriceableError("Tariff", problems, "correct it") from None
        found.append(tariff)
    return tuple(found)


def _verified(
    cdr: Wire | str | bytes, terms: Terms, policy: PricingPolicy, held: tuple[Tariff, ...]
) -> Verified:
    wire = parsed(cdr)
    if wire.get("total_cost") is None:
        raise UnpriceableError(
            "CDR", [Problem("/total_cost", "required field missing")], "nothing is claimed"
        )
    read, known = _read(wire, terms, policy, held)
    report = report_on(read.cdr, read.zone, known)
    checks = [_stated(check, wire) for check in report.checks if not _rests_on_nothing(check, wire)]
    checks += signature_checks(wire, read.cdr, terms.public_key)
    report = replace(report, checks=tuple(checks))
    notes = tuple(one for one in read.notes if one.code != CURRENCY_DIFFERS)  # a row says it
    return Verified(read.version, wire, read.cdr, read.zone, report, notes)


def _read(
    wire: Wire, terms: Terms, policy: PricingPolicy, held: tuple[Tariff, ...]
) -> tuple[Reading, Known]:
    """The CDR with its own tariffs beside ours; or under ours, where it has none of them."""
    listed = wire.get("tariffs")
    own = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    names = [Named(*(str(one.get(name) or "") for name in Named._fields)) for one in own]
    meant = any(name.means(one) for name in names for one in held)
    alone = len(held) == 1 and all(name.may_own(held[0]) for name in names)
    instead = held and not meant and (not own or alone)
    read = reading(
        wire,
        tariff=terms.tariffs if instead else None,
        time_zone=terms.time_zone,
        ocpi=terms.ocpi,
        policy=policy,
    )
    known = Known(
        held=() if instead else held,
        policy=read.policy,
        tolerance=terms.tolerance,
        max_power_kw=terms.max_power_kw,
        replaced=_readable(own, terms.ocpi) if instead else (),
        in_place=bool(instead),
        unreadable=[
            (_place(one.pointer), one.message)
            for one in read.notes
            if one.code == UNKNOWN_DIMENSION
        ],
    )
    return read, known


def _place(pointer: str) -> Place:
    return tuple(int(one) if one.isdecimal() else one for one in pointer.split("/")[1:])


def _readable(own: Sequence[Wire], ocpi: str) -> list[Tariff]:
    """The tariffs of a CDR that can be read: those it was not priced by only explain its claim."""
    found = []
    for wire in own:
        try:
            found.append(read_priceable_tariff(ocpi or version_of(wire, "Tariff"), wire)[0])
        except MalformedObjectError:
            continue  # what cannot be read explains nothing
    return found


def _rests_on_nothing(check: Check, wire: Wire) -> bool:
    """Whether a remark takes a total that is missing for one of zero."""
    return check.cause == TIME_WITHOUT_ENERGY and wire.get("total_energy") is None


def _stated(check: Check, wire: Wire) -> Check:
    """The row; of a quantity that the CDR leaves out, that it does."""
    quantity = check.group in {Group.QUANTITY, Group.SIGNED} and check.claimed is not None
    if not quantity or wire.get(check.field) is not None:
        return check
    return replace(
        check,
        kind=Kind.NOT_CHECKED,
        claimed=None,
        computed=check.computed or None,
        cause="not_stated",
        message=f"the CDR states no {check.field}",
    )
