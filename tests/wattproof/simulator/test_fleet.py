"""The built-in network: what is charged where."""

from decimal import Decimal

import pytest

from wattproof.simulator.fleet import fleet

VAT = {"PRT": Decimal(23), "NLD": Decimal(21)}


@pytest.mark.parametrize("stations", [8, 12, 32])
def test_a_stations_own_tariff_has_the_vat_of_its_country(stations: int) -> None:
    network = fleet(7, stations=stations)
    country = {place.id: place.country for place in network.locations}
    where = {one.station.id: country[one.station.location_id] for one in network.outlets}
    own = [tariff for tariff in network.tariffs if tariff.stations]
    for tariff in own:
        rates = {
            part["vat"] for each in tariff.tariff["elements"] for part in each["price_components"]
        }
        assert rates == {VAT[where[station]] for station in tariff.stations}, tariff.tariff["id"]
    covered = {station for tariff in own for station in tariff.stations}
    assert {station for station, land in where.items() if land == "PRT"} <= covered
