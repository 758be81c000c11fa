"""Endpoint for the software of partners: FHIR R4 over the hand-overs made to them. No cookie, no form, no page."""
