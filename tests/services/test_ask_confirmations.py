"""An appointment to come without its confirmation: told once, and only when nothing else explains it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT as M
from passerelle import Admin, ecrire, taches
from pdp.domain.auteur import systeme
from pdp.services.ask_confirmations import ask_confirmations
from pdp.services.remind_rendez_vous import send_dus
from portal.donnees import add_tele_echange

AUTEUR = systeme("sweep_rendez_vous")
PLANIFIE = (
    "INSERT INTO pdp.message_rendez_vous (plateforme_id, parcours_id, tele_echange_id, genre, due_at, trop_tard_at, processed_at, resultat)"
    " SELECT plateforme_id, parcours_id, id, 'confirmation', :due, debut_at, :fait, :resultat FROM pdp.tele_echange WHERE id = :t"
)
CAS = [
    # state of the appointment, days to it, hours since planned, planned row (hours since due, result), written, told
    ("planifie", 3, 3, None, False, 1),
    ("planifie", 3, 1, None, False, 0),  # its turn has not come
    ("planifie", -1, 3, None, False, 0),
    ("annule_assure", 3, 3, None, False, 0),
    ("planifie", 3, 3, None, True, 0),
    ("planifie", 3, 3, (3, None), False, 1),  # the sweep does not run
    ("planifie", 3, 3, (1, None), False, 0),
    ("planifie", 3, 3, (3, "refuse:person_silent"), False, 0),
]


@pytest.mark.parametrize(("statut", "jours", "heures", "ligne", "ecrit", "dit"), CAS)
def test_what_is_missing_is_told_once(
    base: str, admin: Admin, statut: str, jours: int, heures: int, ligne: tuple[int, str | None] | None, ecrit: bool, dit: int
) -> None:
    with fabrique.lot() as conn:
        fabrique.socle(conn)
        dossier = fabrique.parcours(conn)
        rendez_vous = add_tele_echange(conn, dossier, M + timedelta(days=jours, hours=5), statut)
        if ligne is not None:
            due, fait = M + timedelta(hours=heures - ligne[0]), M if ligne[1] else None
            conn.execute(text(PLANIFIE), {"t": rendez_vous, "due": due, "fait": fait, "resultat": ligne[1]})
    if ecrit:
        ecrire(dossier, "confirmation_rendez_vous", f"{rendez_vous}:confirmation", valeurs={"jour": "samedi 21 novembre", "heure": "14 h"})
    for _ in range(2):
        ask_confirmations(M + timedelta(hours=heures))
    assert len(taches(admin)) == dit
    assert all("aucune confirmation n'a été écrite" in note for note in taches(admin))


def test_a_confirmation_written_late_ends_what_was_told(base: str, admin: Admin) -> None:
    with fabrique.lot() as conn:
        fabrique.socle(conn)
        dossier = fabrique.parcours(conn)
        rendez_vous = add_tele_echange(conn, dossier, M + timedelta(days=3, hours=5), "planifie")
        conn.execute(text(PLANIFIE), {"t": rendez_vous, "due": M, "fait": None, "resultat": None})
    ask_confirmations(M + timedelta(hours=3))
    assert len(taches(admin)) == 1
    with fabrique.lot() as conn:
        assert send_dus(conn, "PF35", AUTEUR, M + timedelta(hours=3)).traites == 1
    assert admin.execute("SELECT resultat FROM pdp.message_rendez_vous").fetchone() == ("ecrit",)
    assert not taches(admin)
