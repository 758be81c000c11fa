"""Why this person was signalled: the rule, its version, what it saw, the value it compared to, and the text behind that value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pdp.domain.referentiel import Parametre
from pdp.errors import Introuvable
from pdp.referentiel import load_regles
from pdp.services.delais import get_lieu
from pdp.services.publish_referentiel import referentiel
from pdp.storage.sql import query

_REPRISE = {"maladie": "reprise_min_maladie", "at": "reprise_min_at", "mp": "reprise_min_mp", "trajet": "reprise_min_trajet"}
# rule -> keys of the law that give the threshold its meaning; "reprise" depends on the risk. A rule that is not here has its own source.
_DROITS: dict[str, tuple[str, ...]] = {
    "palier_30": ("prereprise_min",),
    "palier_60": ("reprise",),
    "palier_90": ("preparation_reprise_mc_min",),
    "palier_180": ("ij_ouverture_six_mois_heures",),
    "psychique_avant_j180": ("psy_exclusion_arret_psy",),
    "ij_270": ("ij_plafond_trois_ans",),
    "ij_330": ("ij_plafond_trois_ans",),
    "epuisement_proche": ("ij_plafond_trois_ans",),
    "ij_epuisees": ("ij_plafond_trois_ans",),
}
_CONFIANCES = {
    "verifie": "texte lu",
    "seconde_main": "texte cité par un tiers, à vérifier",
    "rappele": "de mémoire, à vérifier",
    "ouvert": "question ouverte",
    "politique": "choix de la plateforme",
}
_SUITES = {
    "veille": "Sous le palier d'ouverture : le dossier reste en veille, personne n'est contacté.",
    "a_trier": "Le dossier attend la décision du médecin-conseil, ou d'une délégation qu'il a signée.",
    "rattache": "Un parcours était déjà ouvert : ce signalement lui est rattaché, rien n'est ouvert de plus.",
    "remplace": "Un palier plus élevé du même arrêt a pris la suite.",
    "sans_suite": "Une décision a été rendue : sans suite.",
    "oriente_csam": "Une décision a été rendue : accompagnement par un CSAM.",
    "oriente_ism": "Une décision a été rendue : suivi par un infirmier du service médical.",
    "convocation_mc": "Une décision a été rendue : convocation par le médecin-conseil.",
}
AVERTISSEMENT = "La priorité est la somme des points. Elle classe la liste ; elle ne décide de rien pour la personne."


@dataclass(frozen=True, slots=True)
class Repere:
    """A value of law or policy as people read it. ``source``: article or decision; ``confiance``: how sure we are, in French."""

    parametre_id: str
    phrase: str
    source: str
    confiance: str


@dataclass(frozen=True, slots=True)
class Raison:
    """A rule that fired. ``reperes``: the value it compared to first, then the law behind it.

    ``levier``: what a call can still change; ``valable_jusqu_au``: last day on which the points count, None = no end;
    ``constate_le``: day the rule was seen to hold.
    """

    phrase: str
    regle: str
    version: int
    valeur_observee: int
    seuil: float
    points: int
    reperes: tuple[Repere, ...]
    regle_id: str | None = None
    source_regle: str | None = None
    levier: str | None = None
    valable_jusqu_au: date | None = None
    constate_le: date | None = None

    def compte_au(self, jour: date) -> bool:
        """Whether a call on ``jour`` can still change something here."""
        return self.valable_jusqu_au is None or jour <= self.valable_jusqu_au


@dataclass(frozen=True, slots=True)
class Explication:
    """French sentences only; no motif of the arrêt, no care: a CSAM may read all of it."""

    signalement_id: UUID
    titre: str
    faits: tuple[str, ...]
    raisons: tuple[Raison, ...]
    priorite: int
    suite: str
    palier: int
    survenu_le: date
    connu_at: datetime
    avertissement: str = AVERTISSEMENT

    def priorite_au(self, jour: date) -> int:
        """Points that still count on ``jour``."""
        return sum(r.points for r in self.raisons if r.compte_au(jour))


def explain_signalement(conn: Connection, *, parcours_id: UUID | None = None, signalement_id: UUID | None = None) -> Explication:
    """Explain one signalement, or the highest one of a parcours. Raises Introuvable when it does not exist or is not visible."""
    if signalement_id is None:
        signalement_id = conn.execute(query("explication.find_signalement_du_parcours"), {"parcours": parcours_id}).scalar()
    ligne = conn.execute(query("explication.find_signalement"), {"signalement": signalement_id}).one_or_none()
    if ligne is None:
        raise Introuvable
    lieu = get_lieu(conn, ligne.plateforme_id)
    jour = lieu.jour(ligne.connu_at)
    motifs = conn.execute(query("explication.list_motifs"), {"signalement": ligne.id}).all()
    return Explication(
        signalement_id=ligne.id,
        titre=f"Signalé parce que l'arrêt a atteint le palier J{ligne.palier} le {_fr(ligne.survenu_le)}.",
        faits=_list_faits(ligne, jour),
        raisons=tuple(_explain_motif(motif, ligne, jour) for motif in motifs),
        priorite=ligne.priorite,
        suite=_SUITES[ligne.statut],
        palier=ligne.palier,
        survenu_le=ligne.survenu_le,
        connu_at=ligne.connu_at,
    )


def _list_faits(ligne: Row[Any], jour: date) -> tuple[str, ...]:
    avis = f"{_pluriel(ligne.jours_prescrits, 'jour prescrit')}, {_pluriel(ligne.nb_prescriptions, 'avis')}"
    faits = [
        f"Arrêt du {_fr(ligne.debut)} au {_fr(ligne.fin)}, dernier jour prescrit connu : {avis}.",
        f"Palier atteint le {_fr(ligne.survenu_le)}, détecté le {_fr(jour)}.",
    ]
    if ligne.episode_etat == "remplace":
        faits.append("Depuis, un avis reçu a modifié les dates de cet arrêt : elles sont montrées telles qu'elles étaient alors.")
    return tuple(faits)


def _explain_motif(motif: Row[Any], ligne: Row[Any], jour: date) -> Raison:
    reperes = [get_repere(motif.parametre_id)]
    for cle in _DROITS.get(motif.regle, ()):
        cle_loi = _REPRISE[ligne.risque] if cle == "reprise" else cle
        parametre = referentiel().find_pour_arret(cle_loi, ligne.debut, jour, ligne.plateforme_id)
        if parametre is not None:
            reperes.append(_build_repere(parametre))
    regle = load_regles().find_regle(motif.regle_id) if motif.regle_id else None
    return Raison(
        phrase=motif.libelle,
        regle=motif.regle,
        version=motif.regle_version,
        valeur_observee=int(motif.valeur_observee),
        seuil=float(motif.seuil),
        points=motif.points,
        reperes=tuple(reperes),
        regle_id=motif.regle_id,
        source_regle=regle.source if regle is not None else None,
        levier=motif.levier,
        valable_jusqu_au=motif.valable_jusqu_au,
        constate_le=motif.constate_le,
    )


def _find_parametre(identifiant: str) -> Parametre | None:
    return next((p for p in referentiel() if p.identifiant == identifiant), None)


def find_repere(cle: str, jour: date, plateforme: str | None = None) -> Repere | None:
    """The value of a key in force on a day, open questions included."""
    parametre = referentiel().find_parametre(cle, jour, plateforme)
    return None if parametre is None else _build_repere(parametre)


def get_repere(identifiant: str) -> Repere:
    """The value that a stored identifier names, even when it left the referential since."""
    parametre = _find_parametre(identifiant)
    if parametre is None:
        return Repere(identifiant, "Valeur utilisée ce jour-là, retirée du référentiel depuis.", "inconnue", "inconnue")
    return _build_repere(parametre)


def _build_repere(parametre: Parametre) -> Repere:
    return Repere(parametre.identifiant, parametre.note, parametre.source, _CONFIANCES[parametre.confiance])


def _fr(jour: date) -> str:
    return f"{jour:%d/%m/%Y}"


def _pluriel(nombre: int, mot: str) -> str:
    """« 1 jour prescrit », « 3 jours prescrits », « 2 avis »."""
    return f"{nombre} {mot if nombre < 2 else ' '.join(m if m.endswith('s') else m + 's' for m in mot.split())}"
