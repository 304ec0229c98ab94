"""What must hold of the days a run derived, or the run stops: invariants in SQL, ranges by rule."""
