"""Synthetic agents and partners of the two demonstration platforms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from pdp.simulation.cohorte_personnes import draw_nom


@dataclass(frozen=True, slots=True)
class _Secteur:
    territoire: str
    agents: int


# Twenty-four coordinators for PF35: the number is a sizing choice of the demonstration, no staffing norm is published.
_SECTEURS_35 = (
    _Secteur("35238", 9),
    _Secteur("35051|35055|35281|35024|35278", 4),
    _Secteur("35047|35353|35066|35334|35240|35196|35210", 3),
    _Secteur("35288|35093|35049|35095|35085", 3),
    _Secteur("35115|35360|35069|35136|35152", 3),
    _Secteur("35236|35012|35223|35297|35188", 1),
    _Secteur("tous", 1),
)
_COMPETENCES = ("", "sante_mentale", "tms", "at_mp", "anglais", "sante_mentale|tms", "langue_des_signes", "independants")
_QUOTITES = ("1", "1", "1", "0.8", "1", "0.5")


def build_agents(hasard: Random, ancrage: date, *, livraison: str) -> list[list[str]]:
    """Complete list; in the second delivery one coordinator has left, ten days before the anchor."""
    arrivee = (ancrage - timedelta(days=700)).isoformat()
    lignes: list[list[str]] = []

    def add(plateforme: str, role: str, territoire: str, rang: int) -> None:
        nom, prenom = draw_nom(hasard, feminin=rang % 4 != 3)
        matricule = f"{plateforme[2:]}{len(lignes) + 1:04d}"
        courriel = f"{role}{rang + 1:02d}.{plateforme.lower()}@exemple.invalid"
        quotite = _QUOTITES[rang % len(_QUOTITES)] if role == "csam" else "1"
        competences = _COMPETENCES[rang % len(_COMPETENCES)] if role == "csam" else ""
        lignes.append([matricule, nom, prenom, courriel, role, plateforme, territoire, quotite, competences, arrivee, ""])

    rang = 0
    for secteur in _SECTEURS_35:
        for _ in range(secteur.agents):
            add("PF35", "csam", secteur.territoire, rang)
            rang += 1
    for role, nombre in (("medecin_conseil", 3), ("responsable", 1), ("evaluateur", 1)):
        for i in range(nombre):
            add("PF35", role, "tous", i)
    for role, nombre in (("csam", 2), ("medecin_conseil", 1), ("responsable", 1)):
        for i in range(nombre):
            add("PF57", role, "tous", i)
    if livraison == "J":
        lignes[5][10] = (ancrage - timedelta(days=10)).isoformat()
    return lignes


# Of some partners: secure address, zones served, identifiers in DSN (see dsn.py: the third service declared is no partner).
_PRECISIONS: dict[str, tuple[str, str, str]] = {
    "SST-01": ("", "35238|35051|35055|35281|35024|35278|35047|35353|35066", ""),
    "SST-02": ("", "35|57", ""),
    "PSY-03": ("humain.psy-03@demonstration.mssante.invalid", "", ""),
    "MT-01": ("humain.mt-01@demonstration.mssante.invalid", "35", ""),
    "MT-02": ("humain.mt-02@demonstration.mssante.invalid", "57", ""),
    "CAP-01": ("", "35|57", ""),
    "CAP-02": ("", "35236|35012|35223|35297|35188", ""),
    "SPST-01": ("", "", "SPST3500000001"),
    "SPST-02": ("", "35|57", "SPST3500000002"),
}


def build_partenaires(ancrage: date, partenaire_url: str, fhir_url: str) -> list[list[str]]:
    """Complete list: of each of the first two kinds one by API and one by portal, a third service by FHIR, a practice by e-mailed link,
    one by secure mail, a doctor of each platform too, a Cap emploi by files;
    the others by portal."""
    urls = {"api": partenaire_url, "fhir": fhir_url}
    debut = (ancrage - timedelta(days=900)).isoformat()
    lignes = (
        ("SST-01", "service_social", "Service social Exemple-Centre (fictif)", "35", "api", "15"),
        ("SST-02", "service_social", "Service social Exemple-Est (fictif)", "35|57", "portail", "15"),
        ("SPST-01", "spst", "Santé au travail Exemple-Nord (fictif)", "35", "api", "20"),
        ("SPST-02", "spst", "Santé au travail Exemple-Sud (fictif)", "35|57", "portail", "20"),
        ("SPST-03", "spst", "Santé au travail Exemple-Ouest (fictif)", "35", "fhir", "20"),
        ("CAP-01", "cap_emploi", "Cap emploi Exemple (fictif)", "35|57", "portail", "20"),
        ("CAP-02", "cap_emploi", "Cap emploi Exemple-Sud (fictif)", "35", "csv", "20"),
        ("PSY-01", "psychologue", "Cabinet de psychologie Exemple A (fictif)", "35", "lien", "10"),
        ("PSY-02", "psychologue", "Cabinet de psychologie Exemple B (fictif)", "35|57", "portail", "10"),
        ("PSY-03", "psychologue", "Cabinet de psychologie Exemple C (fictif)", "35", "messagerie", "10"),
        ("MT-01", "medecin_traitant", "Docteur Exemple, généraliste (fictif)", "35", "messagerie", "10"),
        ("MT-02", "medecin_traitant", "Docteur Exemple-Est, généraliste (fictif)", "57", "messagerie", "10"),
    )
    return [
        [ident, genre, nom, departements, canal, urls.get(canal, ""),
         f"accueil.{ident.lower()}@exemple.invalid", f"026191{1000 + rang:04d}", delai, debut, "",
         *_PRECISIONS.get(ident, ("", "", ""))]
        for rang, (ident, genre, nom, departements, canal, delai) in enumerate(lignes)
    ]  # fmt: skip
