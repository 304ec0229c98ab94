"""The command `wattproof` and the composition root that wires the rooms together."""
