"""Absences and rights of the people of whom something changed, or of everybody: facts out, kernels, differences in."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from pdp.calcul.calendrier import numero
from pdp.calcul.etats import compute_droits, compute_episodes
from pdp.calcul.personnes import Uuids, find_differentes, number_personnes, order_prescriptions
from pdp.calcul.regles import Droits, Episodes, Prescriptions, Regles, Suspensions, Valeurs, Versements
from pdp.calcul.segments import JAMAIS, TOUJOURS, Booleens, Entiers, Jours, cle
from pdp.domain.bilan import Bilan
from pdp.domain.calendrier import add_mois, annees_avant
from pdp.domain.droits_ij import CLE_ALD
from pdp.domain.referentiel import Referentiel
from pdp.services.delais import get_lieu
from pdp.services.publish_referentiel import referentiel
from pdp.services.reglages import DroitNonCompte, Periode, borne_haute, bornes, periodes
from pdp.storage import etats_repository as depot
from pdp.storage import journal, multiplages
from pdp.storage.copie_binaire import Lignes
from pdp.storage.etats_repository import Arrets, EpisodesStockes, Tranche
from pdp.storage.multiplages import Ensemble

PRESCRIPTIONS_PAR_TRANCHE = 2_500_000
"""Bounds the memory of a computation of everybody: about 250 bytes per prescription at the peak."""
HORIZON_ANNEES = 1
"""How far ahead of the day the values of the counter must be known, for the arrêts already prescribed."""
VERSION_CALCUL = 2
"""Raised whenever the meaning of a stored state changes: everybody is then looked at again."""
SEUILS = ("alerte_ij_270", "alerte_ij_330")


@dataclass(frozen=True, slots=True)
class ReglagesEtats:
    """Values of the referential that the states depend on."""

    jour: date
    tolerance: int
    suspension_max: int
    carences: list[Periode]
    reprises: list[Periode]
    plafond: int
    fenetre: int
    seuils: tuple[int, int]

    @property
    def empreinte(self) -> bytes:
        """The same as long as the values are, whatever the day."""
        valeurs = {**asdict(self), "jour": None, "version": VERSION_CALCUL}
        return sha256(json.dumps(valeurs, default=str, sort_keys=True).encode()).digest()


def compute_etats(
    conn: Connection, plateforme_id: str, maintenant: datetime, *, complet: bool = False, reglages: bytes = b"", tranche: int | None = None
) -> Bilan:
    """Bring pdp.episode and pdp.droits_ij up to date for people touched since the last run, those whose day has come, or everybody.

    Everybody when `complet`, at the first run, and when the values in force (with `reglages`, those of the caller) are not those of
    the last run. Only differences are written; a second call changes nothing. Leaves the temporary table personne_touchee in the
    transaction. ``detail``: personnes, episodes, ecrits, remplaces, droits_ecrits. `tranche`: prescriptions held in memory at a time.
    Raises ReferentielIncomplet, DroitNonCompte.
    """
    jour = get_lieu(conn, plateforme_id).jour(maintenant)
    valeurs = read_reglages(referentiel(), jour, plateforme_id)
    depot.lock_plateforme(conn, plateforme_id)
    empreinte = sha256(valeurs.empreinte + reglages).digest()
    change = depot.find_reglage(conn, plateforme_id) != empreinte
    toutes = complet or change
    personnes = depot.take_personnes(conn, plateforme_id, jour, toutes=toutes)
    detail = {"personnes": personnes, "episodes": 0, "ecrits": 0, "remplaces": 0, "droits_ecrits": 0}
    if personnes:
        depot.create_travail(conn)
        regles = _to_regles(valeurs)
        par_tranche = tranche or PRESCRIPTIONS_PAR_TRANCHE
        for part in depot.list_tranches(conn, plateforme_id, personnes, toutes=toutes, par_tranche=par_tranche):
            for nom, nombre in _compute_tranche(conn, part, regles, maintenant).items():
                detail[nom] += nombre
    if detail["droits_ecrits"] or detail["ecrits"] or detail["remplaces"]:
        journal.record(
            conn,
            "compteurs_calcules",
            plateforme_id=plateforme_id,
            donnees={"jour": jour} | {nom: detail[nom] for nom in ("droits_ecrits", "ecrits", "remplaces")},
        )
    if change:
        depot.set_reglage(conn, plateforme_id, empreinte, maintenant)
    ecrits = detail["ecrits"] + detail["remplaces"] + detail["droits_ecrits"]
    return Bilan(traites=ecrits, ignores=max(0, detail["episodes"] - detail["ecrits"]), detail=detail)


def read_reglages(ref: Referentiel, jour: date, plateforme: str) -> ReglagesEtats:
    """Raises ReferentielIncomplet, and DroitNonCompte when the cap changes inside the window or when L.324-1 enters it."""
    question = ref.find_parametre(CLE_ALD, jour)
    if question is not None and question.valeur is True:
        raise DroitNonCompte("Compter les affections de longue durée dans la limite n'est pas encore prévu.", code="ald_in_cap")
    fenetre = ref.entier("ij_fenetre_annees", jour)
    du, au = annees_avant(jour, 2 * fenetre), add_mois(jour, 12 * HORIZON_ANNEES)
    for cle_loi in ("ij_plafond_trois_ans", "ij_fenetre_annees"):
        if len({p.valeur for p in periodes(ref, cle_loi, du, au) if p.du <= au and du <= p.au}) > 1:
            raise DroitNonCompte(
                f"« {cle_loi} » change pendant la période comptée : ce cas n'est pas encore prévu.", code="cap_changes_in_window"
            )
    return ReglagesEtats(
        jour=jour,
        tolerance=borne_haute("tolerance_horloge_risque_jours", jour, plateforme),
        suspension_max=borne_haute("horloge_suspension_max_jours", jour, plateforme),
        carences=periodes(ref, "ij_carence_jours", du, au),
        reprises=periodes(ref, "ij_reprise_sans_carence_jours", du, au),
        plafond=ref.entier("ij_plafond_trois_ans", jour),
        fenetre=fenetre,
        seuils=tuple(bornes(ref.get_parametre(seuil, jour, plateforme))[0] or 0 for seuil in SEUILS),
    )


def _to_regles(v: ReglagesEtats) -> Regles:
    return Regles(
        jour=v.jour,
        tolerance=v.tolerance,
        suspension_max=v.suspension_max,
        carences=_to_valeurs("ij_carence_jours", v.carences),
        reprises=_to_valeurs("ij_reprise_sans_carence_jours", v.reprises),
        plafond=v.plafond,
        fenetre=v.fenetre,
        seuils=v.seuils,
    )


def _to_valeurs(cle_loi: str, lignes: list[Periode]) -> Valeurs:
    return Valeurs(
        cle_loi,
        np.array([numero(p.du) for p in lignes], np.int32),
        np.array([numero(p.au) for p in lignes], np.int32),
        np.array([p.valeur for p in lignes], np.int32),
    )


def _compute_tranche(conn: Connection, tranche: Tranche, regles: Regles, maintenant: datetime) -> dict[str, int]:
    """Facts, states, differences of the people of one range."""
    arrets = depot.read_arrets(conn, tranche)
    suspensions = depot.read_suspensions(conn, tranche, int(TOUJOURS))
    versements = depot.read_versements(conn, tranche)
    stockes = depot.read_episodes(conn, tranche)
    droits_de, droits_stockes = depot.read_droits(conn, tranche)
    uuids, numeros = number_personnes(arrets.personne, suspensions[0], versements[0], stockes.personne, droits_de)
    p, avis = _to_prescriptions(arrets, numeros[0])
    del arrets  # the largest part of the memory, now sorted in `p`
    episodes = compute_episodes(p, Suspensions(numeros[1], *suspensions[1:]), regles)
    droits = compute_droits(p, Versements(numeros[2], *versements[1:]), len(uuids), regles)
    neufs, perdus = _diff_episodes(episodes, avis, uuids, stockes, numeros[3])
    encodes, droits_ecrits = _diff_droits(droits, uuids, numeros[4], droits_stockes)
    if not (len(neufs.debut) or perdus.any() or droits_ecrits.any()):
        return {"episodes": len(episodes.debut)}
    depot.send_etats(conn, neufs, (stockes.personne[perdus], stockes.premiere[perdus]), multiplages.select(encodes, droits_ecrits))
    ligne = depot.upsert_episodes(conn, tranche.plateforme, maintenant)
    return {
        "episodes": len(episodes.debut),
        "ecrits": ligne.ecrits,
        "remplaces": ligne.remplaces,
        "droits_ecrits": depot.upsert_droits(conn, tranche.plateforme, maintenant),
    }


def _to_prescriptions(arrets: Arrets, personne: Jours) -> tuple[Prescriptions, NDArray[np.bytes_]]:
    """Rows in the order of the kernels, and their id_avis."""
    ordre = order_prescriptions(personne, arrets.debut, arrets.id_avis)
    code = arrets.code[ordre]
    p = Prescriptions(
        personne=personne[ordre],
        debut=arrets.debut[ordre],
        fin=arrets.fin[ordre],
        risque=(code & 3).astype(np.int8),
        initiale=(code & 16) != 0,
        temps_partiel=(code & 32) != 0,
        motif=((code >> 2) & 3).astype(np.int8),
        ald=(code & 64) != 0,
        connu_at=arrets.connu_at[ordre],
    )
    return p, arrets.id_avis[ordre]


def _diff_episodes(
    e: Episodes, avis: NDArray[np.bytes_], uuids: Uuids, stockes: EpisodesStockes, numeros: Jours
) -> tuple[EpisodesStockes, Booleens]:
    """Absences that are not stored so, and which of the stored ones are not found so."""
    code = (
        e.risque.astype(np.int32)
        | (e.motif.astype(np.int32) << 2)
        | (e.risque_mixte.astype(np.int32) << 4)
        | (e.ald.astype(np.int32) << 5)
        | (e.temps_partiel.astype(np.int32) << 6)
    )
    colonnes = (e.debut, e.fin, e.jours_prescrits, e.nb_prescriptions, code, e.connu_at, avis[e.premiere])
    neufs, perdus = find_differentes(cle(e.personne, e.debut), colonnes[1:], cle(numeros, stockes.debut), stockes.valeurs)
    return EpisodesStockes(uuids[e.personne[neufs]], *(c[neufs] for c in colonnes)), perdus


def _diff_droits(droits: Droits, uuids: Uuids, numeros: Jours, stockes: Lignes) -> tuple[Lignes, Booleens]:
    """Rows of everybody as the database would hold them, and those that it does not hold so."""
    ensembles = [Ensemble(*s) for s in (droits.carence, droits.comptees, droits.refusees, droits.l324, droits.atmp)]
    jours = [droits.verse_jusqu_au, droits.epuisement_le, droits.seuil_1_le, droits.seuil_2_le]
    lignes = multiplages.encode_droits(uuids, ensembles, jours, int(JAMAIS))
    face: Entiers = np.full(len(uuids), -1, np.int64)
    face[numeros] = np.arange(len(numeros))
    rien = jours[0] == JAMAIS
    for ensemble in ensembles:
        rien[ensemble.ligne] = False
    return lignes, multiplages.find_differentes(lignes, stockes, face) & ~(rien & (face < 0))
