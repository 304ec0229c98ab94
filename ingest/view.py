"""The registry in memory, as answers need it: rows by key, tokens by what a reader would read.

Changed only through `Change`s, so that replaying a log's changes gives the same view. It knows no
file and no clock.
"""

from collections.abc import Iterable
from typing import Any

from ingest.protocols.ocpp.tokens import normal_form
from warehouse.registry import Change, Row, Rows

REMEMBERED = 128
"""Transactions remembered per station. A start re-sent after so many later ones gets a new id."""
HEARTBEAT_INTERVAL_S = 300
PENDING_INTERVAL_S = 60


class View:
    """Everything an answer may depend on beside the call and the time."""

    def __init__(self, rows: Rows | None = None) -> None:
        self._rows = Rows() if rows is None else rows
        self._uid_by_form: dict[str, str] = {}
        self._lists: dict[str, tuple[str, bool]] = {}
        self._transactions: dict[str, dict[str, Row]] = {}
        self._starts: dict[tuple[str, str], str] = {}
        self._open: dict[str, set[tuple[str, str]]] = {}
        for token in self._rows.all("token"):
            self._uid_by_form[normal_form(token["uid"])] = token["uid"]
        self._index_lists()
        for row in self._rows.all("ocpp_transaction"):
            self._index_transaction(row)

    def apply(self, changes: Iterable[Change]) -> None:
        """Makes the changes, in order."""
        for change in changes:
            if change.table == "ocpp_transaction":
                self._forget(change)
            row = self._rows.apply(change)
            if row is None:
                continue
            if change.table == "token":
                self._uid_by_form[normal_form(row["uid"])] = row["uid"]
            elif change.table == "party":
                self._index_lists()
            elif change.table == "ocpp_transaction":
                self._index_transaction(row)

    def station(self, station: str) -> Row | None:
        """A station's row, or None."""
        return self._rows.get("station", station)

    def stations(self) -> Iterable[Row]:
        """Every station."""
        return self._rows.all("station")

    def connection(self, station: str) -> Row | None:
        """The newest connection of a station, or None."""
        return self._rows.get("connection", station)

    def connector(self, station: str, evse: int, connector: int) -> Row | None:
        """The last known state of a connector, or None."""
        return self._rows.get("connector_state", station, evse, connector)

    def token(self, form: str) -> Row | None:
        """The token whose uid has this normal form, or None."""
        uid = self._uid_by_form.get(form)
        return None if uid is None else self._rows.get("token", uid)

    def listed(self, form: str) -> tuple[str, bool] | None:
        """(party, allowed) where some party's policy names this token; a denial outweighs."""
        return self._lists.get(form)

    def policy(self, name: str, default: Any) -> Any:  # noqa: ANN401 - a policy is any JSON value
        """A policy's value, or the default; a value of another type counts as not set."""
        row = self._rows.get("policy", name)
        value = default if row is None else row["value"]
        return value if type(value) is type(default) else default

    def heartbeat_interval_s(self) -> int:
        """What stations are told to beat at: policy `heartbeat_interval_s`, 300 s unless set."""
        return max(1, int(self.policy("heartbeat_interval_s", HEARTBEAT_INTERVAL_S)))

    def start(self, station: str, identity: str) -> Row | None:
        """The transaction that this very StartTransaction opened before, or None."""
        transaction = self._starts.get((station, identity))
        if transaction is None:
            return None
        return self._transactions[station][transaction]

    def transaction(self, station: str, transaction: str) -> Row | None:
        """A remembered transaction, or None."""
        return self._transactions.get(station, {}).get(transaction)

    def open_transactions(self, form: str) -> list[Row]:
        """Transactions of this token that were started and not ended, anywhere."""
        keys = self._open.get(form, ())
        return [self._transactions[station][transaction] for station, transaction in keys]

    def next_transaction(self) -> int:
        """The id the next OCPP 1.6 transaction gets; ids start at 1 and never come again."""
        row = self._rows.get("sequence", "transaction")
        return 1 if row is None else int(row["next"])

    def forgotten(self, station: str) -> tuple[Change, ...]:
        """What must go before one more transaction of this station is remembered."""
        known = self._transactions.get(station, {})
        over = len(known) - REMEMBERED + 1
        oldest = list(known)[:over] if over > 0 else []
        return tuple(Change("ocpp_transaction", (station, one), {}, "drop") for one in oldest)

    def _index_lists(self) -> None:
        self._lists.clear()
        for party in self._rows.all("party"):
            policy = party["token_policy"]
            for name, allowed in (("allow", True), ("deny", False)):
                for uid in policy.get(name) or ():
                    form = normal_form(str(uid))
                    if self._lists.get(form, ("", True))[1]:
                        self._lists[form] = (party["code"], allowed)

    def _index_transaction(self, row: Row) -> None:
        station, transaction = row["station"], row["transaction"]
        self._transactions.setdefault(station, {})[transaction] = row
        if row["identity"]:
            self._index_start(station, row)
        form = normal_form(row["id_token"])
        key = (station, transaction)
        if row["ended_ns"] == 0 and form:
            self._open.setdefault(form, set()).add(key)
        else:
            self._open.get(form, set()).discard(key)

    def _index_start(self, station: str, row: Row) -> None:
        """Of transactions whose starts said the same the last is found: 1.6 ids only rise."""
        key = (station, row["identity"])
        known = self._starts.get(key)
        if known is None or int(known) < int(row["transaction"]):
            self._starts[key] = row["transaction"]

    def _forget(self, change: Change) -> None:
        """Takes the row out of the indexes; `_index_transaction` puts the changed one back."""
        station, transaction = (str(part) for part in change.key)
        row = self._transactions.get(station, {}).get(transaction)
        if row is None:
            return
        form = normal_form(row["id_token"])
        self._open.get(form, set()).discard((station, transaction))
        if not self._open.get(form):
            self._open.pop(form, None)
        if change.mode == "drop":
            del self._transactions[station][transaction]
            if self._starts.get((station, row["identity"])) == transaction:
                del self._starts[(station, row["identity"])]
