"""The catalogue of automatic rules as staff read it: delays in force here, last run, and what each did over the last days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from sqlalchemy import Connection

from pdp.config import settings
from pdp.domain.catalogue import FAMILLES, Automatisme, list_automatismes
from pdp.domain.message import MODELES
from pdp.domain.referentiel import Parametre
from pdp.domain.regles import CleExclusion
from pdp.messages.assure import Lecteur, render_assure
from pdp.messages.render import MESSAGES, render
from pdp.referentiel import load_regles
from pdp.services.delais import get_lieu
from pdp.services.publish_referentiel import referentiel
from pdp.services.read_messages import get_expediteur
from pdp.storage.sql import query

PERIODE_JOURS = 30
_UNITES = {"jours_ouvres": "jours ouvrés", "ij": "indemnités", "annees": "années", "pourcent": "%"}
_EXCLUSIONS = get_args(CleExclusion)


@dataclass(frozen=True, slots=True)
class Delai:
    """A value of the policy or of the law in force: « 5 jours ouvrés », and what it means."""

    cle: str
    valeur: str
    note: str


@dataclass(frozen=True, slots=True)
class LigneCatalogue:
    """``nombre``, ``dernier_at``: what it did in the period, None when it is not counted; ``passage_at``: last run of its treatment."""

    regle: Automatisme
    delais: tuple[Delai, ...]
    nombre: int | None
    dernier_at: datetime | None
    passage_at: datetime | None
    texte: str | None


@dataclass(frozen=True, slots=True)
class Famille:
    code: str
    libelle: str
    lignes: tuple[LigneCatalogue, ...]


def read_automatismes(conn: Connection, plateforme_id: str, maintenant: datetime) -> tuple[Famille, ...]:
    """Every automatic rule, family by family, counted under the rights of who asks."""
    lieu = get_lieu(conn, plateforme_id)
    jour = lieu.jour(maintenant)
    regles = load_regles()
    exclusions = [e for cle in _EXCLUSIONS if (e := regles.find_exclusion(cle, jour, plateforme_id))]
    en_vigueur = regles.list_en_vigueur(jour, plateforme_id)
    seuils = {r.parametre: p.en_mots for r in en_vigueur if (p := referentiel().find_parametre(r.parametre, jour, plateforme_id))}
    depuis = maintenant - timedelta(days=PERIODE_JOURS)
    comptes = {
        (c.genre, c.code): (c.nombre, c.dernier_at)
        for c in conn.execute(query("automatismes.compter"), {"plateforme": plateforme_id, "depuis": depuis})
    }
    textes = _write_messages(conn, plateforme_id)
    lignes = [
        LigneCatalogue(
            regle,
            tuple(_describe(p) for cle in regle.delais if (p := referentiel().find_parametre(cle, jour, plateforme_id))),
            *_find_compte(regle, comptes),
            comptes.get(("traitement", regle.dag or ""), (0, None))[1],
            textes.get(regle.modele or ""),
        )
        for regle in list_automatismes(en_vigueur, exclusions, seuils)
    ]
    return tuple(Famille(code, libelle, tuple(x for x in lignes if x.regle.famille == code)) for code, libelle in FAMILLES.items())


def _find_compte(regle: Automatisme, comptes: Mapping[tuple[str, str], tuple[int, datetime | None]]) -> tuple[int | None, datetime | None]:
    if regle.compte is None or regle.compte[0] == "incident":
        return None, None
    return comptes.get(regle.compte, (None if regle.famille == "blocage" else 0, None))


def _describe(p: Parametre) -> Delai:
    if p.valeur is None:
        return Delai(p.cle, "pas encore fixé", p.note)
    unite = _UNITES.get(p.unite, p.unite.replace("_", " "))
    if p.nombre < 2:
        unite = " ".join(mot.removesuffix("s") if mot != "mois" else mot for mot in unite.split(" "))
    return Delai(p.cle, f"{p.nombre:g} {unite}".replace(".", ","), p.note)


def _write_messages(conn: Connection, plateforme_id: str) -> dict[str, str]:
    """Text of each message, with invented values, by the code that writes the real one."""
    expediteur = get_expediteur(conn, plateforme_id)
    textes = {}
    for code, modele in MODELES.items():
        canal = "sms" if "sms" in modele.canaux else modele.canaux[0]
        textes[code] = render_assure(code, canal, modele.exemple, expediteur, Lecteur()).texte
    for code in MESSAGES:
        message = render(
            code,
            portail_url=settings().portail_url,
            plateforme=expediteur.plateforme,
            telephone=expediteur.telephone,
            demonstration=expediteur.demonstration,
        )
        textes[code] = f"{message.objet}\n\n{message.texte}"
    return textes
