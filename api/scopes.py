"""The scopes an API key may have: what each lets its bearer see or do. The log says whose."""

SCOPES = {
    "read": "everything that can be read",
    "chargers": "charge points and their connectors",
    "invoices": "invoices and their documents",
    "sessions": "sessions",
    "clock": "moving a driven clock, which read does not include",
}
