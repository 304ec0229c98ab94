"""A charge detail record: a session, its price and everything as it stood when it started.

Immutable. A correction is a credit CDR (a copy whose total_cost is negative) and a new CDR.
Knows how a session becomes a CDR, or why it cannot: nothing vanishes. Refuses to look anything up:
what it needs comes as a Context. OCPI 2.2.1 mod_cdrs; `ingest.protocols.ocpi.<version>.cdrs`
writes each wire form.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import sha1
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from billing.billable import Billable
from billing.cut import cut
from billing.finding import Severity
from billing.money import EXACT, GRAIN, UnknownCurrency, minor_unit, round_to
from billing.mould import mould
from billing.party import EVSE, Connector, Location, Party, Token
from billing.period import ChargingPeriod
from billing.policy import DEFAULT_POLICY, PricingPolicy
from billing.price import price
from billing.receipt import Amount, Receipt
from billing.record import Shared
from billing.schedule import Phase
from billing.tariff import ENERGY, PARKING_TIME, TIME, Dimension, Tariff
from billing.volume import phase_of, seconds_of, times

OVERTIME = Phase.OVERTIME


@dataclass(frozen=True, slots=True)
class CDR:
    """What a party is charged for one session version.

    `id` is at most 36 characters, a credit's too. `total_energy_kwh`, `total_time_h` and
    `total_parking_time_h` are exact (hours to 1E-12); the wire rounds to 4 decimals. A credit is
    the credited CDR, receipt and all, with an id of its own: only `total_cost` is negative.
    """

    country_code: str
    party_id: str
    id: str
    session_id: str
    session_version: int
    start_at: datetime
    end_at: datetime
    token: Shared[Token]
    auth_method: str
    authorization_reference: str
    location: Shared[Location]
    evse: Shared[EVSE]
    connector: Shared[Connector]
    meter_id: str
    currency: str
    tariffs: tuple[Shared[Tariff], ...]
    periods: tuple[ChargingPeriod, ...]
    receipt: Receipt
    total_energy_kwh: Decimal
    total_time_h: Decimal
    total_parking_time_h: Decimal
    signed_values: tuple[str, ...]
    remark: str
    credit: bool
    credit_reference_id: str
    last_updated: datetime
    """The log time at which it came to be (UTC)."""

    @property
    def sign(self) -> int:
        """−1 for a credit: what sums of energy and money multiply by."""
        return -1 if self.credit else 1

    @property
    def total_cost(self) -> Amount:
        """What the party owes for it, rounded: the receipt's total, negative on a credit."""
        return _negative(self.receipt.total) if self.credit else self.receipt.total

    @property
    def exact_cost(self) -> Amount:
        """`total_cost` before rounding."""
        return _negative(self.receipt.exact_total) if self.credit else self.receipt.exact_total


_new_cdr = mould(CDR)


def _negative(amount: Amount) -> Amount:
    return Amount(-amount.net, tuple((rate, -tax) for rate, tax in amount.taxes))


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a session version made no CDR: a stable rule and a sentence finance can act on."""

    session_id: str
    version: int
    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Context:
    """What was known, when the session started, about everyone and everything it involved.

    None is what could not be found. `zone` is the configured time zone of the site, used where the
    location names none. `buyer` is the party that pays: the token's.
    """

    seller: Party
    buyer: Party | None
    token: Token | None
    location: Location | None
    evse: EVSE | None
    connector: Connector | None
    tariff: Tariff | None
    zone: str = ""
    auth_method: str = "WHITELIST"
    """OCPI AuthMethod: we answer Authorize from our own list."""
    authorization_reference: str = ""
    meter_id: str = ""


def zone_name(location: str, site: str, policy: PricingPolicy) -> str:
    """The time zone that counts: policy zone_source; empty where neither is known."""
    if policy.zone_source == "site_then_location":
        return site or location
    return location or site


@dataclass(frozen=True, slots=True)
class Ready:
    """A session that nothing keeps from being priced: cut into periods, by its site's clock."""

    session: Billable
    context: Context
    tariff: Tariff
    zone: ZoneInfo
    policy: PricingPolicy
    periods: tuple[ChargingPeriod, ...]


def derive(
    session: Billable, context: Context, policy: PricingPolicy = DEFAULT_POLICY
) -> CDR | Rejection:
    """The CDR of a session version; or the first reason, in order of `_REASONS`, why not."""
    found = ready(session, context, policy)
    if isinstance(found, Rejection):
        return found
    try:
        receipt = price(
            found.periods,
            (found.tariff,),
            found.zone,
            start_at=session.start_at,
            end_at=session.end_at,
            policy=policy,
        )
    except (ArithmeticError, ValueError) as error:
        return not_priceable(session, error)
    return billed(found, receipt)


def ready(
    session: Billable, context: Context, policy: PricingPolicy = DEFAULT_POLICY
) -> Ready | Rejection:
    """The session cut into periods, ready for `billing.price` or `billing.bulk`; or why not."""
    refused = _refusal(session, context)
    if refused is not None:
        rule, message = refused
        return Rejection(session.id, session.version, rule, message)
    location, tariff = context.location, context.tariff
    assert location is not None, "refused above"
    assert tariff is not None, "refused above"
    zone = _zone_named(zone_name(location.time_zone, context.zone, policy))
    try:
        periods = cut(session, tariff, zone, policy)
    except (ArithmeticError, ValueError) as error:
        return not_priceable(session, error)
    assert sum([one.energy_wh for one in periods], Decimal(0)) == session.energy_wh
    return _new_ready(
        session=session, context=context, tariff=tariff, zone=zone, policy=policy, periods=periods
    )


def not_priceable(session: Billable, error: Exception) -> Rejection:
    """Why numbers out of this world make no CDR."""
    message = f"the tariff's numbers cannot be reckoned with: {type(error).__name__}: {error}"
    return Rejection(session.id, session.version, "not_priceable", message)


def billed(found: Ready, receipt: Receipt) -> CDR | Rejection:
    """The CDR of a session with its receipt; unless a policy holds energy that has no price."""
    session = found.session
    held = found.policy.unpriced_dimension == "held" and _prices_energy(found.tariff)
    if held and _energy_is_free(found.periods, receipt):
        message = f"tariff {found.tariff.id} prices energy, but not all that was delivered here"
        return Rejection(session.id, session.version, "energy_unpriced", message)
    return _cdr(found, receipt)


def _prices_energy(tariff: Tariff) -> bool:
    return any(part.dimension is ENERGY for one in tariff.elements for part in one.components)


def _energy_is_free(periods: Sequence[ChargingPeriod], receipt: Receipt) -> bool:
    """Whether some of a period's energy met no price component."""
    kwh = dict.fromkeys([one.ordinal for one in periods], Decimal(0))
    for one in receipt.lines:
        if one.dimension is ENERGY:
            kwh[one.period] += one.measured
    return any(one.energy_wh != EXACT.multiply(kwh[one.ordinal], _WH_PER_KWH) for one in periods)


def _cdr(found: Ready, receipt: Receipt) -> CDR:
    session, context, periods = found.session, found.context, found.periods
    token, location = context.token, context.location
    evse, connector = context.evse, context.connector
    assert token is not None, "refused before"
    assert location is not None, "refused before"
    assert evse is not None, "refused before"
    assert connector is not None, "refused before"
    return _new_cdr(
        country_code=context.seller.country_code,
        party_id=context.seller.party_id,
        id=cdr_id(session.id, session.version),
        session_id=session.id,
        session_version=session.version,
        start_at=session.start_at,
        end_at=session.end_at,
        token=token,
        auth_method=context.auth_method,
        authorization_reference=context.authorization_reference,
        location=location,
        evse=evse,
        connector=connector,
        meter_id=context.meter_id,
        currency=found.tariff.currency,
        tariffs=(found.tariff,),
        periods=periods,
        receipt=receipt,
        total_energy_kwh=_kwh(session),
        total_time_h=total_time_h(periods, session.start_at, session.end_at, found.policy),
        total_parking_time_h=total_parking_time_h(periods),
        signed_values=session.signed_values,
        remark="",
        credit=False,
        credit_reference_id="",
        last_updated=session.emitted_at,
    )


_new_ready = mould(Ready)


def _refusal(session: Billable, context: Context) -> tuple[str, str] | None:
    """(rule, sentence) of the first thing that keeps the session from being billed."""
    for rule, refuse in _REASONS:
        message = refuse(session, context)
        if message:
            return rule, message
    return None


def _held(session: Billable, _: Context) -> str:
    if not session.held:
        return ""
    rules = sorted({one.rule for one in session.findings if one.severity is Severity.HOLD})
    return f"held until somebody decides: {', '.join(rules) or 'no rule given'}"


def _time(session: Billable, _: Context) -> str:
    if session.end_at >= session.start_at:
        return ""
    return f"it ends ({session.end_at:%F %T}) before it starts ({session.start_at:%F %T})"


def _energy(session: Billable, _: Context) -> str:
    if session.energy_wh is not None:
        return ""
    return "no reading says how much energy was delivered"


def _token(session: Billable, context: Context) -> str:
    if not session.id_token:
        return "no token was presented, so nobody can be charged"
    return "" if context.token else f"token {session.id_token} is not known to us"


def _buyer(_: Billable, context: Context) -> str:
    named = context.token.party if context.token else ""
    return "" if context.buyer else f"party {named or '(none)'} of the token is not known to us"


def _location(session: Billable, context: Context) -> str:
    return "" if context.location else f"station {session.station} stands at no known location"


def _connector(session: Billable, context: Context) -> str:
    if context.evse and context.connector:
        return ""
    where = f"EVSE {session.evse}, connector {session.connector}"
    return f"station {session.station} has no {where}"


def _zone(_: Billable, context: Context) -> str:
    named = [context.location.time_zone if context.location else "", context.zone]
    if not any(named):
        return "neither the location nor the site names a time zone"
    for name in filter(None, named):
        try:
            _zone_named(name)
        except (KeyError, ValueError, OSError):
            return f"time zone {name} does not exist"
    return ""


def _tariff(session: Billable, context: Context) -> str:
    if context.tariff is None:
        return f"no tariff was in force on {session.start_at:%F %T} UTC"
    try:
        minor_unit(context.tariff.currency)
    except UnknownCurrency as error:
        return f"tariff {context.tariff.id}: {error}"
    if not context.tariff.elements:
        return f"tariff {context.tariff.id} has no elements"
    return ""


_zone_named = lru_cache(maxsize=1_024)(ZoneInfo)


_REASONS: tuple[tuple[str, Callable[[Billable, Context], str]], ...] = (
    ("session_held", _held),
    ("time_impossible", _time),
    ("energy_unknown", _energy),
    ("token_unknown", _token),
    ("party_unknown", _buyer),
    ("location_unknown", _location),
    ("connector_unknown", _connector),
    ("zone_unknown", _zone),
    ("tariff_missing", _tariff),
)


def credit(cdr: CDR, at: datetime) -> CDR:
    """The credit CDR of a CDR: a copy that says it takes the other back. `at` is log time (UTC)."""
    assert not cdr.credit, "a credit is never credited: issue a new CDR"
    return replace(
        cdr,
        id=str(uuid5(UUID(cdr.id), "credit")),
        credit=True,
        credit_reference_id=cdr.id,
        last_updated=at,
    )


def supersede(previous: CDR | None, new: CDR | Rejection) -> tuple[CDR, ...]:
    """The CDRs that a new session version brings, after the last one that was billed.

    Nothing billed yet: the new one. The same bill: none. Another bill: a credit of the previous one
    and the new one. A rejection brings none, and leaves what was billed standing: a human decides.
    """
    if isinstance(new, Rejection):
        return ()
    if previous is None:
        return (new,)
    if bill(previous) == bill(new):
        return ()
    return credit(previous, new.last_updated), new


def bill(cdr: CDR) -> tuple[object, ...]:
    """What the payer sees and pays for: two CDRs with the same bill are not worth a correction."""
    return *charged(cdr), tuple((tariff.id, tariff.last_updated) for tariff in cdr.tariffs)


def charged(cdr: CDR) -> tuple[object, ...]:
    """The bill without the tariff it names: for what, and how much."""
    return (
        (cdr.token.party, cdr.token.uid, cdr.token.contract_id),
        (cdr.location.id, cdr.evse.uid, cdr.connector.id),
        (cdr.start_at, cdr.end_at),
        (cdr.total_energy_kwh, cdr.total_time_h, cdr.total_parking_time_h),
        (cdr.currency, cdr.receipt.total, cdr.receipt.totals),
    )


_NAMESPACE = UUID("8a1f8a52-8fd0-5c2b-9b8e-5b6a0f3f6c11")
"""Ours alone, so that nobody else's session id gives the same CDR id."""


def cdr_id(session_id: str, version: int) -> str:
    """36 characters, the same for the same session version everywhere and always."""
    name = f"{session_id}:{version}".encode()
    number = int.from_bytes(sha1(_NAMESPACE.bytes + name, usedforsecurity=False).digest()[:16])
    text = f"{number & _OTHER_BITS | _UUID5_BITS:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


_UUID5_BITS, _OTHER_BITS = 5 << 76 | 2 << 62, ~(0xF << 76 | 3 << 62)
"""Version and variant of RFC 9562 §5.5: this is `uuid5`, without an object for each id."""


def total_time_h(
    periods: Sequence[ChargingPeriod],
    start_at: datetime,
    end_at: datetime,
    policy: PricingPolicy = DEFAULT_POLICY,
) -> Decimal:
    """Hours, charging or not, to 1E-12: from stamp to stamp, or what the periods say (policy
    total_time_source). OCPI 2.2.1 mod_cdrs, CDR.total_time.
    """
    if policy.total_time_source == "stamps":
        return _hours(seconds_of(end_at - start_at))
    return _hours(_time_of(periods, {TIME, PARKING_TIME}))


def total_parking_time_h(periods: Sequence[ChargingPeriod]) -> Decimal:
    """Hours in which no power was asked for, to 1E-12. OCPI 2.2.1 mod_cdrs, total_parking_time."""
    return _hours(_time_of(periods, {PARKING_TIME}))


def _time_of(periods: Sequence[ChargingPeriod], wanted: set[Dimension]) -> Decimal:
    found = [
        seconds
        for period in periods
        for phase, dimension, seconds in times(period, phase_of(period))
        if dimension in wanted and phase is not OVERTIME
    ]
    return sum(found, Decimal(0))


def _kwh(session: Billable) -> Decimal:
    assert session.energy_wh is not None
    return EXACT.divide(session.energy_wh, _WH_PER_KWH)


def _hours(seconds: Decimal) -> Decimal:
    return round_to(EXACT.divide(seconds, _SECONDS_PER_HOUR), GRAIN)


_WH_PER_KWH, _SECONDS_PER_HOUR = Decimal(1000), Decimal(3600)
