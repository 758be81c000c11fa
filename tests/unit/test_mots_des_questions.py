"""A question of ours is not announced as an answer, by whatever transport."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest

from pdp.messages.partenaire import Emetteur, render_courrier
from pdp.partners.contrat import Envoi
from pdp.partners.lien_textes import genre_of
from pdp.partners.lot_csv import Ligne, render_lot

ORIENTATION = UUID("0b6cfe2e-6a26-4a1e-9d57-6f8bb1a1c111")
GENRES = [
    ("question", "Question sur une demande", "question de la plateforme"),
    ("reponse", "Réponse à votre question", "réponse à votre question"),
]


@pytest.mark.parametrize(("genre", "objet", "csv"), GENRES)
def test_the_words_follow_the_genre(genre: str, objet: str, csv: str) -> None:
    corps = {
        "orientation_id": str(ORIENTATION),
        "genre": genre,
        "texte": "Avez-vous pu la joindre ?",
        "emise_at": "2026-11-18T09:00:00+01:00",
    }
    courrier = render_courrier("reponse_question", corps, Emetteur("PDP 35", None, "Structure", "a@b.invalid", False), date(2026, 11, 18))
    assert courrier.objet.startswith(objet)
    assert "Avez-vous pu la joindre ?" in courrier.texte
    assert ("Voici notre réponse" in courrier.texte) == (genre == "reponse")
    assert genre_of(Envoi(uuid4(), "reponse_question", corps)) == ("question" if genre == "question" else "reponse_question")
    assert csv in render_lot([Ligne(ORIENTATION, "reponse_question", corps)], "SST-01").decode("utf-8-sig")
