"""Answers to an OCPP 1.6 charge point, one file per profile of its specification."""
