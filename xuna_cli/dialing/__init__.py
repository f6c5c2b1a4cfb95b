"""The run: batching, senders, pacing, and what each outcome leads to."""
