"""``pdp screenshots``: a picture of every main screen at each width, and what axe-core and the browser find wrong on it.

Looks at the demonstration that runs on the state folder, else starts one and plays the scenario as ``demo --once`` does.
Looking leaves a trace, as it would for a person: sessions, and one journalled consultation of medical elements.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from playwright.sync_api import Error as PlaywrightError

from pdp import clock
from pdp.config import RACINE, settings
from pdp.domain.auteur import systeme
from pdp.embedded import demo
from pdp.embedded.ecrans import ECRANS, Ecran
from pdp.embedded.environnement import platform_environment
from pdp.embedded.erreurs import EtapeEchouee
from pdp.embedded.essais import find_chromium, install_chromium
from pdp.embedded.etat import Etat
from pdp.embedded.navigateur import Defaut, EcranAbsent, Visite, check, launch, open_visite, save_extract
from pdp.embedded.stack import PORTS_PREFERES, Stack
from pdp.embedded.superviseur import alive_groupes
from pdp.storage import db
from pdp.storage.sql import query

LARGEURS = (1440, 320)
LARGEUR_EXTRAIT = 1280
DOCS = RACINE / "include" / "docs" / "captures"
Comptes = dict[str, Mapping[str, str]]


@dataclass(frozen=True)
class Plateforme:
    """A running platform as a visitor needs it: addresses, one account per role, ids of situations worth a picture."""

    portail: str
    airflow: str
    comptes: Comptes
    exemples: Mapping[str, str]


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dossier", type=Path, help="where the pictures go (default: captures/ in the state folder)")
    parser.add_argument("--largeurs", default=",".join(map(str, LARGEURS)), help="widths in px, with commas (default: %(default)s)")
    parser.add_argument("--ecrans", default="", help="only these screens, with commas (names as in the pictures)")
    parser.add_argument("--docs", action="store_true", help=f"also renew the few pictures of {DOCS.relative_to(RACINE)}")
    parser.add_argument("--json", action="store_true", help="the result as one JSON object on the last line")


def run(arguments: argparse.Namespace) -> dict[str, Any] | int:
    """0 only when every screen was seen and nothing is wrong on any of them."""
    largeurs = tuple(int(largeur) for largeur in arguments.largeurs.split(","))
    ecrans = _select(arguments.ecrans)
    etat = Etat()
    dossier = arguments.dossier or etat.racine / "captures"
    dire = demo.Avancement()
    with _running_platform(etat, dire) as plateforme:
        resultat = visit(plateforme, dossier, largeurs, ecrans, docs=DOCS if arguments.docs else None, dire=dire)
    if arguments.json:
        return resultat
    for defaut in resultat["violations"]:
        print("{ecran} {largeur} px [{genre}] {detail}".format_map(defaut))
    print(f"{resultat['pages']} screens, {resultat['captures']} pictures in {dossier}, {len(resultat['violations'])} defect(s)")
    return 0 if resultat["ok"] else 1


def _select(noms: str) -> tuple[Ecran, ...]:
    voulus = {nom for nom in noms.split(",") if nom}
    inconnus = voulus - {ecran.nom for ecran in ECRANS}
    if inconnus:
        raise ValueError(f"unknown screens: {', '.join(sorted(inconnus))}")
    return tuple(ecran for ecran in ECRANS if not voulus or ecran.nom in voulus)


# -- the platform


@contextmanager
def _running_platform(etat: Etat, dire: Callable[[str], None]) -> Iterator[Plateforme]:
    """The one that runs here, left running; else ours, stopped at the end."""
    if "portail" in alive_groupes(etat.racine):
        env = platform_environment(etat, {nom: etat.port(nom) or 0 for nom in PORTS_PREFERES})
        os.environ.update(env)
        settings.cache_clear()
        yield describe_platform(Stack(etat), env)
        return
    os.umask(0o077)
    demo.listen_to_signals()
    stack = Stack(etat, dire)
    try:
        demo.work(stack, dire)
        yield describe_platform(stack, stack.env)
    finally:
        stack.down()


def describe_platform(stack: Stack, env: Mapping[str, str]) -> Plateforme:
    """Addresses, accounts and examples of a platform that runs; raises :class:`EtapeEchouee` while its scenario is being played."""
    if not (stack.etat.racine / "comptes.json").exists():
        raise EtapeEchouee("accounts", "the demonstration that runs here has no accounts yet: wait until it prints them")
    requests.get(f"{env['PDP_PORTAIL_URL']}/sante", timeout=10).raise_for_status()
    connus = json.loads((stack.etat.racine / "comptes.json").read_text())
    comptes: Comptes = {}
    for compte in connus:
        comptes.setdefault(compte["role"], compte)
    comptes["airflow"] = stack.airflow_accounts()[0]
    with db.begin(settings().url_app, systeme("captures")) as conn:
        lignes = conn.execute(query("captures.lister_exemples"), {"csam": comptes["csam"]["login"], "maintenant": clock.now()})
        exemples = {ligne.cle: str(ligne.id) for ligne in lignes}
        logins = [compte["login"] for compte in connus if compte["role"] == "partenaire"]
        login = conn.execute(query("captures.choisir_partenaire"), {"logins": logins}).scalar()
    comptes["partenaire"] = next(compte for compte in connus if compte["login"] == login)
    return Plateforme(env["PDP_PORTAIL_URL"], env["PDP_AIRFLOW_URL"], comptes, exemples)


# -- the visit


def visit(
    plateforme: Plateforme,
    dossier: Path,
    largeurs: Sequence[int] = LARGEURS,
    ecrans: Iterable[Ecran] = ECRANS,
    *,
    docs: Path | None = None,
    dire: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Every screen at every width. ``ok`` is False on any defect, and when a screen that is not optional could not be shown."""
    dossier.mkdir(parents=True, exist_ok=True)
    ronde = _Ronde(plateforme, dossier, tuple(largeurs), docs)
    with launch(find_chromium() or install_chromium()) as navigateur:
        for (role, connecte), siens in groupby(ecrans, key=lambda ecran: (ecran.role, ecran.connecte)):
            airflow = role == "airflow"
            compte = plateforme.comptes[role] if role and connecte else None
            visite = open_visite(navigateur, plateforme.airflow if airflow else plateforme.portail, compte, airflow=airflow)
            for ecran in siens:
                ronde.see(visite, ecran)
            visite.page.context.close()
            dire(f"écrans vus : {role or 'sans compte'}")
    return ronde.result()


@dataclass
class _Ronde:
    """One round of the screens and what came of it."""

    plateforme: Plateforme
    dossier: Path
    largeurs: tuple[int, ...]
    docs: Path | None
    defauts: list[Defaut] = field(default_factory=list)
    adresses: list[str] = field(default_factory=list)
    non_montres: list[str] = field(default_factory=list)
    captures: int = 0

    def see(self, visite: Visite, ecran: Ecran) -> None:
        """Show one screen and check it at each width; a screen that breaks does not stop the round."""
        try:
            visite.show(ecran, self.plateforme.exemples)
        except EcranAbsent as absent:
            visite.take()
            self.non_montres.append(ecran.nom)
            if not ecran.facultatif:
                self.defauts.append(Defaut(ecran.nom, 0, "absent", str(absent)))
            return
        except PlaywrightError as erreur:
            self.defauts += [Defaut(ecran.nom, 0, genre, detail) for genre, detail in visite.take()]
            self.defauts.append(Defaut(ecran.nom, 0, "echec", " ".join(str(erreur).split())[:300]))
            return
        self.adresses.append(urlsplit(visite.page.url).path)
        for largeur in self.largeurs:
            self.defauts += check(visite, ecran, largeur, self.dossier / f"{ecran.nom}_{largeur}.png")
            self.captures += 1
        if self.docs is not None and ecran.extrait:
            save_extract(visite, self.docs / f"{ecran.nom}.png", LARGEUR_EXTRAIT, ecran.extrait)

    def result(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        return {
            "ok": not self.defauts,
            "pages": len(self.adresses),
            "captures": self.captures,
            "largeurs": list(self.largeurs),
            "non_montres": self.non_montres,
            "violations": [asdict(defaut) for defaut in self.defauts],
            "adresses": sorted(set(self.adresses)),
            "dossier": str(self.dossier),
        }
