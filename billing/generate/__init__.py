"""From a tariff and an imagined charge the CDR it would yield; the price table of typical stops.

`generate.generate` makes the CDR by the very code that makes real ones; `table.price_table` asks
it for stops. Knows no wire form.
"""
