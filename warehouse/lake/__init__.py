"""The lake: derived tables in Delta format, which can be deleted and derived again at any time.

It knows names, schemas, keys, partitions and hashes; it refuses to know what a row means.
"""

from warehouse.lake.lake import Lake, LakeOutdatedError, Piece
from warehouse.lake.tables import TABLES, Table

__all__ = ["TABLES", "Lake", "LakeOutdatedError", "Piece", "Table"]
