"""The languages: read(wire) -> fact and write(fact) -> wire, pure, side by side."""
