"""Law, policy and rules of one platform on one day, in the shape that the set-based detection reads."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from hashlib import sha256

from pdp.domain.arret import RISQUES_ABSENCE
from pdp.domain.droits_ij import CLE_ALD
from pdp.domain.referentiel import Referentiel
from pdp.domain.regles import CleExclusion, Regle, Regles
from pdp.domain.signalement import PALIERS, is_a_trier
from pdp.services.publish_referentiel import referentiel, regles
from pdp.services.reglages import borne_haute, bornes
from pdp.storage.detection_repository import Reglages, RegleConnue, RegleSql, SeuilIJ

PHRASE_IJ = "{utilisees} indemnités journalières consommées sur {fenetre} ans : il en reste {restantes} avant la limite de {plafond}."
PHRASE_J180 = "L'arrêt atteint {palier} jours dans {jours} jour{s} s'il se poursuit : des droits et des aides changent ce jour-là."
SEUILS_IJ = {"seuil_ij_270": "alerte_ij_270", "seuil_ij_330": "alerte_ij_330"}


def get_reglages(jour: date, plateforme: str) -> Reglages:
    """Values in force. Raises ReferentielIncomplet, DroitNonCompte."""
    ref, lues = referentiel(), regles()
    minima = [bornes(ref.get_parametre(f"palier_signalement_j{palier}", jour, plateforme))[0] or 0 for palier in PALIERS]
    age_min, age_max = bornes(ref.get_parametre("age_exclusion", jour, plateforme))
    approche = ref.get_parametre("alerte_j180_approche_jours", jour, plateforme)
    fenetre, plafond = ref.entier("ij_fenetre_annees", jour), ref.entier("ij_plafond_trois_ans", jour)
    question = ref.find_parametre(CLE_ALD, jour)
    reprise = lues.find_exclusion("reprise_declaree", jour, plateforme)
    en_vigueur = lues.list_en_vigueur(jour, plateforme)
    return Reglages(
        risques=sorted(RISQUES_ABSENCE),
        tolerance=borne_haute("tolerance_horloge_risque_jours", jour, plateforme),
        marge=ref.entier("fin_arret_marge_jours", jour, plateforme),
        paliers=list(PALIERS),
        minima=minima,
        paliers_a_trier=[palier for palier in PALIERS if is_a_trier(palier, jour, ref, plateforme)],
        minimum_j180=minima[-1],
        repetition_mois=ref.entier("repetition_fenetre_mois", jour, plateforme),
        exclure_age=lues.find_exclusion("age", jour, plateforme) is not None,
        age_exclu_min=age_min,
        age_exclu_max=age_max,
        exclure_tpt_seul=_applies(lues, "temps_partiel_seul", jour, plateforme) and not ref.valeur("signaler_tpt_seul", jour, plateforme),
        exclure_silence_personne=_applies(lues, "silence_personne", jour, plateforme),
        silence=_applies(lues, "silence", jour, plateforme) and bool(ref.valeur("detection_silence", jour, plateforme)),
        codes_reprise=[] if reprise is None else list(reprise.codes),
        codes_arret=[] if reprise is None else list(reprise.codes_arret),
        codes_retraite=_list_codes(lues, "retraite", jour, plateforme),
        codes_deces=_list_codes(lues, "deces", jour, plateforme),
        codes_inaptitude=sorted({code for r in en_vigueur if r.observation == "jours_depuis_inaptitude" for code in r.codes}),
        fenetre=fenetre,
        plafond=plafond,
        compter_l324=question is not None and question.valeur is True,
        seuils=_seuils_ij(ref, jour, plateforme),
        approche_max=bornes(approche)[1] or 0,
        approche_id=approche.identifiant,
        phrase_ij=PHRASE_IJ.replace("{fenetre}", str(fenetre)).replace("{plafond}", str(plafond)),
        phrase_j180=PHRASE_J180.replace("{palier}", str(PALIERS[-1])),
        regles=[_regle_sql(regle, ref, jour, plateforme) for regle in en_vigueur],
        toutes=[RegleConnue(r.identifiant, r.fenetre, r.motif_categorie, r.groupe, r.rang) for r in lues],
    )


def get_empreinte(reglages: Reglages) -> bytes:
    """The same as long as no rule and no value changes, whatever the day."""
    return sha256(json.dumps(asdict(reglages), default=str, sort_keys=True).encode()).digest()


def _applies(lues: Regles, cle: CleExclusion, jour: date, plateforme: str) -> bool:
    return lues.find_exclusion(cle, jour, plateforme) is not None


def _list_codes(lues: Regles, cle: CleExclusion, jour: date, plateforme: str) -> list[str]:
    exclusion = lues.find_exclusion(cle, jour, plateforme)
    return [] if exclusion is None else list(exclusion.codes)


def _regle_sql(regle: Regle, ref: Referentiel, jour: date, plateforme: str) -> RegleSql:
    parametre = ref.get_parametre(regle.parametre, jour, plateforme)
    mini, maxi = bornes(parametre)
    return RegleSql(
        rang=regle.rang,
        cle=regle.cle,
        identifiant=regle.identifiant,
        version=regle.version,
        phrase=regle.phrase.replace("{seuil}", parametre.en_mots),
        levier=regle.levier,
        observation=regle.observation,
        mini=mini,
        maxi=maxi,
        seuil=parametre.nombre,
        parametre_id=parametre.identifiant,
        points=ref.entier(regle.points, jour, plateforme),
        fenetre=regle.fenetre,
        motif_categorie=regle.motif_categorie,
        groupe=regle.groupe,
    )


def _seuils_ij(ref: Referentiel, jour: date, plateforme: str) -> list[SeuilIJ]:
    parametres = {type_alerte: ref.get_parametre(cle, jour, plateforme) for type_alerte, cle in SEUILS_IJ.items()}
    return [SeuilIJ(type_alerte, bornes(p)[0] or 0, p.identifiant) for type_alerte, p in parametres.items()]
