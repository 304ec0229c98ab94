"""What stands: the newest bill of each session, from the lake and from what is being derived.

Knows that a CDR stands until a credit takes it back, and which session versions came to nothing.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from warehouse.lake import Lake

Frames = dict[str, pl.DataFrame]
"""A frame for each table that pricing fills."""
UNCHANGED = "bill_unchanged"
"""The rule of a session version whose bill is the one before, which stands."""
_STANDING = ("day", "session_id", "version", "cdr_id", "location_id", "party")
_VERSION = ["session_id", "version"]


@dataclass(slots=True)
class Bills:
    """The rows of `cdr` and `rejection` of some days of a lake, and of what was `made` since."""

    lake: Lake
    days: Collection[date]
    made: list[Frames] = field(default_factory=list)

    def rows(
        self,
        table: str,
        where: pl.Expr,
        columns: Sequence[str],
        days: Iterable[date] | None = None,
    ) -> pl.DataFrame:
        """The columns of a table's rows that meet `where`; of the lake only of `days`, if given."""
        wanted = self.days if days is None else set(days) & set(self.days)
        found = [self.lake.read(table, wanted, where=where, columns=columns)]
        found += [frames[table].filter(where).select(columns) for frames in self.made]
        return pl.concat(found)

    def standing(self, where: pl.Expr) -> pl.DataFrame:
        """The CDRs that stand, one for each session: columns of `cdr`, and the `day` of the row."""
        cdrs = self.rows("cdr", where & ~pl.col("credit"), _STANDING)
        taken_back = self.rows("cdr", where & pl.col("credit"), ["credit_reference_id"])
        return cdrs.join(taken_back, left_on="cdr_id", right_on="credit_reference_id", how="anti")

    def unbilled(self, where: pl.Expr) -> pl.DataFrame:
        """Session versions that made no CDR, but those billed since."""
        rejected = self.rows("rejection", where, _VERSION)
        billed = self.rows(
            "cdr", pl.col("session_id").is_in(rejected["session_id"].implode()), _VERSION
        )
        return rejected.join(billed, on=_VERSION, how="anti")

    def records(self, standing: pl.DataFrame) -> dict[str, str]:
        """The records of CDRs that `standing` gave, by session id, for `loads` to read."""
        wanted = pl.col("cdr_id").is_in(standing["cdr_id"].implode())
        days = standing["day"].unique().to_list()
        return dict(self.rows("cdr", wanted, ["session_id", "record"], days).iter_rows())
