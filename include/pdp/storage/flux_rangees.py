"""From the typed values of a line to the row of its bulk table; identities and medical codes are encrypted or hashed on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from pdp.domain.motif import categorize_motif
from pdp.domain.nir import is_provisoire
from pdp.domain.prestations import NATURES_AFFECTION, is_temps_partiel, name_affection, tell_risque
from pdp.storage.chiffrement import encrypt, fingerprint, seal

Valeurs = dict[str, Any]
Rangee = tuple[Any, ...]


def build_rangee(flux: str, valeurs: Valeurs, numero: int, fichier_id: UUID | None) -> Rangee:
    """Row of the bulk table; the NIR leaves this function encrypted and as a keyed hash only."""
    return _RANGEES[flux](valeurs, numero, fichier_id)


def _arret(valeurs: Valeurs, numero: int, fichier_id: UUID | None) -> Rangee:
    """The prescriber is checked and not kept: nothing here needs it."""
    motif = valeurs["motif_medical"]
    version = (
        valeurs["id_assure"],
        valeurs["date_debut"],
        valeurs["date_fin"],
        valeurs["nature"],
        valeurs["risque"],
        valeurs["temps_partiel_therapeutique"],
        categorize_motif(motif),
        motif,
        valeurs["ald"],
        valeurs["hospitalisation"],
        valeurs["canal"],
        valeurs["annule"],
        valeurs["date_reception"],
    )
    return (fichier_id, numero, valeurs["id_avis"], *version, seal("|".join(map(str, version))))


def _versement(valeurs: Valeurs, numero: int, fichier_id: UUID | None) -> Rangee:
    """The quantity (PRS_ACT_QTE) is checked and not kept: it counts a day twice with two employers."""
    nature = valeurs["prs_nat_ref"]
    version = (
        valeurs["id_assure"],
        nature,
        tell_risque(nature, valeurs["rgo_asu_nat"]),
        is_temps_partiel(nature),
        valeurs["exe_soi_dtd"],
        valeurs["exe_soi_dtf"],
        valeurs["prs_act_nbr"],
        valeurs["flx_trt_dtd"],
        valeurs["ijr_emp_num"],
        valeurs["org_cle"],
        valeurs["annule"],
    )
    return (fichier_id, numero, valeurs["id_versement"], *version, seal("|".join(map(str, version))))


def _droit(valeurs: Valeurs, numero: int, fichier_id: UUID | None) -> Rangee:
    """Number and code go to the medical class; elsewhere an affection is a category, dates, and a keyed hash."""
    nature, code = NATURES_AFFECTION[valeurs["imb_etm_nat"]], valeurs["med_mtf_cod"]
    numero_ald = None if valeurs["imb_ald_num"] is None else str(valeurs["imb_ald_num"])
    nom = seal("affection|" + name_affection(valeurs["imb_ald_num"], code, nature))
    fin = valeurs["imb_ald_dtf"], valeurs["annule"], valeurs["date_maj"]
    version = (valeurs["id_assure"], nature, nom, categorize_motif(code), numero_ald, code, valeurs["imb_ald_dtd"], *fin)
    return (fichier_id, numero, valeurs["id_droit"], *version, seal("|".join(map(str, version))))


def _assure(valeurs: Valeurs, numero: int, fichier_id: UUID | None) -> Rangee:
    nir = valeurs["nir"]
    return (
        numero,
        valeurs["id_source"],
        valeurs["departement"],
        encrypt(nir),
        fingerprint(nir),
        valeurs["nom"],
        valeurs["prenom"],
        valeurs["date_naissance"],
        valeurs["sexe"],
        valeurs["commune_insee"],
        valeurs["telephone"],
        valeurs["courriel"],
        valeurs["contact_prefere"] or "telephone",
        list(valeurs["contact_refus"]),
        valeurs["langue"] or "fr",
        valeurs["contrat"],
        valeurs["date_maj"],
        is_provisoire(nir),
        valeurs.get("id_source_precedent"),
    )


def _agent(valeurs: Valeurs, numero: int, fichier_id: UUID | None) -> Rangee:
    """The columns of the table are those of the schema."""
    return (numero, *(list(valeur) if isinstance(valeur, tuple) else valeur for valeur in valeurs.values()))


def _partenaire(valeurs: Valeurs, numero: int, fichier_id: UUID | None) -> Rangee:
    """A file without the optional columns says nothing of them: None, where an empty cell says an empty list."""
    zones, spst = valeurs.get("zones"), valeurs.get("identifiants_spst")
    return (
        numero,
        valeurs["id_source"],
        valeurs["type"],
        valeurs["nom"],
        list(valeurs["departements"]),
        valeurs["canal"],
        valeurs["url"],
        valeurs["courriel"],
        valeurs["telephone"],
        valeurs["delai_reponse_jours"],
        valeurs["actif_du"],
        valeurs["actif_au"],
        valeurs.get("adresse_securisee"),
        None if zones is None else sorted(zones),
        None if spst is None else sorted(spst),
    )


_RANGEES: dict[str, Callable[[Valeurs, int, UUID | None], Rangee]] = {
    "arrets_prescrits": _arret,
    "ij_versees": _versement,
    "ald_invalidite": _droit,
    "assures": _assure,
    "agents": _agent,
    "partenaires": _partenaire,
}
