"""Who must not be called, or not now: small pure rules, and the one place where their order is written down."""
