"""Partners that may take over from here, with the reason, the places and the delay of each; a person decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.relais import explain_relais
from pdp.domain.routage import (
    AU_CHOIX_DE_LA_PERSONNE,
    ORDRE,
    FaitsPartenaire,
    FaitsPersonne,
    ask,
    judge,
    tell_absence,
    tell_capacite,
    tell_delai,
    tell_refus,
)
from pdp.errors import Introuvable
from pdp.services.delais import get_lieu
from pdp.services.publish_referentiel import referentiel
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query


@dataclass(frozen=True)
class Suggestion:
    """A partner that may take over. ``raison``: why this one, one sentence; ``besoin``: why this kind, from what the person said.

    ``accord_actif`` = may be sent now; ``conseille`` = the rule names it; ``disponible`` False = full, closed, or it refused already.
    """

    partenaire_id: UUID
    nom: str
    type: str
    raison: str
    accord_actif: bool
    besoin: str
    dite: bool
    conseille: bool
    capacite: str
    delai: str
    disponible: bool
    absence: str | None
    refus: str | None
    telephone: str | None
    horaires: str | None


@dataclass(frozen=True)
class Routage:
    """Suggestions in order, and by kind of partner the question to put to the person first."""

    suggestions: list[Suggestion]
    questions: dict[str, str]


def suggest(conn: Connection, parcours_id: UUID, maintenant: datetime, sauf: UUID | None = None) -> list[Suggestion]:
    """Partners in activity, best first; those that are full, closed, or refused already, last. ``sauf``: one left out, that just refused.

    Raises :class:`Introuvable` for a parcours out of reach.
    """
    return read_routage(conn, parcours_id, maintenant, sauf).suggestions


def read_routage(conn: Connection, parcours_id: UUID, maintenant: datetime, sauf: UUID | None = None) -> Routage:
    """Same, with what to ask the person when nothing tells which partner is hers."""
    plateforme = conn.execute(query("orientations.trouver_plateforme"), {"parcours": parcours_id}).scalar()
    if plateforme is None:
        raise Introuvable
    jour = get_lieu(conn, plateforme).jour(maintenant)
    ligne = conn.execute(query("suggestions.lire_personne"), {"parcours": parcours_id, "jour": jour}).one_or_none()
    if ligne is None:
        raise Introuvable
    personne = FaitsPersonne(ligne.commune, tuple(ligne.spst), tuple(ligne.employeurs), ligne.emploi, ligne.social)
    regles = referentiel()
    partenaires = list_lignes(
        conn,
        "suggestions.lister_partenaires",
        FaitsPartenaire,
        parcours=parcours_id,
        jour=jour,
        sauf=sauf,
        commune=personne.commune,
        spst=list(personne.spst),
        employeurs=list(personne.employeurs),
        depuis=maintenant - timedelta(days=regles.entier("partenaire_delais_fenetre_jours", jour, plateforme)),
    )
    minimum = regles.entier("partenaire_delais_minimum", jour, plateforme)
    return Routage(arrange(personne, partenaires, jour, minimum), ask(personne, partenaires))


def group_by_type(suggestions: Sequence[Suggestion]) -> dict[str, list[Suggestion]]:
    """Kinds in the order of their best partner, last those of whom the person says who; the order within a kind is kept."""
    groupes: dict[str, list[Suggestion]] = {}
    for suggestion in sorted(suggestions, key=lambda s: s.type in AU_CHOIX_DE_LA_PERSONNE):
        groupes.setdefault(suggestion.type, []).append(suggestion)
    return groupes


def arrange(personne: FaitsPersonne, partenaires: Sequence[FaitsPartenaire], jour: date, minimum: int) -> list[Suggestion]:
    """Suggestions in order: who can take her, who is agreed to, kinds she spoke of, then the rule of each kind."""
    paires = [(_suggest(personne, p, jour, minimum), judge(personne, p).rang) for p in partenaires]
    paires.sort(
        key=lambda paire: (
            not paire[0].disponible,
            not paire[0].accord_actif,
            not paire[0].dite,
            ORDRE.index(paire[0].type),
            paire[1],
            paire[0].nom,
            str(paire[0].partenaire_id),
        )
    )
    return [suggestion for suggestion, _ in paires]


def _suggest(personne: FaitsPersonne, partenaire: FaitsPartenaire, jour: date, minimum: int) -> Suggestion:
    avis, besoin = judge(personne, partenaire), explain_relais(partenaire.type, personne.emploi or {}, personne.social or {})
    capacite, libre = tell_capacite(partenaire, jour)
    absence, repond = tell_absence(partenaire)
    refus = tell_refus(partenaire)
    return Suggestion(
        partenaire_id=partenaire.id,
        nom=partenaire.nom,
        type=partenaire.type,
        raison=avis.raison,
        accord_actif=partenaire.accord_actif,
        besoin=besoin.phrase,
        dite=besoin.dite,
        conseille=avis.conseille and refus is None,
        capacite=capacite,
        delai=tell_delai(partenaire, minimum),
        disponible=libre and repond and refus is None,
        absence=absence,
        refus=refus,
        telephone=partenaire.telephone,
        horaires=partenaire.horaires,
    )
