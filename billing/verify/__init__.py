"""A CDR that somebody claims money for, held against its tariff, its periods and its signed values.

`billing.verify.verify.verify` is the one way in; `report` holds what comes out. Knows no wire form.
"""
