"""Turns facts into sentences for every shell; each shell adds its own command or key."""
