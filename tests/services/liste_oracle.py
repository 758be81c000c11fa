"""The list of a coordinator computed slowly in Python from raw rows, as one would explain it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from liste_equipe import JOUR, PANNE, PARIS, M

from pdp.services.filtres_liste import Filtres

Admin = psycopg.Connection[Any]


@dataclass
class Personne:
    """What the raw rows say of one person."""

    id: UUID
    priorite: int
    decide_at: datetime
    survenu_le: date
    connu_at: datetime
    debut: date | None
    taches: list[dict[str, Any]] = field(default_factory=list)
    dispositifs: set[str] = field(default_factory=set)
    rendez_vous: tuple[datetime, datetime] | None = None
    echec: bool = False
    dernier_at: datetime | None = None

    @property
    def premiere(self) -> dict[str, Any] | None:
        return min(self.taches, key=lambda t: (t["echeance_at"], t["ouverte_at"], t["id"]), default=None)

    @property
    def jour(self) -> date | None:
        return None if self.premiere is None else _jour(self.premiere["echeance_at"])

    @property
    def motifs(self) -> set[str]:
        return {t["motif"] for t in self.taches}

    @property
    def balle(self) -> str:
        p = self.premiere
        return "csam" if p is None else "assure" if _attend(p) else p["balle"]  # care under way is for the person to tell

    @property
    def attente(self) -> str:
        return "en_attente" if self.premiere is not None and _attend(self.premiere) else "active"

    @property
    def partenaires(self) -> set[str]:
        return self.dispositifs or {"aucun"}

    @property
    def echeance(self) -> str:
        if self.jour is None:
            return "sans_date"
        dimanche = JOUR + timedelta(days=6 - JOUR.weekday())
        return "passee" if self.jour < JOUR else "aujourd_hui" if self.jour == JOUR else "semaine" if self.jour <= dimanche else "a_venir"

    @property
    def retard(self) -> int | None:
        """Days between the threshold and the day seen, when the outage stands between both."""
        vue_apres = PANNE[1] <= self.connu_at < PANNE[1] + timedelta(days=1)
        pendant = _jour(PANNE[0]) <= self.survenu_le < _jour(PANNE[1])
        return (_jour(self.connu_at) - self.survenu_le).days if vue_apres and pendant else None

    def vues(self) -> set[str]:
        muet = any(
            t["motif"] == "relancer_partenaire" or (t["motif"] == "attendre_partenaire" and t["echeance_at"] < M) for t in self.taches
        )
        return {
            cle
            for cle, oui in {
                "tous": True,
                "retard": self.echeance == "passee",
                "aujourd_hui": self.echeance == "aujourd_hui",
                "entretiens": self.rendez_vous is not None and _jour(self.rendez_vous[0]) == JOUR,
                "a_renseigner": "renseigner_tele_echange" in self.motifs or (self.rendez_vous is not None and self.rendez_vous[1] < M),
                "reponse_a_lire": "lire_reponse" in self.motifs,
                "reviennent": any(t["attente_jusqu_au"] is not None and t["attente_jusqu_au"] <= JOUR for t in self.taches),
                "partenaire_muet": muet,
                "message_en_echec": self.echec or "message_en_echec" in self.motifs,
                "rattrapage": self.retard is not None,
            }.items()
            if oui
        }

    def passes(self, f: Filtres) -> bool:
        jour = self.jour
        dans_les_dates = (f.du is None or (jour is not None and jour >= f.du)) and (f.au is None or (jour is not None and jour <= f.au))
        return (
            f.vue in self.vues()
            and (not f.motifs or bool(f.motifs & self.motifs))
            and (not f.echeances or self.echeance in f.echeances)
            and (not f.balles or self.balle in f.balles)
            and (not f.partenaires or bool(f.partenaires & self.partenaires))
            and (not f.attentes or self.attente in f.attentes)
            and dans_les_dates
        )

    def rank(self, f: Filtres) -> tuple[Any, ...]:
        """Key of the order: what has no value comes last either way, then priority, age and id."""
        valeurs: dict[str, float | None] = {
            "echeance": None if self.premiere is None else self.premiere["echeance_at"].timestamp(),
            "semaines": None if self.debut is None else (JOUR - self.debut).days,
            "priorite": self.priorite,
            "contact": 0 if self.dernier_at is None else self.dernier_at.timestamp(),
            "rattrapage": self.retard,
        }
        valeur = valeurs[f.tri]
        return (valeur is None, (valeur or 0) * (1 if f.sens == "asc" else -1), -self.priorite, self.decide_at, self.id)


def _jour(instant: datetime) -> date:
    return instant.astimezone(PARIS).date()


def _attend(tache: dict[str, Any]) -> bool:
    return tache["attente_jusqu_au"] is not None and tache["attente_jusqu_au"] > JOUR


def read_brut(admin: Admin, csam: UUID) -> list[Personne]:
    """Everybody on the list of a coordinator, from the rows themselves."""

    def rows(requete: str, *valeurs: Any) -> list[dict[str, Any]]:
        curseur = admin.cursor(row_factory=psycopg.rows.dict_row)
        return curseur.execute(requete, valeurs).fetchall()

    gens = []
    for p in rows("SELECT * FROM pdp.parcours WHERE csam_id = %s", csam):
        personne = Personne(p["id"], p["priorite"], p["decide_at"], p["survenu_le"], p["connu_at"], None)
        personne.taches = rows("SELECT * FROM pdp.tache WHERE parcours_id = %s AND fermee_at IS NULL", p["id"])
        if p["clos_at"] is not None and not personne.taches:
            continue
        actives = ("brouillon", "en_attente_accord", "envoyee", "recue", "acceptee", "en_cours")
        personne.dispositifs = {
            o["dispositif"] for o in rows("SELECT * FROM pdp.orientation WHERE parcours_id = %s", p["id"]) if o["statut"] in actives
        }
        for e in rows("SELECT * FROM pdp.tele_echange WHERE parcours_id = %s", p["id"]):
            if e["statut"] in ("planifie", "confirme"):
                personne.rendez_vous = (e["debut_at"], e["fin_at"])
        personne.echec = any(
            o["etat"] in ("rebut", "incertain") for o in rows("SELECT etat FROM pdp.outbox WHERE parcours_id = %s", p["id"])
        )
        appels = rows("SELECT survenu_at FROM pdp.contact WHERE parcours_id = %s AND saisie_par_erreur_at IS NULL", p["id"])
        personne.dernier_at = max((c["survenu_at"] for c in appels), default=None)
        debuts = rows("SELECT debut FROM pdp.episode WHERE assure_id = %s AND etat = 'courant'", p["assure_id"])
        personne.debut = max((d["debut"] for d in debuts), default=None)
        gens.append(personne)
    return gens
