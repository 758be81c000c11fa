"""What evaluators read: pseudonyms, disclosure control, indicators, data dictionary and data package."""
