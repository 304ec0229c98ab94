"""The CDR that a charge would yield: metered, cut, priced and written down as every other one.

The same `billing.cdr.derive` that bills real sessions; who charged and where are examples. The
current of a charge is its power at a nominal voltage: 230 V AC, 400 V DC.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from uuid import UUID, uuid5

from billing.cdr import CDR, Context, Rejection, derive
from billing.finding import Finding, Source
from billing.generate.profile import Profile, readings
from billing.generate.reservation import Reservation, with_reservation
from billing.money import round_to
from billing.party import EVSE, Connector, Location, Party, Role, Token
from billing.policy import DEFAULT_POLICY, PricingPolicy
from billing.price import price
from billing.schedule import prepare
from billing.session import Activity, ActivityChange, CurrentSample, PowerSample, Register
from billing.tariff import Tariff

NAME = "EXAMPLE"
_SOURCE = Source("generated", 0)
_NAMESPACE = UUID("3d8f6c0e-55a3-5a0f-9d0e-0b7a2f1c9e44")
_WIRE = Decimal("0.0001")
_MOST_AC_KW, _ONE_PHASE_KW = Decimal("43.5"), Decimal("7.4")
AC_VOLT, DC_VOLT = 230, 400


@dataclass(frozen=True, slots=True)
class Charge:
    """A profile as a session that can be billed: a `billing.billable.Billable`."""

    profile: Profile
    id: str
    registers: tuple[Register, ...]
    activity: tuple[ActivityChange, ...]
    power: tuple[PowerSample, ...]
    version: int = 1
    station: str = NAME
    evse: int = 1
    connector: int = 1
    protocol: str = "ocpp2.0.1"
    id_token: str = NAME
    held: bool = False
    findings: tuple[Finding, ...] = ()
    signed_values: tuple[str, ...] = ()
    current: tuple[CurrentSample, ...] = ()
    """Empty: `_with_currents` says what goes with a power."""

    @property
    def start_at(self) -> datetime:
        """UTC."""
        return self.profile.start_at

    @property
    def end_at(self) -> datetime:
        """UTC."""
        return self.profile.end_at

    @property
    def emitted_at(self) -> datetime:
        """The CDR is written when the vehicle leaves."""
        return self.profile.end_at

    @property
    def energy_wh(self) -> Decimal:
        """What the last register says."""
        return self.registers[-1].wh


def charge(profile: Profile) -> Charge:
    """The profile with registers each minute, power and activity at each change of power."""
    registers = tuple(Register(at, wh, _SOURCE) for at, wh in readings(profile))
    changes: list[ActivityChange] = []
    samples: list[PowerSample] = []
    at = profile.start_at
    for one in profile.stretches:
        doing = Activity.CHARGING if one.kw else Activity.PARKED
        if not changes or changes[-1].activity is not doing:
            changes.append(ActivityChange(at, doing, "profile", _SOURCE))
        samples.append(PowerSample(at, one.kw * 1000))
        at += one.duration
    name = f"{profile.start_at.isoformat()} {profile.curve!r} {profile.parked!r}"
    return Charge(
        profile,
        str(uuid5(_NAMESPACE, name)),
        registers,
        tuple(changes),
        tuple(samples),
    )


def generate(
    tariff: Tariff,
    profile: Profile,
    zone: str,
    *,
    policy: PricingPolicy = DEFAULT_POLICY,
    held: Reservation | None = None,
) -> CDR | Rejection:
    """The CDR of the charge under the tariff, at a site whose clock is `zone`'s; or why there is
    none. The same arguments give the same CDR, ids included.

    `held` is the reservation before it; of one that expired the profile is who and where, no more.
    """
    cdr = _charged(tariff, profile, zone, policy)
    if held is None or isinstance(cdr, Rejection):
        return cdr
    return with_reservation(cdr, held, tariff, zone, policy)


def _charged(tariff: Tariff, profile: Profile, zone: str, policy: PricingPolicy) -> CDR | Rejection:
    session, context = charge(profile), example(tariff, profile, zone)
    if not prepare(tariff, zone, policy).thresholds.current:
        return derive(session, context, policy)
    volt = AC_VOLT if context.connector and context.connector.power_type != "DC" else DC_VOLT
    by_power = derive(session, replace(context, tariff=in_power(tariff, volt)), policy)
    if isinstance(by_power, Rejection):
        return by_power
    return _with_currents(by_power, tariff, (volt, zone, policy))


def in_power(tariff: Tariff, volt: int) -> Tariff:
    """The tariff with its bounds of current (A, summed over phases) as bounds of power: where a
    charge at a nominal voltage is cut.
    """
    elements = []
    for one in tariff.elements:
        limits, kw_per_a = one.restrictions, Decimal(volt) / 1000
        low = [limits.min_power, limits.min_current and limits.min_current * kw_per_a]
        high = [limits.max_power, limits.max_current and limits.max_current * kw_per_a]
        bounds = replace(
            limits,
            min_power=max((kw for kw in low if kw is not None), default=None),
            max_power=min((kw for kw in high if kw is not None), default=None),
            min_current=None,
            max_current=None,
        )
        elements.append(replace(one, restrictions=bounds))
    return replace(tariff, elements=tuple(elements))


def _with_currents(cdr: CDR, tariff: Tariff, how: tuple[int, str, PricingPolicy]) -> CDR:
    """The CDR under the tariff itself, its periods with the currents that go with their powers."""
    volt, zone, policy = how
    periods = tuple(
        replace(
            one,
            min_current_a=_ampere(one.min_power_kw, volt),
            max_current_a=_ampere(one.max_power_kw, volt),
        )
        for one in cdr.periods
    )
    receipt = price(
        periods, (tariff,), zone, start_at=cdr.start_at, end_at=cdr.end_at, policy=policy
    )
    return replace(cdr, tariffs=(tariff,), periods=periods, receipt=receipt)


def _ampere(kw: Decimal | None, volt: int) -> Decimal | None:
    """Current on the four decimals that a CDR can carry."""
    return None if kw is None else round_to(kw * 1000 / volt, _WIRE)


def example(tariff: Tariff, profile: Profile, zone: str) -> Context:
    """Everyone and everything a CDR names, made up around the tariff's own party."""
    country, party = tariff.country_code or "NL", tariff.party_id or "EXA"
    outlet = connector(max((one.kw for one in profile.curve), default=Decimal(11)))
    evse = EVSE(f"{NAME}-1", f"{country}*{party}*E1", 1, (outlet,))
    return Context(
        seller=Party(country, party, Role.CPO, "Example CPO"),
        buyer=Party(country, party, Role.EMSP, "Example eMSP"),
        token=Token(NAME, "RFID", f"{country}-{party}", f"{country}-{party}-C00000001"),
        location=Location(
            country,
            party,
            NAME,
            "Example site",
            "Example street 1",
            "Example",
            "1000",
            "NLD",
            "52.370000",
            "4.900000",
            zone,
            datetime(2000, 1, 1, tzinfo=UTC),
        ),
        evse=evse,
        connector=outlet,
        tariff=tariff,
    )


def connector(kw: Decimal) -> Connector:
    """One that delivers this power: a socket up to what AC can, else a DC cable."""
    whole = kw.to_integral_value(ROUND_CEILING)
    watt = kw * 1000
    if kw > _MOST_AC_KW:
        ampere = int((watt / DC_VOLT).to_integral_value(ROUND_CEILING))
        return Connector(1, "IEC_62196_T2_COMBO", "CABLE", "DC", DC_VOLT, ampere, whole)
    phases, kind = (1, "AC_1_PHASE") if kw <= _ONE_PHASE_KW else (3, "AC_3_PHASE")
    ampere = int((watt / (AC_VOLT * phases)).to_integral_value(ROUND_CEILING))
    return Connector(1, "IEC_62196_T2", "SOCKET", kind, AC_VOLT, ampere, whole)
