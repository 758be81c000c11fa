"""``./pdp ingest dsn FILE`` and ``./pdp ingest flux FILE``: say what a file holds (``--dry-run``), or load it.

The dry run needs no database and no setting. Nothing printed here names a person.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pdp import clock
from pdp.commandes.dsn_rapport import CLES, describe_fichier, list_phrases
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.errors import FluxRefuse

_CLES_FLUX = """\
keys of the JSON object (--dry-run):
  ok             true when the file can be taken as a whole
  fichier flux encodage
  refus          null, or {code, message}
  lignes admissibles refusees refusees_par_code
keys of the JSON object (loading):
  ok fichier fichier_id flux etat (charge, deja_charge, refuse, deja_refuse) lignes admises inchangees rejetees rejouees
  motif_code motif
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Two kinds of files."""
    genres = parser.add_subparsers(dest="genre", required=True, metavar="KIND")
    for genre, aide, cles in (
        ("dsn", "native DSN file (norms P25V01 and P26V01; natures 01, 04, 05, 07)", CLES),
        ("flux", "feed named <feed>_<date>.csv or .parquet", _CLES_FLUX),
    ):
        lui = genres.add_parser(genre, help=aide, description=aide, epilog=cles, formatter_class=argparse.RawDescriptionHelpFormatter)
        lui.add_argument("fichier", type=Path, metavar="FILE")
        lui.add_argument("--dry-run", action="store_true", help="only read and report: no database, nothing written")
        lui.add_argument("--json", action="store_true", help="one JSON object as the last line of standard output")


def run(arguments: argparse.Namespace) -> int | dict[str, Any]:
    """Exit code 0 when the file is taken (or could be), 1 when it is refused as a whole."""
    chemin: Path = arguments.fichier
    if not chemin.is_file():
        raise FluxRefuse(f"« {chemin.name} » n'existe pas ou n'est pas un fichier.", code="fichier_absent")
    if arguments.dry_run:
        rapport, phrases = _report_dsn(chemin) if arguments.genre == "dsn" else _report_flux(chemin)
    else:
        rapport, phrases = _load(chemin, arguments.genre)
    if arguments.json:
        return rapport
    print("\n".join(phrases))
    return 0 if rapport["ok"] else 1


def _report_dsn(chemin: Path) -> tuple[dict[str, Any], list[str]]:
    from pdp.services.ingest_dsn import find_refus
    from pdp.storage.dsn_repository import read_fichier

    lu = read_fichier(chemin).fichier
    rapport = describe_fichier(chemin.name, lu, find_refus(lu) if lu.refus is None else lu.refus)
    return rapport, list_phrases(rapport)


def _report_flux(chemin: Path) -> tuple[dict[str, Any], list[str]]:
    from pdp.domain.flux import FLUX, LigneValide
    from pdp.services.ingest_flux import flux_of
    from pdp.storage.flux_csv import read_flux

    flux, lignes, refusees, encodage, refus = flux_of(chemin), 0, Counter[str](), None, None
    try:
        if flux is None:
            raise FluxRefuse(f"« {chemin.name} » ne porte pas le nom d'un flux ({', '.join(FLUX)}).", code="flux_inconnu")
        lecture = read_flux(chemin, flux)
        encodage = lecture.empreinte.encodage
        for ligne in lecture.lignes():
            lignes += 1
            if not isinstance(ligne.resultat, LigneValide):
                refusees[ligne.resultat[0].code] += 1
    except FluxRefuse as erreur:
        refus = {"code": erreur.code, "message": erreur.message}
    rapport = {
        "ok": refus is None,
        "fichier": chemin.name,
        "flux": flux,
        "encodage": encodage,
        "refus": refus,
        "lignes": lignes,
        "admissibles": lignes - refusees.total(),
        "refusees": refusees.total(),
        "refusees_par_code": dict(sorted(refusees.items())),
    }
    if refus is not None:
        return rapport, [f"Refusé : {refus['message']}"]
    phrases = [f"{chemin.name} : {lignes} ligne(s), {rapport['admissibles']} admissible(s), {refusees.total()} à mettre en quarantaine."]
    return rapport, [*phrases, *(f"  {code} : {nombre}" for code, nombre in sorted(refusees.items()))]


def _load(chemin: Path, genre: str) -> tuple[dict[str, Any], list[str]]:
    from pdp.services.ingest_dsn import ingest_dsn_fichier
    from pdp.services.ingest_flux import ingest_fichier
    from pdp.storage import db

    auteur = systeme("ingest")
    prendre = ingest_dsn_fichier if genre == "dsn" else ingest_fichier
    with db.begin(settings().url_app, auteur) as conn:
        bilan = prendre(conn, chemin, auteur, clock.now())
    rapport = {"ok": bilan.etat in ("charge", "deja_charge"), "fichier": chemin.name, **asdict(bilan)}
    if bilan.motif is not None:
        return rapport, [f"Refusé : {bilan.motif}"]
    deja = "Déjà chargé, rien n'a changé. " if bilan.etat == "deja_charge" else ""
    quoi = "fait(s)" if genre == "dsn" else "ligne(s)"
    phrase = (
        f"{deja}{chemin.name} : {bilan.lignes} {quoi}, {bilan.admises} pris, {bilan.inchangees} déjà connus, "
        f"{bilan.rejetees} en quarantaine, {bilan.rejouees} repris de la quarantaine."
    )
    return rapport, [phrase]
