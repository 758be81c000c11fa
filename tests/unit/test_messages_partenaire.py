"""What a partner of the secure mail reads: exactly the fields handed over, a subject that names nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pdp.messages.partenaire import Emetteur, describe_contenu, render_courrier, write_document

LE = date(2026, 11, 18)
EMETTEUR = Emetteur("Plateforme d'essai", "+33299000000", "Docteur Exemple", "accuse@pro.mssante.invalid", False)
CONTENU = {
    "nom": "Martin",
    "prenom": "Zoé",
    "date_naissance": "1980-05-01",
    "telephone": "+33639980012",
    "emploi": {"Travaillez-vous debout ?": "Oui, toute la journée", "Souhait": "Reprendre à mi-temps"},
}
CORPS = {
    "orientation_id": "3f2a91bc-0000-4000-8000-000000000000",
    "dispositif": "spst",
    "motif": "Préparer le retour <vite> & bien.",
    "contenu": CONTENU,
    "emise_at": "2026-11-18T08:00:00+00:00",
}
IDENTITE = ("Martin", "MARTIN", "Zoé", "1980", "39980012", "39 98 00 12")
ENVOIS = ("orientation", "annulation", "rappel_partenaire", "fin_partenaire", "reponse_question")


def test_the_document_holds_every_field_handed_over_and_no_other() -> None:
    lettre = write_document(CORPS, EMETTEUR, LE)
    texte = lettre.texte
    assert (lettre.nom, lettre.adresse, lettre.reference) == ("Docteur Exemple", "accuse@pro.mssante.invalid", "3F2A91BC")
    for attendu in ("Nom : Martin", "Prénom : Zoé", "1er mai 1980", "06 39 98 00 12", "Reprendre à mi-temps", "<vite> & bien"):
        assert attendu in texte
    for absent in ("Adresse électronique", "Début de l'arrêt", "Situation sociale", "synthétiques", "None", "spst"):
        assert absent not in texte
    assert [bloc.partition(" : ")[0] for bloc in describe_contenu(CONTENU)] == [
        "Nom",
        "Prénom",
        "Date de naissance",
        "Téléphone",
        "Emploi et souhaits",
    ]


def test_the_same_hand_over_is_the_same_bytes() -> None:
    premier = render_courrier("orientation", CORPS, EMETTEUR, LE)
    assert premier == render_courrier("orientation", CORPS, EMETTEUR, LE)
    assert premier.pdf is not None
    assert premier.pdf.startswith(b"%PDF-")
    autre = {**CORPS, "contenu": {**CONTENU, "prenom": "Léa"}}
    assert premier.pdf != render_courrier("orientation", autre, EMETTEUR, LE).pdf


@pytest.mark.parametrize("type", ENVOIS)
def test_subject_and_cover_text_name_nobody(type: str) -> None:
    courrier = render_courrier(type, CORPS, EMETTEUR, LE)
    assert not [mot for mot in IDENTITE if mot in courrier.objet + courrier.texte]
    assert "3F2A91BC" in courrier.objet
    assert "02 99 00 00 00" in courrier.texte
    assert (courrier.pdf is not None) == (type == "orientation")


def test_policy_may_ask_for_the_national_subject() -> None:
    objet = render_courrier("orientation", CORPS, EMETTEUR, LE, identite=True).objet
    assert objet == "Demande d'accompagnement MARTIN Zoé 1980-05-01"
    sans = {**CORPS, "contenu": {"telephone": "+33639980012"}}
    assert "référence 3F2A91BC" in render_courrier("orientation", sans, EMETTEUR, LE, identite=True).objet


def test_a_hand_over_that_replaces_another_says_so_everywhere() -> None:
    courrier = render_courrier("orientation", CORPS, EMETTEUR, LE, remplace=True)
    assert courrier.objet.startswith("[Annule et remplace] ")
    assert "annule et remplace" in courrier.texte
    assert "annule et remplace" in write_document(CORPS, EMETTEUR, LE, remplace=True).texte
    assert render_courrier("annulation", CORPS, EMETTEUR, LE, remplace=True).objet.startswith("[Annulation]")


@pytest.mark.parametrize("type", ENVOIS)
def test_synthetic_data_are_said_synthetic_in_the_three_places(type: str) -> None:
    emetteur = replace(EMETTEUR, demonstration=True)
    courrier = render_courrier(type, CORPS, emetteur, LE)
    assert "synthétiques" in courrier.objet
    assert "données synthétiques" in courrier.texte
    assert "données synthétiques" in write_document(CORPS, emetteur, LE).texte


def test_words_of_a_reminder_or_an_answer_are_carried() -> None:
    assert "Demain à 10 h." in render_courrier("reponse_question", {**CORPS, "texte": " Demain à 10 h. "}, EMETTEUR, LE).texte


def test_an_unknown_type_is_not_carried() -> None:
    with pytest.raises(KeyError):
        render_courrier("invitation", CORPS, EMETTEUR, LE)
