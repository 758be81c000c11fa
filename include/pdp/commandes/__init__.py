"""Commands of the command line that work on the business database."""
