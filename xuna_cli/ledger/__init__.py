"""The durable record of who was called."""
