"""The OCPI CPO sender side: what partners pull from us."""
