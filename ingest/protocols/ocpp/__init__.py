"""OCPP 1.6, 2.0.1 and 2.1 as chargers speak it: text in, facts out; answers in, text out.

Pure: no socket, no file beyond the `ocpp` package's schemas, no clock. Nothing a charger sends can
make a reader here raise.
"""
