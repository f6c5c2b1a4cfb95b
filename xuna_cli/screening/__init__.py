"""Screening rules (do-not-call, countries, consent, hours …) and their order."""
