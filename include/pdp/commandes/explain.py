"""``pdp explain``: in French, why a person was signalled, on what facts, under which law; also as known on a past day.

Opaque ids only, no name and no medical class. Reads; writes nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pdp import clock
from pdp.clock import PARIS
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.embedded.rejoindre import joined_database
from pdp.errors import DonneeInvalide
from pdp.services.explain_cas import ExplicationCas, explain_cas, find_instant, list_recents
from pdp.services.explain_signalement import Explication, Raison, Repere
from pdp.storage import db

FAITS_MONTRES = 30
_GENRES = {
    "avis": "Avis d'arrêt",
    "paiements": "Indemnités payées",
    "employeur": "Déclarations de l'employeur",
    "affections": "Affections reconnues (dates seulement)",
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "cas", nargs="?", metavar="CASE", help="opaque id of a parcours, a signalement or a person; without it, the latest signalements"
    )
    parser.add_argument(
        "--connu-le", metavar="DAY|INSTANT", help="as known at the end of that day (2026-03-01), or at that instant (ISO 8601)"
    )
    parser.add_argument(
        "--lecteur",
        choices=("medecin", "csam"),
        default="medecin",
        help="csam: without what concerns long-term affections (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line, with every fact")


def run(arguments: argparse.Namespace) -> dict[str, Any] | int:
    """0 when the case is explained; an unknown id, a future day or a badly written one is an error of one French line."""
    with joined_database(), db.begin(settings().url_app, systeme("explain")) as conn:
        maintenant = clock.now()
        if arguments.cas is None:
            recents = list_recents(conn, maintenant)
            if arguments.json:
                return {"ok": True, "signalements": [r._asdict() for r in recents]}
            print("Derniers signalements (./pdp explain ID) :\n")
            for r in recents:
                print(f"  {r.id}  {r.plateforme_id}  palier J{r.palier}, atteint le {_fr(r.survenu_le)}, {r.statut}")
            return 0
        explication = explain_cas(
            conn, read_id(arguments.cas), maintenant, connu_at=read_instant(arguments.connu_le, maintenant), lecteur=arguments.lecteur
        )
    if arguments.json:
        return {"ok": True, **asdict(explication)}
    print("\n".join(render(explication)))
    return 0


def read_id(brut: str) -> UUID:
    try:
        return UUID(brut)
    except ValueError:
        raise DonneeInvalide("Donnez l'identifiant opaque d'un parcours, d'un signalement ou d'une personne.", code="bad_id") from None


def read_instant(brut: str | None, maintenant: datetime) -> datetime | None:
    """A day means its end in Paris, or now for today; an instant without an offset is of Paris."""
    if brut is None:
        return None
    try:
        if len(brut) == 10:
            return find_instant(date.fromisoformat(brut), maintenant)
        instant = datetime.fromisoformat(brut)
    except ValueError:
        raise DonneeInvalide("« --connu-le » attend un jour (2026-03-01) ou un instant (2026-03-01T08:00).", code="bad_date") from None
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=PARIS)


def render(e: ExplicationCas) -> Iterator[str]:
    """Lines for a terminal."""
    yield f"Personne {e.assure_id} · plateforme {e.plateforme_id}" + (f" · parcours {e.parcours_id}" if e.parcours_id else "")
    yield "Tel que connu maintenant." if e.actuel else f"Tel que connu le {_instant(e.connu_at)}."
    yield from _section("Pourquoi")
    if e.signalement is None:
        yield "Aucun signalement n'existait alors pour cette personne." if not e.actuel else "Aucun signalement pour cette personne."
    else:
        yield from _signalement(e.signalement, e.jour)
    yield from _liste("Autres signalements de cette personne", [f"{texte} ({identifiant})" for identifiant, texte in e.autres])
    yield from _liste("Ce que disent les règles ce jour-là, sur ces faits", e.constats)
    yield from _faits(e)
    yield from _liste("Droits aux indemnités", [*e.droits.phrases, *map(_repere, e.droits.reperes)])
    yield from _liste("Ce que la loi laisse ouvert (rien n'est supposé)", map(_repere, e.droits.questions))
    yield from _liste(
        "Jalons", [f"{_quand(j.jalon.ouvre_le)} : {j.jalon.libelle} [{j.repere.source} ; {j.repere.confiance}]" for j in e.jalons]
    )
    yield from _liste("Ce qui est écarté, et pourquoi", e.ecartes)
    if not e.actuel:
        yield from _liste("Ce qui a changé depuis", [*(f"{_instant(c.connu_at)} : {c.phrase}" for c in e.changements), *e.maintenant])


def _signalement(s: Explication, jour: date) -> Iterator[str]:
    yield s.titre
    yield from (f"  - {fait}" for fait in s.faits)
    for raison in s.raisons:
        yield from _raison(raison, jour)
    yield f"Priorité : {s.priorite} points au signalement, {s.priorite_au(jour)} comptent le {_fr(jour)}. {s.avertissement}"
    yield f"Suite : {s.suite}"


def _raison(r: Raison, jour: date) -> Iterator[str]:
    fin = f"jusqu'au {_fr(r.valable_jusqu_au)}" if r.valable_jusqu_au else "sans limite de date"
    vu = f", constatée le {_fr(r.constate_le)}" if r.constate_le else ""
    etat = "comptent encore" if r.compte_au(jour) else "ne comptent plus"
    yield f"  * {r.phrase}"
    yield f"      règle {r.regle_id or f'{r.regle} version {r.version}'}{vu} ; {r.points} points, {fin} : {etat}"
    if r.source_regle:
        yield f"      source de la règle : {r.source_regle}"
    if r.levier:
        yield f"      ce qu'un appel peut changer : {r.levier}"
    yield from (f"      {_repere(repere)}" for repere in r.reperes)


def _faits(e: ExplicationCas) -> Iterator[str]:
    for genre, titre in _GENRES.items():
        faits = e.faits_de(genre)
        lignes = [f"{f.phrase}{' [annulé]' if f.annule else ''} — connu le {_instant(f.connu_du)}" for f in faits[-FAITS_MONTRES:]]
        if len(faits) > FAITS_MONTRES:
            lignes.insert(0, f"… {len(faits) - FAITS_MONTRES} plus anciens (tous avec --json)")
        yield from _liste(f"{titre} ({len(faits)})", lignes)


def _section(titre: str) -> Iterator[str]:
    yield ""
    yield titre
    yield "-" * len(titre)


def _liste(titre: str, lignes: Any) -> Iterator[str]:
    """Nothing at all when there is no line."""
    presentes = list(lignes)
    if presentes:
        yield from _section(titre)
        yield from (f"  - {ligne}" for ligne in presentes)


def _repere(r: Repere) -> str:
    return f"{r.phrase} [{r.parametre_id} ; {r.source} ; {r.confiance}]"


def _quand(jour: date | None) -> str:
    return _fr(jour) if jour else "date non connue"


def _fr(jour: date) -> str:
    return f"{jour:%d/%m/%Y}"


def _instant(instant: datetime) -> str:
    return f"{instant.astimezone(PARIS):%d/%m/%Y à %H h %M}"
