"""The scopes an API key may have: what each lets its bearer see or do. Who has which: the log."""

SCOPES = {
    "read": "everything that can be read",
    "chargers": "charge points and their connectors",
    "invoices": "invoices and their documents",
    "sessions": "sessions",
    "clock": "the clock of a simulation, to be moved",
    "clock": "moving a driven clock, which read does not include",
}
