"""Fault harness of the hand-overs: the product's own services in real processes, a real PostgreSQL, partners that misbehave on purpose."""
