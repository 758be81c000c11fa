"""Read the answers of partners who have a server into the inbox, each transport its own way. Applying them is ``apply_reponses``."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.config import settings
from pdp.domain.auteur import Auteur, systeme
from pdp.domain.bilan import Bilan
from pdp.partners import http
from pdp.partners.contrat import Destinataire, Evenement, Page
from pdp.services import collect_taches
from pdp.services.apply_reponses import apply_reponses
from pdp.storage import db, inbox, journal
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

__all__ = ["apply_reponses", "poll_partenaires"]

PAGES_MAX = 20
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LignePartenaire:
    """A partner to read, and how far it was read."""

    id: UUID
    plateforme_id: str
    id_source: str
    canal: str
    url: str | None
    jeton_url: str | None
    curseur: str | None
    tente_at: datetime | None


def poll_partenaires(
    maintenant: datetime,
    plateforme_id: str | None = None,
    *,
    url: str | None = None,
    travailleur: str = "collect_reponses",
    passage: str | None = None,
) -> Bilan:
    """Read every partner who has a server (of one platform, or all). What was read is kept in one transaction per page.

    ``traites`` counts new answers, ``ignores`` those already known, ``echoues`` the partners that could not be read: they are read
    from the same place next time. A FHIR server is read when its turn has come, an API each time.
    """
    url, auteur = url or settings().url_app, systeme(travailleur)
    with db.begin(url, auteur, passage) as conn:
        partenaires = list_lignes(conn, "inbox.lister_partenaires_a_lire", LignePartenaire, plateforme=plateforme_id)
    bilan = Bilan()
    for partenaire in partenaires:
        lire = collect_taches.read_partenaire if partenaire.canal == "fhir" else _read_partenaire
        bilan += lire(url, auteur, passage, partenaire, maintenant)
    return bilan


def _read_partenaire(url: str, auteur: Auteur, passage: str | None, partenaire: LignePartenaire, maintenant: datetime) -> Bilan:
    cible, curseur, bilan = Destinataire(partenaire.plateforme_id, partenaire.id_source, partenaire.url), partenaire.curseur, Bilan()
    for _ in range(PAGES_MAX):
        try:
            page = http.fetch_evenements(cible, curseur)
        except http.PartenaireMuet as muet:
            _log.warning("partner %s could not be read: %s", partenaire.id, muet.code)
            return bilan + Bilan(echoues=1, detail={"partenaires_muets": 1})
        with db.begin(url, auteur, passage) as conn:
            bilan += _keep(conn, partenaire, page, maintenant)
            conn.execute(
                query("inbox.avancer_curseur"),
                {
                    "partenaire": partenaire.id,
                    "plateforme": partenaire.plateforme_id,
                    "canal": partenaire.canal,
                    "curseur": page.curseur,
                    "avant": curseur,
                    "maintenant": maintenant,
                },
            )
        if page.curseur == curseur or not page.evenements:
            break
        curseur = page.curseur
    return bilan


def _keep(conn: Connection, partenaire: LignePartenaire, page: Page, maintenant: datetime) -> Bilan:
    bilan = Bilan(detail={"illisibles": page.illisibles} if page.illisibles else {})
    for evenement in sorted(page.evenements, key=lambda e: e.evenement_id):  # two readers of one page never wait for each other
        sort = _deposit(conn, partenaire, evenement, evenement.evenement_id, maintenant)
        if sort == "autre_contenu":  # kept under a marked id: applying it sets it aside and tells a person
            marque = f"{evenement.evenement_id}{inbox.MARQUE_AUTRE_CONTENU}{evenement.empreinte.hex()[:16]}"
            sort = _deposit(conn, partenaire, evenement, marque, maintenant)
        bilan += Bilan(traites=1) if sort == "nouvelle" else Bilan(ignores=1)
    if page.illisibles:
        journal.record(
            conn,
            "reponse_illisible",
            plateforme_id=partenaire.plateforme_id,
            donnees={"partenaire_id": partenaire.id, "nombre": page.illisibles, "curseur": page.curseur},
        )
    return bilan


def _deposit(conn: Connection, partenaire: LignePartenaire, evenement: Evenement, evenement_id: str, maintenant: datetime) -> str:
    sort = inbox.deposit(
        conn,
        plateforme_id=partenaire.plateforme_id,
        partenaire_id=partenaire.id,
        evenement_id=evenement_id,
        orientation_id=evenement.orientation_id,
        version=evenement.version,
        statut=evenement.statut,
        motif=evenement.motif,
        compte_rendu=evenement.compte_rendu,
        survenu_at=evenement.survenu_at,
        empreinte=evenement.empreinte,
        maintenant=maintenant,
        transport="api",
        nature=evenement.nature,
        rendez_vous_at=evenement.rendez_vous_at,
    )
    if sort == "nouvelle":
        journal.record(
            conn,
            "reponse_recue",
            plateforme_id=partenaire.plateforme_id,
            donnees={
                "orientation_id": evenement.orientation_id,
                "nature": evenement.nature,
                "statut": evenement.statut,
                "version": evenement.version,
            },
        )
    return sort
