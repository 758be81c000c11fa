"""What the insured person reads, one file of data per language."""
