"""Tells: REST, the OCPI sender side, pages. Reads the lake and the registry, writes neither."""
