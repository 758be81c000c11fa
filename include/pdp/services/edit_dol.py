"""The draft of the document d'orientation local: one per platform, written rule by rule, tried on past files, then signed or given up.

Each change says which revision the person saw: two médecins-conseils who write at once do not undo each other. A draft delegates nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.dol import Regle
from pdp.domain.dol_redaction import check_regle, check_table, move_regle, put_regle, remove_regle
from pdp.errors import AccesRefuse, Conflit, DonneeInvalide, Introuvable
from pdp.services.delais import get_lieu
from pdp.services.manage_dol import draft_dol, sign_dol
from pdp.storage import journal
from pdp.storage.sql import query

Table = Sequence[Regle]


@dataclass(frozen=True)
class Brouillon:
    """The draft; ``version_de_depart`` is the number of the version it was copied from."""

    plateforme_id: str
    du: date
    regles: tuple[Regle, ...]
    revision: int
    version_de_depart: int | None
    ouvert_at: datetime
    modifie_at: datetime
    modifie_nom: str
    modifie_prenom: str

    def find_regle(self, regle_id: str) -> Regle | None:
        return next((r for r in self.regles if r.id == regle_id), None)


def find_brouillon(conn: Connection, plateforme_id: str) -> Brouillon | None:
    ligne = conn.execute(query("dol.find_brouillon"), {"plateforme": plateforme_id}).one_or_none()
    return None if ligne is None else Brouillon(**{**ligne._mapping, "regles": _read(ligne.regles)})


def get_brouillon(conn: Connection, plateforme_id: str) -> Brouillon:
    """Raises :class:`Introuvable` when there is none."""
    brouillon = find_brouillon(conn, plateforme_id)
    if brouillon is None:
        raise Introuvable("Il n'y a pas de brouillon : il a été signé ou abandonné. Préparez-en un depuis le document d'orientation.")
    return brouillon


def open_brouillon(conn: Connection, auteur: Auteur, plateforme_id: str, maintenant: datetime) -> None:
    """Begin a draft for tomorrow with the rules in force today; when there is one already it is left as it is."""
    _check_role(auteur)
    jour = get_lieu(conn, plateforme_id).jour(maintenant)
    version = conn.execute(query("tri.lire_dol"), {"plateforme": plateforme_id, "jour": jour}).one_or_none()
    depart = [] if version is None else conn.execute(query("tri.lire_regles"), {"version": version.id}).all()
    regles = [Regle(str(uuid4()), r.rang, r.libelle, r.conditions, r.cible) for r in depart]
    ouvert = conn.execute(
        query("dol.ouvrir_brouillon"),
        {
            "plateforme": plateforme_id,
            "du": jour + timedelta(days=1),
            "regles": _write(regles),
            "version": None if version is None else version.id,
            "maintenant": maintenant,
            "par": UUID(auteur.id),
        },
    ).scalar()
    if ouvert is not None:
        journal.record(conn, "dol_brouillon_ouvert", plateforme_id=plateforme_id, donnees={"regles": len(regles)})


def write_regle(
    conn: Connection,
    auteur: Auteur,
    plateforme_id: str,
    revision: int,
    regle_id: str | None,
    *,
    libelle: str,
    conditions: Mapping[str, Any],
    cible: str,
    maintenant: datetime,
) -> None:
    """Add a rule at the end (``regle_id`` None) or write one anew in its place. Raises DonneeInvalide, or Conflit when it is gone."""
    regle = Regle(regle_id or str(uuid4()), 0, libelle.strip(), conditions, cible)
    check_regle(regle)

    def put(regles: Table) -> Table:
        if regle_id is not None and all(r.id != regle_id for r in regles):
            raise Conflit("Cette règle n'est plus dans le brouillon : quelqu'un l'a retirée. Rien n'a été enregistré.")
        table = put_regle(regles, regle)
        check_table(table)
        return table

    _change(conn, auteur, plateforme_id, revision, "ajoutee" if regle_id is None else "modifiee", maintenant, put)


def place_regle(conn: Connection, auteur: Auteur, plateforme_id: str, revision: int, regle_id: str, pas: int, maintenant: datetime) -> None:
    """Move a rule ``pas`` places further (negative = sooner)."""
    _change(conn, auteur, plateforme_id, revision, "deplacee", maintenant, lambda regles: move_regle(regles, regle_id, pas))


def drop_regle(conn: Connection, auteur: Auteur, plateforme_id: str, revision: int, regle_id: str, maintenant: datetime) -> None:
    """Take a rule out of the draft; the signed versions keep theirs."""
    _change(conn, auteur, plateforme_id, revision, "retiree", maintenant, lambda regles: remove_regle(regles, regle_id))


def date_brouillon(conn: Connection, auteur: Auteur, plateforme_id: str, revision: int, du: date, maintenant: datetime) -> None:
    """First day in force that is wished, today or later."""
    if du < get_lieu(conn, plateforme_id).jour(maintenant):
        raise DonneeInvalide("Choisissez aujourd'hui ou un jour à venir. Rien n'a été enregistré.", code="backdated")
    _change(conn, auteur, plateforme_id, revision, "datee", maintenant, lambda regles: regles, du=du)


def abandon_brouillon(conn: Connection, auteur: Auteur, plateforme_id: str, revision: int, maintenant: datetime) -> None:
    """Give the draft up; what is signed is not touched."""
    brouillon = _lock(conn, auteur, plateforme_id, revision)
    conn.execute(query("dol.supprimer_brouillon"), {"plateforme": plateforme_id})
    journal.live_at(conn, maintenant)
    journal.record(conn, "dol_brouillon_abandonne", plateforme_id=plateforme_id, donnees={"regles": len(brouillon[1])})


def sign_brouillon(conn: Connection, auteur: Auteur, plateforme_id: str, revision: int, maintenant: datetime) -> UUID:
    """Sign the revision that was read: it becomes the next version, which is returned, and the draft goes.

    Raises :class:`AccesRefuse`, :class:`Conflit`, :class:`DonneeInvalide`; nothing is then written.
    """
    du, regles = _lock(conn, auteur, plateforme_id, revision)
    journal.live_at(conn, maintenant)
    with conn.begin_nested():
        version = draft_dol(
            conn, auteur, plateforme_id, du, [{"libelle": r.libelle, "conditions": dict(r.conditions), "cible": r.cible} for r in regles]
        )
        sign_dol(conn, auteur, version, maintenant)
        conn.execute(query("dol.supprimer_brouillon"), {"plateforme": plateforme_id})
    return version


def _change(
    conn: Connection,
    auteur: Auteur,
    plateforme_id: str,
    revision: int,
    geste: str,
    maintenant: datetime,
    change: Callable[[Table], Table],
    du: date | None = None,
) -> None:
    ancien, regles = _lock(conn, auteur, plateforme_id, revision)
    nouvelles = change(regles)
    conn.execute(
        query("dol.ecrire_brouillon"),
        {
            "plateforme": plateforme_id,
            "du": du or ancien,
            "regles": _write(nouvelles),
            "par": UUID(auteur.id),
            "maintenant": maintenant,
        },
    )
    journal.live_at(conn, maintenant)
    donnees = {"geste": geste, "regles": len(nouvelles), "revision": revision + 1}
    journal.record(conn, "dol_brouillon_change", plateforme_id=plateforme_id, donnees=donnees)


def _lock(conn: Connection, auteur: Auteur, plateforme_id: str, revision: int) -> tuple[date, tuple[Regle, ...]]:
    _check_role(auteur)
    ligne = conn.execute(query("dol.verrouiller_brouillon"), {"plateforme": plateforme_id}).one_or_none()
    if ligne is None or ligne.revision != revision:
        raise Conflit("Le brouillon a changé depuis que vous l'avez ouvert. Rien n'a été enregistré : relisez-le, puis recommencez.")
    return ligne.du, _read(ligne.regles)


def _check_role(auteur: Auteur) -> None:
    if auteur.role != "medecin_conseil":
        raise AccesRefuse("Seul un médecin-conseil écrit et signe le document d'orientation local.")


def _read(regles: Sequence[Mapping[str, Any]]) -> tuple[Regle, ...]:
    return tuple(Regle(r["id"], rang, r["libelle"], r["conditions"], r["cible"]) for rang, r in enumerate(regles, start=1))


def _write(regles: Table) -> str:
    table = [{"id": r.id, "libelle": r.libelle, "conditions": dict(r.conditions), "cible": r.cible} for r in regles]
    return json.dumps(table, ensure_ascii=False)
