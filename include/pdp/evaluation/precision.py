"""Precision of each rule as published: judged detections over judged ones, with who was not judged, no small count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from pdp.evaluation.secret_statistique import TOTAL, suppress

AVIS = ("pertinente", "non_pertinente", "non_jugee")


def build_precisions(lignes: Iterable[Any], seuil: int) -> list[dict[str, Any]]:
    """Published rows from counts of people by platform, rule, version, month and opinion; a zero concerns nobody and is shown."""
    tableaux: dict[tuple[str, str, int], dict[tuple[str, str], int]] = defaultdict(dict)
    for ligne in lignes:
        tableaux[ligne.plateforme, ligne.regle, ligne.version][ligne.mois, ligne.avis] = ligne.effectif
    publiees = []
    for (plateforme, regle, version), tableau in sorted(tableaux.items()):
        mois_connus = sorted({mois for mois, _ in tableau})
        complet = {(mois, avis): tableau.get((mois, avis), 0) for mois in mois_connus for avis in AVIS}
        publie = suppress(complet, seuil, zero_publiable=AVIS)
        for mois in (*mois_connus, TOTAL):
            pertinentes, non_pertinentes, non_jugees = (publie[mois, avis] for avis in AVIS)
            personnes = publie[mois, TOTAL]
            jugees = None if pertinentes is None or non_pertinentes is None else pertinentes + non_pertinentes
            publiees.append(
                {
                    "plateforme": plateforme,
                    "regle": regle,
                    "version": version,
                    "mois": mois,
                    "personnes": personnes,
                    "jugees": jugees,
                    "pertinentes": pertinentes,
                    "non_pertinentes": non_pertinentes,
                    "non_jugees": non_jugees,
                    "valeur": round(100 * pertinentes / jugees, 1) if jugees and pertinentes is not None else None,
                    "supprime": None in (pertinentes, non_pertinentes, non_jugees, personnes),
                }
            )
    return publiees
