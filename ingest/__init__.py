"""Hears chargers and roaming partners: appends the raw bytes first, then decodes, then answers."""
