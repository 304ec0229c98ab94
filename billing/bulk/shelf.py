"""Catalogs and tables kept from sheet to sheet, so that the same tariffs are made ready once.

Knows which sheets share their tariffs: those that hold the very same sequence of them. Refuses to
be shared between threads.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from billing.bulk.catalog import Catalog
from billing.bulk.tables import Scales, Tables, tables_of
from billing.policy import PricingPolicy
from billing.tariff import Tariff

_KEEP = 16


@dataclass(frozen=True, slots=True)
class _Laid:
    """Tables, and what the catalog held when they were made: it only grows."""

    catalog: Catalog
    state: tuple[object, ...]
    tables: Tables


@dataclass(slots=True)
class Shelf:
    """What a run over many sheets keeps."""

    catalogs: dict[tuple[int, PricingPolicy], Catalog] = field(default_factory=dict)
    laid: dict[int, _Laid] = field(default_factory=dict)

    def catalog(self, tariffs: Sequence[Tariff], policy: PricingPolicy) -> Catalog:
        """The catalog of these tariffs under a policy."""
        key = (id(tariffs), policy)
        kept = self.catalogs.get(key)
        if kept is not None and kept.tariffs is tariffs:
            return kept
        if len(self.catalogs) >= _KEEP:
            self.catalogs.clear()
            self.laid.clear()
        self.catalogs[key] = Catalog(policy, tariffs)
        return self.catalogs[key]

    def tables(self, catalog: Catalog, scales: Scales) -> Tables:
        """The catalog's tables at these scales."""
        state = (scales, len(catalog.options), len(catalog.lists))
        kept = self.laid.get(id(catalog))
        if kept is None or kept.catalog is not catalog or kept.state != state:
            kept = self.laid[id(catalog)] = _Laid(catalog, state, tables_of(catalog, scales))
        return kept.tables
