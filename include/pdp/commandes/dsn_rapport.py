"""What a DSN file holds, as JSON with stable keys and as sentences: facts and anomalies, no name, no whole NIR, no bank data.

A person is told by ``personne``, the same label wherever the same NIR, name and birth date come back in the file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

from pdp.domain.dsn import AnomalieDsn, ArretDsn, DeclarationDsn, FichierDsn, FinContratDsn, PersonneDsn, SuspensionDsn
from pdp.domain.dsn_codes import FINS_CONTRAT, MOTIFS_ARRET, MOTIFS_REPRISE, NATURES, NATURES_CONTRAT, TYPES
from pdp.domain.dsn_identite import normalise_nom
from pdp.domain.dsn_suspensions import SUSPENSIONS
from pdp.domain.nir import is_nir

# Values of a damaged file may stand in the place of others: what does not have the shape of its field is not printed.
_NORME, _CODE, _PCS, _COMMUNE = (re.compile(motif) for motif in ("P[0-9]{2}V[0-9]{2}", "[0-9]{1,2}", "[0-9A-Za-z]{3,4}", "[0-9AB]{5}"))
_NIR_LONGUEUR = 13

CLES = """\
keys of the JSON object (dates are YYYY-MM-DD or null):
  ok              true when the file can be taken as a whole; anomalies do not change it
  fichier norme encodage lignes
  refus           null, or {code, message}: fichier_tronque, fichier_vide, encodage_inconnu, pas_une_dsn, envoi_de_test
  anomalies       those of the file outside any declaration, as below
  declarations    list of {rang, ligne, nature, nature_libelle, type, type_libelle, norme, essai, lue, fraction, ordre, mois,
                  emise_le, siret, lignes_annoncees, lignes_lues, personnes, anomalies}
                  its anomalies are all of them, those of its people included (then with personne)
  personnes       list of {rang, ligne, personne, nir_masque, nir_valide, nir_partage, spst, contrats, arrets, temps_partiels,
                  suspensions, fins_contrat, anomalies}
  contrats        {rang, debut, fin_prevue, nature, nature_libelle, pcs_ese, commune_travail}
  arrets          {ligne, contrat, motif, motif_libelle, temps_partiel, premier_jour, fin, jours, dernier_jour_travaille,
                  fin_prevue, reprise_le, reprise_motif, reprise_libelle, accident_le, annule, reprise_annulee}
                  fin = last day off known: eve of the resumption when it comes before the planned end, else the planned end
  temps_partiels  {ligne, debut, fin, annule}
  suspensions     {ligne, contrat, code, libelle, debut, fin, neutre, annule}
                  neutre = such a day between two arrêts is no return to work
  fins_contrat    {ligne, contrat, code, libelle, date, inaptitude, annule}
  anomalies       {ligne, rubrique, code, message, nombre, personne}
  totaux          {declarations, declarations_lues, personnes, arrets, temps_partiels, suspensions, fins_contrat, anomalies,
                  anomalies_par_code}
"""


def describe_fichier(nom: str, lu: FichierDsn, refus: tuple[str, str] | None) -> dict[str, Any]:
    """The JSON object of ``ingest dsn --dry-run``; ``refus`` None = it can be taken."""
    etiquette = _labels()
    declarations = [_declaration(declaration, etiquette) for declaration in lu.declarations]
    return {
        "ok": refus is None,
        "fichier": nom,
        "norme": _shaped(_NORME, lu.norme),
        "encodage": lu.encodage,
        "lignes": lu.lignes,
        "refus": None if refus is None else {"code": refus[0], "message": refus[1]},
        "declarations": declarations,
        "anomalies": [_anomalie(a) for a in lu.anomalies],
        "totaux": _totals(lu, declarations),
    }


def _labels() -> Callable[[PersonneDsn], str]:
    vues: dict[tuple[str, str, date | None], str] = {}

    def label(personne: PersonneDsn) -> str:
        cle = (personne.nir_ecrit, normalise_nom(personne.nom + personne.prenoms), personne.naissance)
        return vues.setdefault(cle, f"P{len(vues) + 1}")

    return label


def _totals(lu: FichierDsn, declarations: list[dict[str, Any]]) -> dict[str, Any]:
    personnes = [p for d in declarations for p in d["personnes"]]
    anomalies = [*(_anomalie(a) for a in lu.anomalies), *(a for d in declarations for a in d["anomalies"])]
    par_code = Counter[str]()
    for anomalie in anomalies:
        par_code[anomalie["code"]] += anomalie["nombre"]
    return {
        "declarations": len(declarations),
        "declarations_lues": sum(d["lue"] for d in declarations),
        "personnes": len({p["personne"] for p in personnes}),
        **{genre: sum(len(p[genre]) for p in personnes) for genre in ("arrets", "temps_partiels", "suspensions", "fins_contrat")},
        "anomalies": par_code.total(),
        "anomalies_par_code": dict(sorted(par_code.items())),
    }


def _declaration(d: DeclarationDsn, etiquette: Callable[[PersonneDsn], str]) -> dict[str, Any]:
    communes = dict(d.communes_travail)
    personnes = [_personne(p, etiquette(p), communes) for p in d.personnes]
    anomalies = [_anomalie(a) for a in d.anomalies] + [a for p in personnes for a in p["anomalies"]]
    return {
        "rang": d.rang,
        "ligne": d.ligne,
        "nature": _shaped(_CODE, d.nature),
        "nature_libelle": NATURES.get(d.nature or ""),
        "type": _shaped(_CODE, d.type),
        "type_libelle": TYPES.get(d.type or ""),
        "norme": _shaped(_NORME, d.norme),
        "essai": d.essai,
        "lue": d.lue,
        "fraction": _shaped(_CODE, d.fraction),
        "ordre": None if len(str(d.ordre)) == _NIR_LONGUEUR and is_nir(str(d.ordre)) else d.ordre,
        "mois": _iso(d.mois),
        "emise_le": _iso(d.emise_le),
        "siret": d.siret,
        "lignes_annoncees": d.lignes_annoncees,
        "lignes_lues": d.lignes_lues,
        "personnes": personnes,
        "anomalies": sorted(anomalies, key=lambda a: a["ligne"]),
    }


def _personne(p: PersonneDsn, etiquette: str, communes: dict[str, str]) -> dict[str, Any]:
    return {
        "rang": p.rang,
        "ligne": p.ligne,
        "personne": etiquette,
        "nir_masque": p.nir_masque,
        "nir_valide": p.nir is not None,
        "nir_partage": p.nir_partage,
        "spst": p.spst,
        "contrats": [
            {
                "rang": c.rang,
                "debut": _iso(c.debut),
                "fin_prevue": _iso(c.fin_prevue),
                "nature": c.nature,
                "nature_libelle": NATURES_CONTRAT.get(c.nature or ""),
                "pcs_ese": _shaped(_PCS, c.pcs_ese),
                "commune_travail": _shaped(_COMMUNE, communes.get(c.lieu or "")),
            }
            for c in p.contrats
        ],
        "arrets": [_arret(a) for a in p.arrets],
        "temps_partiels": [{"ligne": t.ligne, "debut": _iso(t.debut), "fin": _iso(t.fin), "annule": t.annule} for t in p.temps_partiels],
        "suspensions": [_suspension(s) for s in p.suspensions],
        "fins_contrat": [_fin(f) for f in p.fins_contrat],
        "anomalies": [_anomalie(a, etiquette) for a in p.anomalies],
    }


def _arret(a: ArretDsn) -> dict[str, Any]:
    return {
        "ligne": a.ligne,
        "contrat": a.contrat,
        "motif": a.motif,
        "motif_libelle": MOTIFS_ARRET.get(a.motif or ""),
        "temps_partiel": a.is_temps_partiel,
        "premier_jour": _iso(a.premier_jour),
        "fin": _iso(a.fin),
        "jours": a.jours,
        "dernier_jour_travaille": _iso(a.dernier_travaille),
        "fin_prevue": _iso(a.fin_prevue),
        "reprise_le": _iso(a.reprise_le),
        "reprise_motif": a.reprise_motif,
        "reprise_libelle": MOTIFS_REPRISE.get(a.reprise_motif or ""),
        "accident_le": _iso(a.accident_le),
        "annule": a.annule,
        "reprise_annulee": a.reprise_annulee,
    }


def _suspension(s: SuspensionDsn) -> dict[str, Any]:
    connue = SUSPENSIONS.get(s.code or "")
    return {
        "ligne": s.ligne,
        "contrat": s.contrat,
        "code": s.code,
        "libelle": connue.libelle if connue else None,
        "debut": _iso(s.debut),
        "fin": _iso(s.fin),
        "neutre": s.neutre,
        "annule": s.annule,
    }


def _fin(f: FinContratDsn) -> dict[str, Any]:
    return {
        "ligne": f.ligne,
        "contrat": f.contrat,
        "code": f.code,
        "libelle": FINS_CONTRAT.get(f.code or ""),
        "date": _iso(f.date_fin),
        "inaptitude": f.inaptitude,
        "annule": f.annule,
    }


def _anomalie(a: AnomalieDsn, personne: str | None = None) -> dict[str, Any]:
    return {"ligne": a.ligne, "rubrique": a.rubrique, "code": a.code, "message": a.message, "nombre": a.nombre, "personne": personne}


def _shaped(forme: re.Pattern[str], valeur: str | None) -> str | None:
    return valeur if valeur is not None and forme.fullmatch(valeur) else None


def _iso(jour: date | None) -> str | None:
    return None if jour is None else jour.isoformat()


def _en_clair(iso: str | None) -> str:
    """A day of the report as people write it."""
    return "?" if iso is None else f"{date.fromisoformat(iso):%d/%m/%Y}"


def list_phrases(rapport: dict[str, Any]) -> list[str]:
    """The same, in sentences for the terminal; anomalies are grouped by code."""
    totaux = rapport["totaux"]
    phrases = [
        f"{rapport['fichier']} : {rapport['lignes']} lignes, norme {rapport['norme'] or 'inconnue'}, encodage {rapport['encodage']}.",
        f"{totaux['declarations']} déclaration(s) dont {totaux['declarations_lues']} lue(s), {totaux['personnes']} personne(s), "
        f"{totaux['arrets']} arrêt(s), {totaux['temps_partiels']} temps partiel(s) thérapeutique(s), "
        f"{totaux['suspensions']} suspension(s), {totaux['fins_contrat']} fin(s) de contrat.",
    ]
    for d in rapport["declarations"]:
        phrases.append(
            f"Déclaration {d['rang']} (ligne {d['ligne']}) : {d['nature_libelle'] or 'nature inconnue'}, {d['type_libelle'] or '?'}."
        )
        for p in d["personnes"]:
            phrases.extend(f"  {p['personne']} : {phrase}" for phrase in _phrases_personne(p))
    if totaux["anomalies"]:
        phrases.append(f"{totaux['anomalies']} anomalie(s) signalée(s), la lecture a continué :")
        phrases.extend(f"  {code} : {nombre}" for code, nombre in totaux["anomalies_par_code"].items())
    if rapport["refus"]:
        phrases.append(f"Refusé : {rapport['refus']['message']}")
    return phrases


def _phrases_personne(p: dict[str, Any]) -> list[str]:
    phrases = []
    for a in p["arrets"]:
        duree = f", {a['jours']} jours" if a["jours"] else ""
        suite = f", reprise le {_en_clair(a['reprise_le'])}" if a["reprise_le"] else ""
        annule = ", annulé" if a["annule"] else ""
        motif = a["motif_libelle"] or a["motif"] or "motif inconnu"
        phrases.append(f"arrêt ({motif}) du {_en_clair(a['premier_jour'])} au {_en_clair(a['fin'])}{duree}{suite}{annule}.")
    phrases.extend(f"temps partiel thérapeutique du {_en_clair(t['debut'])} au {_en_clair(t['fin'])}." for t in p["temps_partiels"])
    for s in p["suspensions"]:
        sens = ", qui n'est pas un retour au travail" if s["neutre"] else ""
        phrases.append(f"suspension ({s['libelle'] or s['code'] or '?'}) du {_en_clair(s['debut'])} au {_en_clair(s['fin'])}{sens}.")
    for f in p["fins_contrat"]:
        phrases.append(
            f"fin de contrat le {_en_clair(f['date'])} ({f['libelle'] or f['code'] or '?'}){', inaptitude' if f['inaptitude'] else ''}."
        )
    return phrases
