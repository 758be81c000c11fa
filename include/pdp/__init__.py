"""Platform for the prévention de la désinsertion professionnelle (PDP)."""
