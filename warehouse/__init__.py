"""The stores: log, lake, registry. The only room that touches disk; it knows no other room."""
