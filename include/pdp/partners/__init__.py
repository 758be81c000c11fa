"""How partners are reached: one contract, one transport per channel. No transport knows the database."""
