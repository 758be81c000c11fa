"""FHIR R4 as the hand-overs speak it: what is written, what is read, what is checked. Pure: no database, no network, no clock."""
