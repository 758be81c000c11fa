"""Dry run of the draft of the document d'orientation local on past files. Read only; people are opaque ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from pdp.domain.calendrier import add_mois
from pdp.domain.dol import Faits, Regle
from pdp.domain.essai_dol import BilanDol, LigneEssai, Passe, sum_up, try_regles
from pdp.errors import DonneeInvalide
from pdp.services.delais import get_lieu
from pdp.storage.sql import query

PERIODES = {3: "3 mois", 6: "6 mois", 12: "12 mois", 24: "24 mois"}
MOIS = 6
LIMITES = (
    "Chaque dossier est relu comme la délégation l'aurait vu le jour où il a été connu : âge et priorité de ce jour-là.",
    "Les faits de l'arrêt (catégorie du motif, risque, affection de longue durée) sont ceux connus aujourd'hui, corrections comprises.",
    "Les deux colonnes appliquent la version en vigueur aujourd'hui et le brouillon à toute la période, même si une autre version"
    " s'appliquait alors.",
    "Les dossiers rattachés à un parcours déjà ouvert n'y sont pas : aucune orientation n'était à donner.",
)


@dataclass(frozen=True)
class EssaiDol:
    """Files known on [``du``, ``au``] under the draft; ``version`` is the number in force, None when nothing is delegated today."""

    du: date
    au: date
    version: int | None
    bilan: BilanDol
    lignes: tuple[LigneEssai, ...]
    limites: tuple[str, ...] = LIMITES

    @property
    def changes(self) -> list[LigneEssai]:
        return [ligne for ligne in self.lignes if ligne.change]

    @property
    def contraires(self) -> list[LigneEssai]:
        return [ligne for ligne in self.lignes if ligne.contraire]


def simulate_dol(conn: Connection, plateforme_id: str, regles: Sequence[Regle], mois: int, maintenant: datetime) -> EssaiDol:
    """Try ``regles`` on the files of the last ``mois`` months (a key of :data:`PERIODES`). Raises :class:`DonneeInvalide`."""
    if mois not in PERIODES:
        raise DonneeInvalide("Choisissez une période dans la liste.", code="unknown_period")
    lieu = get_lieu(conn, plateforme_id)
    au = lieu.jour(maintenant)
    du = add_mois(au, -mois)
    version = conn.execute(query("tri.lire_dol"), {"plateforme": plateforme_id, "jour": au}).one_or_none()
    en_vigueur = [] if version is None else conn.execute(query("tri.lire_regles"), {"version": version.id}).all()
    periode = {"plateforme": plateforme_id, "du": du, "au": au, "fuseau": str(lieu.fuseau)}
    passes = [
        Passe(x.id, x.connu_le, Faits(x.palier, x.motif_categorie, x.risque, x.ald, x.age, x.priorite), x.decision, x.par_medecin)
        for x in conn.execute(query("dol.lister_passes"), periode)
    ]
    lignes = try_regles(passes, [Regle(str(r.id), r.rang, r.libelle, r.conditions, r.cible) for r in en_vigueur], regles)
    return EssaiDol(du, au, None if version is None else version.version, sum_up(lignes, regles), tuple(lignes))
