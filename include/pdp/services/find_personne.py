"""Search of one person by a coordinator: exact, a few results of her platform at most, counted, and never a way to browse."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.clock import jour_local
from pdp.domain.auteur import Auteur
from pdp.domain.flux_controles import ValeurRefusee, normalize_telephone
from pdp.errors import DonneeInvalide
from pdp.services.publish_referentiel import referentiel
from pdp.storage import journal
from pdp.storage.sql import query

HEURE = timedelta(hours=1)
_INITIALES = re.compile(r"([^\W\d_])[\s.\-]*([^\W\d_])\.?")


@dataclass(frozen=True)
class Criteres:
    """What is looked for: a whole name or two initials (name, given name) with a birth date, or a telephone number."""

    nom: str | None = None
    naissance: date | None = None
    telephone: str | None = None


@dataclass(frozen=True)
class Trouve:
    """One person found. ``parcours_id`` and names are given for one's own people only; others are told by who follows them."""

    parcours_id: UUID | None
    nom: str | None
    prenom: str | None
    suivi_par: str | None
    clos: bool

    @property
    def mien(self) -> bool:
        return self.parcours_id is not None


@dataclass(frozen=True)
class Recherche:
    """Answer of a search. ``trop`` : more people than may be shown; ``refusee`` : too many searches, nothing was looked up."""

    trouves: list[Trouve]
    trop: bool = False
    refusee: bool = False


def find_personne(conn: Connection, auteur: Auteur, criteres: Criteres, maintenant: datetime) -> Recherche:
    """People of the platform that answer to the criteria, one's own first, counted and journalled without what was typed.

    Raises :class:`DonneeInvalide` when a birth date or a whole number is missing. A limit reached is an answer, not an error: it is kept.
    """
    agent = UUID(auteur.id)
    demandes = _prepare(criteres)
    mode = demandes[-1][0]
    regle = referentiel()
    jour = jour_local(maintenant)
    conn.execute(query("recherche.attendre_son_tour"), {"agent": agent})
    faites = conn.execute(query("recherche.compter"), {"agent": agent, "depuis": maintenant - HEURE}).scalar_one()
    if faites >= regle.entier("recherche_personne_max_par_heure", jour, auteur.plateforme_id):
        _note(conn, auteur, mode, None, maintenant)
        return Recherche([], refusee=True)
    maximum = regle.entier("recherche_personne_resultats_max", jour, auteur.plateforme_id)
    lignes: dict[UUID, Any] = {}
    for nom, parametres in demandes:
        for ligne in conn.execute(query(f"recherche.par_{nom}"), {**parametres, "agent": agent, "limite": maximum + 1}):
            lignes.setdefault(ligne.parcours_id, ligne)
    trop = len(lignes) > maximum
    trouves = [] if trop else [_build(ligne, agent) for ligne in lignes.values()]
    _note(conn, auteur, mode, len(trouves), maintenant)
    return Recherche(trouves, trop=trop)


def _prepare(criteres: Criteres) -> list[tuple[str, dict[str, Any]]]:
    """Queries to run with their parameters; two letters may be a whole name or initials, both are looked for."""
    if criteres.telephone:
        try:
            return [("telephone", {"telephone": normalize_telephone(criteres.telephone)})]
        except ValeurRefusee as refus:
            raise DonneeInvalide(f"{refus.message} Rien n'a été cherché.", code=refus.code) from None
    nom = (criteres.nom or "").strip()
    if not nom or criteres.naissance is None:
        raise DonneeInvalide(
            "Indiquez le nom exact (ou les deux initiales) et la date de naissance, ou bien un numéro de téléphone complet.",
            code="not_enough_to_search",
        )
    demandes = [("nom", {"nom": nom, "naissance": criteres.naissance})]
    initiales = _INITIALES.fullmatch(nom)
    if initiales:
        demandes.append(("initiales", {"nom": initiales[1], "prenom": initiales[2], "naissance": criteres.naissance}))
    return demandes


def _build(ligne: Any, agent: UUID) -> Trouve:
    if ligne.csam_id == agent:
        return Trouve(ligne.parcours_id, ligne.nom, ligne.prenom, None, ligne.clos_at is not None)
    qui = f"{ligne.csam_prenom} {ligne.csam_nom}" if ligne.csam_nom else None
    return Trouve(None, None, None, qui, ligne.clos_at is not None)


def _note(conn: Connection, auteur: Auteur, mode: str, resultats: int | None, maintenant: datetime) -> None:
    conn.execute(
        query("recherche.noter"),
        {"plateforme": auteur.plateforme_id, "agent": UUID(auteur.id), "mode": mode, "resultats": resultats, "maintenant": maintenant},
    )
    journal.record(
        conn,
        "recherche_refusee" if resultats is None else "recherche_faite",
        plateforme_id=auteur.plateforme_id,
        donnees={"mode": mode, "resultats": resultats},
    )
