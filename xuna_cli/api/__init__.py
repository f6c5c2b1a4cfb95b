"""The vendor's endpoints; the only room that imports httpx and httpcore."""
