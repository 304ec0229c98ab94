"""Drives many stations through their moments: clock first, then frames, then the next instant.

Moments of one instant (or of one `window`) go out at the same time, each station's own in order.
A station connects when it first has something to say.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from wattproof.simulator.charges import Moment, Step
from wattproof.simulator.link import Link, NoAnswerError, Tally
from wattproof.simulator.station import Station, Talk
from wattproof.simulator.timekeeper import Timekeeper

GARBAGE = '[2,"7f3a","MeterValues",{"connectorId":1,"transactionId":,"meterValue":[]}]'
STORM = 6


@dataclass(slots=True)
class Driver:
    """`ocpp_url` is `ws://host:port/ocpp`; `passwords` holds each station's, "" for none."""

    ocpp_url: str
    stations: Mapping[str, Station]
    passwords: Mapping[str, str]
    time: Timekeeper
    window: timedelta = timedelta(0)
    tally: Tally = field(default_factory=Tally)
    _links: dict[str, Link] = field(default_factory=dict)
    _booted: set[str] = field(default_factory=set)

    async def run(
        self, moments: Iterable[Moment], progress: Callable[[int, datetime], None] | None = None
    ) -> Tally:
        """Performs every moment in the order of `told_at`; `progress(done, now)` now and then."""
        ordered = sorted(moments)
        done = 0
        try:
            while done < len(ordered):
                batch = self._batch(ordered, done)
                await self.time.reach(batch[-1].told_at)
                await self._perform(batch)
                done += len(batch)
                if progress is not None:
                    progress(done, batch[-1].told_at)
        finally:
            await asyncio.gather(*(link.close() for link in self._links.values()))
            self._links.clear()
        return self.tally

    def _batch(self, ordered: list[Moment], first: int) -> list[Moment]:
        until = ordered[first].told_at + self.window
        last = first
        while last < len(ordered) and ordered[last].told_at <= until:
            last += 1
        return ordered[first:last]

    async def _perform(self, batch: list[Moment]) -> None:
        by_station = sorted(batch, key=attrgetter("station"))
        groups = [list(group) for _, group in groupby(by_station, attrgetter("station"))]
        if len(groups) == 1:
            await self._station_batch(groups[0])
            return
        try:
            async with asyncio.TaskGroup() as tasks:
                for group in groups:
                    tasks.create_task(self._station_batch(group))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _station_batch(self, moments: list[Moment]) -> None:
        for moment in moments:
            try:
                await self._one(moment)
            except NoAnswerError as error:
                self.tally.errors.append((moment.station, moment.step.name, str(error)))
                self._links.pop(moment.station, None)

    async def _one(self, moment: Moment) -> None:
        station = self.stations[moment.station]
        match moment.step:
            case Step.DISCONNECT:
                link = self._links.pop(station.id, None)
                if link is not None:
                    await link.drop()
            case Step.CONNECT:
                await self._link(station, moment.told_at)
            case Step.HEARTBEAT:
                await self._talk(station, station.heartbeat(), moment.told_at)
            case Step.GARBAGE:
                link = await self._link(station, moment.told_at)
                await link.garbage(GARBAGE)
                await self._talk(station, station.heartbeat(), moment.told_at)
            case Step.STORM:
                await self._storm(station)
            case _:
                await self._talk(station, station.perform(moment), moment.told_at)

    async def _link(self, station: Station, at: datetime) -> Link:
        """The station's connection. It boots once; after an outage it just goes on."""
        link = self._links.get(station.id)
        if link is None:
            link = await self._open(station)
            self._links[station.id] = link
            if station.id not in self._booted:
                self._booted.add(station.id)
                await _converse(link, station.boot(at))
        return link

    async def _storm(self, station: Station) -> None:
        """Connects and vanishes again and again; the last connection stays."""
        link = self._links.pop(station.id, None)
        for _ in range(STORM):
            if link is not None:
                await link.drop()
            link = await self._open(station)
        assert link is not None
        self._links[station.id] = link
        await _converse(link, station.heartbeat())

    async def _open(self, station: Station) -> Link:
        version = station.subprotocol.removeprefix("ocpp")
        return await Link.open(
            f"{self.ocpp_url}/{version}/{station.id}",
            station=station.id,
            subprotocol=station.subprotocol,
            password=self.passwords.get(station.id, ""),
            tally=self.tally,
        )

    async def _talk(self, station: Station, talk: Talk, at: datetime) -> None:
        await _converse(await self._link(station, at), talk)


async def _converse(link: Link, talk: Talk) -> None:
    """Sends each call a station wants to make and hands it the answer."""
    try:
        call = next(talk)
        while True:
            call = talk.send(await link.call(call))
    except StopIteration:
        return
