"""The run: batches, senders, rate limits, and the action for each outcome."""
