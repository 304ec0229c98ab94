"""Derives everything from the log with Dagster; decides nothing itself."""
