"""Pure rules of the parcours: no clock, no database, no framework."""
