"""« Saisie par erreur »: what can be declared an error once the undo window is over, and why."""

from __future__ import annotations

MOTIFS = {
    "autre_personne": "C'était le dossier d'une autre personne",
    "pas_eu_lieu": "Cela n'a pas eu lieu",
    "reponse_fausse": "La réponse notée n'était pas la bonne",
    "note_deux_fois": "C'était noté deux fois",
    "autre": "Autre erreur",
}
AUTRE_PERSONNE = "autre_personne"
"""What was written of somebody else is not kept."""
PIECES = {
    "contact": "Appel ou contact",
    "tele_echange": "Télé-échange",
    "accord": "Réponse sur un accord",
    "orientation": "Orientation",
    "issue": "Situation de la personne",
    "soutien_psy": "Mon soutien psy",
}
