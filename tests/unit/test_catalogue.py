"""The catalogue of automatic rules says all that the registries hold, with delays that exist."""

from __future__ import annotations

from datetime import date

from pdp.domain.alerte import TYPES
from pdp.domain.catalogue import (
    A_LA_MAIN,
    DELAIS_ALERTES,
    DELAIS_BLOCAGES,
    ENVOIS,
    FAMILLES,
    Automatisme,
    list_automatismes,
    tell_horaire,
)
from pdp.domain.enlisement import ENLISEMENTS
from pdp.domain.horaire import TRAITEMENTS, Traitement
from pdp.domain.message import MODELES
from pdp.domain.sonde import SONDES
from pdp.domain.tache import MOTIFS
from pdp.messages.render import MESSAGES
from pdp.referentiel import load_referentiel, load_regles

JOUR = date(2026, 11, 18)
# Written by a person each time: shown among the models, not here.
ECRITS_A_LA_MAIN = {"injoignable", "rappelez_nous"}


def _catalogue() -> tuple[Automatisme, ...]:
    return list_automatismes(load_regles().list_en_vigueur(JOUR), [], {"palier_signalement_j60": "au moins 60"})


def test_every_registry_is_whole_and_no_rule_is_named_twice() -> None:
    par_famille = {famille: [a.code for a in _catalogue() if a.famille == famille] for famille in FAMILLES}
    assert par_famille["traitement"] == list(TRAITEMENTS)
    assert par_famille["tache"] == [m for m in MOTIFS if m not in A_LA_MAIN]
    assert par_famille["blocage"] == sorted(ENLISEMENTS)
    assert par_famille["alerte"] == list(TYPES)
    assert par_famille["sonde"] == list(SONDES)
    assert par_famille["detection"] == [r.cle for r in load_regles().list_en_vigueur(JOUR)]
    assert set(MODELES) - set(par_famille["message"]) == ECRITS_A_LA_MAIN
    assert all(len(codes) == len(set(codes)) for codes in par_famille.values())


def test_a_rule_of_detection_is_told_with_its_threshold_and_no_figure_of_anybody() -> None:
    titres = {a.code: a.titre for a in _catalogue()}
    assert titres["palier_60"] == "Arrêt de … jours (repère : au moins 60 jours)."
    assert titres["palier_90"] == "Arrêt de … jours (repère : … jours)."


def test_every_delay_model_and_treatment_exists() -> None:
    referentiel = load_referentiel()
    for a in _catalogue():
        assert [cle for cle in a.delais if referentiel.find_parametre(cle, JOUR) is None] == [], a.code
        assert a.dag is None or a.dag in TRAITEMENTS, a.code
        assert a.modele is None or a.modele in {*MODELES, *MESSAGES}, a.code
        assert min(len(a.titre), len(a.fait)) > 3, a.code
        assert "{" not in a.titre + a.fait, a.code
    assert set(DELAIS_BLOCAGES) <= set(ENLISEMENTS)
    assert set(DELAIS_ALERTES) <= set(TYPES)
    assert set(MOTIFS) >= A_LA_MAIN
    assert all(e.modele == code for code, e in ENVOIS.items() if code in MODELES)


def test_a_schedule_is_told_in_french() -> None:
    cas = {
        ("15 6 * * *", False, ()): "Chaque jour à 06 h 15.",
        ("*/10 5-21 * * *", False, ()): "Chaque jour, toutes les 10 minutes, de 05 h 00 à 21 h 50.",
        ("20 6-18 * * 1-5", True, ()): "Chaque jour ouvré, toutes les heures, de 06 h 20 à 18 h 20.",
        ("45 6 * * 1-5", False, ()): "Chaque jour de la semaine à 06 h 45.",
        (None, False, ("pdp_detection",)): "Dès que « 2. Détection des arrêts à risque » a travaillé.",
    }
    for (cron, ouvres, apres), attendu in cas.items():
        assert tell_horaire(Traitement("essai", "Essai", "", cron, apres, ouvres)) == attendu
