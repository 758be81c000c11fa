"""The synthetic cohort of the demonstration: two deliveries of feeds for one average département and a small neighbour.

Same (seed, anchor, size): same bytes. The first delivery (``J-45``) is everything received up to 45 days before the anchor; the second
(``J``) is what came since: new avis, prolongations, corrections, cancellations, late avis, and some deliberately bad lines.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Literal

from pdp.simulation import cohorte_anomalies
from pdp.simulation.cohorte_avis import Absence, Avis, Prescripteurs, Vus
from pdp.simulation.cohorte_droits import build_droits
from pdp.simulation.cohorte_durees import (
    ARRETS_PAR_DEPARTEMENT,
    CARENCE_JOURS,
    FENETRE_JOURS,
    HISTOIRE_JOURS,
    Mesure,
    Survie,
    measure,
)
from pdp.simulation.cohorte_personnes import Annuaire, Personne, id_source
from pdp.simulation.cohorte_ressources import build_agents, build_partenaires
from pdp.simulation.dsn import write_dsn

Taille = Literal["departement", "petite"]
ECART_JOURS = 45
_ARRETS: dict[str, int] = {"departement": ARRETS_PAR_DEPARTEMENT, "petite": 2_000}
_PART_SECONDE = 0.03
_PART_RECIDIVE = 0.375
_LONG_JOURS = 90
# (risk, share of the arrêts alive in the year, stretching of the durations of maladie)
_RISQUES = (
    ("maladie", 0.850, 1.0),
    ("at", 0.065, 3.2),
    ("trajet", 0.012, 3.2),
    ("mp", 0.008, 5.0),
    ("maternite", 0.040, 0.0),
    ("paternite", 0.025, 0.0),
)
_FIXES = {"maternite": 112, "paternite": 28}
ENTETES = {
    "assures": "id_source;nir;nom;prenom;date_naissance;sexe;commune_insee;departement;telephone;courriel;contact_prefere;contact_refus;"
    "langue;contrat;date_maj",
    "arrets_prescrits": "id_avis;id_assure;date_debut;date_fin;nature;risque;temps_partiel_therapeutique;motif_medical;ald;"
    "prescripteur_rpps;hospitalisation;date_reception;canal;annule",
    "ij_versees": "id_versement;id_assure;prs_nat_ref;exe_soi_dtd;exe_soi_dtf;prs_act_nbr;prs_act_qte;rgo_asu_nat;ijr_emp_num;flx_trt_dtd;"
    "org_cle;annule",
    "ald_invalidite": "id_droit;id_assure;imb_ald_num;imb_etm_nat;imb_ald_dtd;imb_ald_dtf;med_mtf_cod;date_maj;annule",
    "partenaires": "id_source;type;nom;departements;canal;url;courriel;telephone;delai_reponse_jours;actif_du;actif_au;"
    "adresse_securisee;zones;identifiants_spst",
    "agents": "matricule;nom;prenom;courriel;role;plateforme;territoire;quotite;competences;actif_du;actif_au",
}


@dataclass(frozen=True, slots=True)
class ResumeCohorte:
    """What was generated; ``calibration`` sets each published figure beside the one obtained."""

    graine: int
    ancrage: date
    taille: str
    fichiers: tuple[Path, ...]
    lignes: dict[str, int]
    personnes: int
    arrets: int
    arrets_longs: int
    corrections: int
    annulations: int
    lignes_fautives: int
    calibration: tuple[Mesure, ...]

    def to_text(self) -> str:
        """Report for the terminal, one line per published figure."""
        entete = (
            f"Synthetic cohort '{self.taille}', seed {self.graine}, anchor {self.ancrage}: "
            f"{self.personnes} people, {self.arrets} arrêts in the year ({self.arrets_longs} over {_LONG_JOURS} days), "
            f"{self.corrections} corrections, {self.annulations} cancellations, {self.lignes_fautives} bad lines."
        )
        mesures = [
            f"  {m.nom:<28} target {m.cible:>7.3f}  obtained {m.obtenu:>7.3f}  {'ok' if m.tenue else 'OUT OF BOUNDS'}"
            for m in self.calibration
        ]
        return "\n".join([entete, *mesures])


class Cohorte:
    """State of one generation: one random source, consumed in a fixed order."""

    def __init__(self, graine: int, ancrage: date, taille: str) -> None:
        self.ancrage = ancrage
        self.fin = ancrage.toordinal()
        self.ouverture = self.fin - FENETRE_JOURS + 1
        self.hasard = Random(f"pdp-cohorte|{graine}|{ancrage.isoformat()}|{taille}")
        self.prescripteurs = Prescripteurs(self.hasard, ancrage, 1_500 if taille == "departement" else 60)
        self.avis: list[Avis] = []
        self.personnes: list[Personne] = []
        self.durees: list[tuple[int, int]] = []
        self.avec_maladie: set[str] = set()
        self.arrets = self.longs = self.jours_tous = 0

    def fill(self, departement: str, nombre: int) -> None:
        """Add the people and avis of one département, ``nombre`` arrêts alive in the year."""
        libres: list[Personne] = []
        occupes: list[tuple[int, int, Personne]] = []
        numero = 0
        for absence in sorted(self._draw_absences(nombre), key=lambda a: (a.debut, a.prescrits, a.risque)):
            while occupes and occupes[0][0] <= absence.debut:
                libres.append(heapq.heappop(occupes)[2])
            personne = self._reuse(libres, absence)
            if personne is None:
                feminin = absence.risque == "maternite" or (absence.risque != "paternite" and self.hasard.random() < 0.55)
                personne = Personne(numero, departement, feminin, 0)
                self.personnes.append(personne)
                numero += 1
            vus = self._prescribe(personne, absence)
            personne.libre_le = max(absence.debut + absence.prescrits, vus.fin) + 4 + int(self.hasard.expovariate(1 / 40))
            heapq.heappush(occupes, (personne.libre_le, personne.numero, personne))

    def _draw_absences(self, nombre: int) -> list[Absence]:
        absences = []
        for risque, part, etirement in _RISQUES:
            survie = Survie(etirement) if etirement else None
            fixe = _FIXES.get(risque, 0)
            portes = survie.share_carried() if survie else fixe / (FENETRE_JOURS + fixe)
            for _ in range(round(nombre * part)):
                age = 0
                if self.hasard.random() < portes:
                    age = survie.draw_age(self.hasard) + 1 if survie else 1 + int(self.hasard.random() * (fixe - 1))
                debut = self.ouverture - age if age else self._working_start()
                jours = survie.draw(self.hasard, age) if survie else fixe
                absences.append(Absence(debut, jours + (CARENCE_JOURS if risque == "maladie" else 0), risque))
        return absences

    def _working_start(self) -> int:
        """A day of the year; a beginning at the week-end is three times rarer than on a working day."""
        jour = self.ouverture + int(self.hasard.random() * FENETRE_JOURS)
        if jour % 7 in (6, 0) and self.hasard.random() < 0.6 and jour + 2 <= self.fin:
            return jour + 2
        return jour

    def _reuse(self, libres: list[Personne], absence: Absence) -> Personne | None:
        """Somebody who already had an arrêt, often enough to reach the published number of arrêts per person."""
        if not libres or absence.risque in ("maternite", "paternite") or self.hasard.random() >= _PART_RECIDIVE:
            return None
        rang = int(self.hasard.random() * len(libres))
        libres[rang], libres[-1] = libres[-1], libres[rang]
        return libres.pop()

    def _prescribe(self, personne: Personne, absence: Absence) -> Vus:
        source = id_source(personne)
        if absence.prescrits >= _LONG_JOURS and not personne.libre_le:
            self._write_past(personne, absence)
        premier = len(self.avis)
        vus = self.prescripteurs.prescribe(absence, source, personne.departement, self.avis)
        if premier < len(self.avis) and not personne.premiere_reception:
            personne.premiere_reception = min(avis.instant for avis in self.avis[premier:])
        if vus.annee:
            self.arrets += 1
            self.jours_tous += vus.annee
            self.longs += vus.total >= _LONG_JOURS
            if absence.risque == "maladie":
                self.durees.append((vus.total, vus.annee))
                self.avec_maladie.add(source)
        return vus

    def _write_past(self, personne: Personne, absence: Absence) -> None:
        """Earlier arrêts of a person with a long one, over the three years in which IJ are counted, all ended before the year."""
        limite = min(absence.debut, self.ouverture) - 15
        debut = self.fin - HISTOIRE_JOURS + 1 + int(self.hasard.random() * 200)
        while True:
            jours = 60 + int(self.hasard.random() * 200) if self.hasard.random() < 0.22 else 5 + int(self.hasard.expovariate(1 / 14))
            if debut + jours >= limite or self.hasard.random() < 0.45:
                return
            premier = len(self.avis)
            self.prescripteurs.prescribe(Absence(debut, jours, "maladie"), id_source(personne), personne.departement, self.avis)
            if not personne.premiere_reception:
                personne.premiere_reception = min(avis.instant for avis in self.avis[premier:])
            debut += jours + 20 + int(self.hasard.expovariate(1 / 150))


def generate_cohorte(
    dossier: Path,
    graine: int,
    ancrage: date,
    taille: Taille = "departement",
    partenaire_url: str = "https://partenaire.exemple.invalid",
    fhir_url: str = "https://partenaire.exemple.invalid/fhir",
) -> ResumeCohorte:
    """Write ``J-45/`` and ``J/`` under ``dossier`` and say what is in them.

    ``partenaire_url`` and ``fhir_url``: addresses written for the partners reached by API and by FHIR. A second call
    with the same arguments writes the same bytes.
    """
    cohorte = Cohorte(graine, ancrage, taille)
    nombre = _ARRETS[taille]
    cohorte.fill("35", nombre)
    cohorte.fill("57", round(nombre * _PART_SECONDE))
    cohorte.avis.sort(key=lambda avis: (avis.instant, avis.ligne))
    coupure = cohorte.fin - ECART_JOURS
    avant = [avis.ligne for avis in cohorte.avis if avis.recu <= coupure and not avis.differe]
    apres = [avis.ligne for avis in cohorte.avis if avis.recu > coupure or avis.differe]
    versements, droits = build_droits(cohorte.avis, graine, ancrage)
    assures_avant, assures_apres = _split_assures(cohorte, coupure)
    fautives = _spoil(cohorte.hasard, apres, cohorte_anomalies.ARRETS, "AV35-9") + _spoil(
        cohorte.hasard, assures_apres, cohorte_anomalies.ASSURES, "351-9999"
    )
    livraisons = {
        "J-45": {"assures": assures_avant, "arrets_prescrits": avant},
        "J": {"assures": assures_apres, "arrets_prescrits": apres},
    }
    fichiers, lignes = [], Counter[str]()
    assures, avis, depuis = list[str](), list[str](), date.fromordinal(cohorte.ouverture)
    for nom, flux in livraisons.items():
        agents = build_agents(Random(f"pdp-agents|{graine}"), ancrage, livraison=nom)
        flux["agents"] = [";".join(cellules) for cellules in agents]
        flux["partenaires"] = [";".join(cellules) for cellules in build_partenaires(ancrage, partenaire_url, fhir_url)]
        jour = ancrage - timedelta(days=ECART_JOURS if nom == "J-45" else 0)
        for titre, emises in (("ij_versees", versements), ("ald_invalidite", droits)):
            flux[titre] = [emise.ligne for emise in emises if (emise.jour <= coupure) == (nom == "J-45")]
        for titre, contenu in flux.items():
            fichiers.append(write_flux(dossier / nom / f"{titre}_{jour.isoformat()}.csv", ENTETES[titre], contenu))
            lignes[titre] += len(contenu)
        assures, avis = assures + flux["assures"], avis + flux["arrets_prescrits"]
        fichiers.append(write_dsn(dossier / nom, assures, avis, jour, depuis))
        depuis = jour
    return ResumeCohorte(
        graine, ancrage, taille, tuple(fichiers), dict(lignes), len(cohorte.personnes), cohorte.arrets, cohorte.longs,
        cohorte.prescripteurs.corrections, cohorte.prescripteurs.annulations, fautives,
        measure(cohorte.durees, len(cohorte.avec_maladie), cohorte.arrets, cohorte.jours_tous),
    )  # fmt: skip


def _split_assures(cohorte: Cohorte, coupure: int) -> tuple[list[str], list[str]]:
    """Lines of the people known in each delivery; one in seventy of the first changes telephone before the second."""
    annuaire = Annuaire(cohorte.hasard, cohorte.ancrage)
    limite = date.fromordinal(coupure + 1).isoformat()
    renouvele = f"{date.fromordinal(coupure + 20).isoformat()}T07:30:00Z"
    avant, apres = [], []
    for personne in cohorte.personnes:
        if not personne.premiere_reception:
            continue
        cellules = annuaire.line(personne, personne.premiere_reception)
        if personne.premiere_reception >= limite:
            apres.append(";".join(cellules))
            continue
        avant.append(";".join(cellules))
        if cohorte.hasard.random() < 1 / 70:
            apres.append(";".join(annuaire.renew_telephone(cellules, renouvele)))
    return avant, apres


def _spoil(hasard: Random, lignes: list[str], fautes: Sequence[Callable[[list[str]], list[str]]], prefixe: str) -> int:
    """Insert one bad line per kind, made from a right one under a new key, at places drawn at random."""
    modeles = [lignes[int(hasard.random() * len(lignes))].split(";") for _ in fautes]
    mauvaises = [
        ";".join(faute([f"{prefixe}{rang:02d}", *modele[1:]])) for rang, (faute, modele) in enumerate(zip(fautes, modeles, strict=True))
    ]
    for mauvaise in mauvaises:
        lignes.insert(int(hasard.random() * (len(lignes) + 1)), mauvaise)
    return len(mauvaises)


def write_flux(chemin: Path, entete: str, lignes: list[str]) -> Path:
    """Written aside then renamed, with the trailer that proves the file is whole."""
    chemin.parent.mkdir(parents=True, exist_ok=True)
    provisoire = chemin.with_name(chemin.name + ".part")
    provisoire.write_bytes("\n".join([entete, *lignes, f"#FIN;{len(lignes)}", ""]).encode())
    return provisoire.replace(chemin)
