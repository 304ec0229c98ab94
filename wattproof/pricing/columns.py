"""Columns of the frames that notebooks hand in: there, or a clear word on which was expected."""

from typing import Any

import polars as pl


def values(frame: pl.DataFrame, name: str, holds: str) -> list[Any]:
    """What a column holds, row by row. Raises ValueError, naming the column and what it `holds`."""
    need(frame, {name: holds})
    return frame.get_column(name).to_list()


def need(frame: pl.DataFrame, expected: dict[str, str]) -> None:
    """Raises ValueError where one of the columns expected (name -> what it holds) is missing, and
    TypeError for what is no Polars frame.
    """
    if not isinstance(frame, pl.DataFrame):
        got = f"{type(frame).__module__.partition('.')[0]} {type(frame).__name__}"
        raise TypeError(f"expected a Polars DataFrame, got {got}: make one, as pl.from_pandas does")
    for name, holds in expected.items():
        if name not in frame.columns:
            there = ", ".join(frame.columns) or "none"
            raise ValueError(f"no column {name!r}: expected {holds}; the frame's columns: {there}")
