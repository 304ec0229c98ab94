"""Answers to an OCPP 2.0.1 charging station, one file per chapter of its specification."""
