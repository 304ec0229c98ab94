"""The assets: each reads, calls and writes its own days whole; none decides anything."""
