"""A person who waits leaves the day's work and comes back to it by the date alone, whoever put her off: a coordinator or a silence."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection

import fabrique
from pdp.clock import jour_local
from pdp.services.filtres_liste import Filtres
from pdp.services.read_ma_liste import read_ma_liste
from pdp.services.record_silence import set_silence
from pdp.services.wait_taches import snooze_tache
from pdp.storage import db
from portal.donnees import add_tache

M = fabrique.MAINTENANT
JOUR = timedelta(days=1)


@pytest.fixture
def dossier(base: str) -> fabrique.Dossier:
    with fabrique.lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn)


def read(csam: UUID, jours: int) -> tuple[list[str], list[str], str | None]:
    """On a later day: counters other than "tous" where she is, her side of the wait filter, and what her row says."""
    with db.begin_as(fabrique.auteur_agent(csam), lecture=True) as conn:
        liste = read_ma_liste(conn, csam, M + jours * JOUR, plateforme_id="PF35", filtres=Filtres())
    (ligne,) = liste.affichees
    assert ligne.prochaine is not None
    vues = [c.cle for c in liste.compteurs if c.nombre and c.cle != "tous"]
    cotes = [c.cle for c in liste.facettes["attentes"] if c.nombre]
    return vues, cotes, ligne.prochaine.phrase_attente(jour_local(M + jours * JOUR))


def _open(conn: Connection, dossier: fabrique.Dossier, motif: str) -> UUID:
    return add_tache(conn, dossier.parcours, motif, M + timedelta(hours=1))


def test_a_wait_of_the_coordinator_ends_on_its_day(dossier: fabrique.Dossier) -> None:
    auteur = fabrique.auteur_agent(dossier.csam)
    with fabrique.lot() as conn:
        tache = _open(conn, dossier, "faire_le_point")
    with db.begin_as(auteur) as conn:
        snooze_tache(conn, auteur, tache, "reponse_employeur", date(2026, 11, 25), M)
    assert read(dossier.csam, 6)[:2] == ([], ["en_attente"])
    vues, cotes, phrase = read(dossier.csam, 7)
    assert (vues, cotes) == (["aujourd_hui", "reviennent"], ["active"])
    assert phrase is not None
    assert "revient d'attente" in phrase
    assert read(dossier.csam, 9)[0] == ["retard", "reviennent"]


def test_a_silence_puts_off_and_gives_back_the_day_after(dossier: fabrique.Dossier) -> None:
    auteur = fabrique.auteur_agent(dossier.csam)
    with fabrique.lot() as conn:
        _open(conn, dossier, "premier_appel")
    with db.begin_as(auteur) as conn:
        set_silence(conn, auteur, dossier.assure, motif="hospitalisation", maintenant=M, au=date(2026, 11, 20))
    assert read(dossier.csam, 1)[:2] == ([], ["en_attente"])
    assert read(dossier.csam, 3)[:2] == (["aujourd_hui", "reviennent"], ["active"])
