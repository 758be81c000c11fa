"""Parcours change hands, many at once: history with its reason and return, hand-over sheet, appointments, journal. One transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from pdp.domain.auteur import Auteur
from pdp.domain.passation import describe_passation
from pdp.errors import Conflit
from pdp.services.delais import Lieu
from pdp.services.manage_taches import open_tache
from pdp.storage import journal
from pdp.storage.sql import query

TENU, A_DEPLACER = "tenu", "a_deplacer"
A_REPLANIFIER = "planifier_tele_echange"


@dataclass(frozen=True)
class Mouvement:
    """One parcours from one coordinator to another, and the French sentence that says why."""

    parcours_id: UUID
    de: UUID
    vers: UUID
    motif: str


@dataclass(frozen=True)
class Passation:
    """What holds for all parcours of one act. ``retour``: they come back to whom they came from; ``retour_le``: day they will.

    ``cle``: what the id is in the journal; ``note``: words of the giver to who receives.
    """

    redistribution_id: UUID
    retour: bool = False
    retour_le: date | None = None
    rendez_vous_du: datetime | None = None
    rendez_vous_au: datetime | None = None
    cle: str = "redistribution_id"
    note: str | None = None


def hand_over(
    conn: Connection, lieu: Lieu, auteur: Auteur, mouvements: Sequence[Mouvement], passation: Passation, maintenant: datetime
) -> dict[UUID, str | None]:
    """Parcours that changed hands, with what became of their appointment; those closed or moved meanwhile are left out.

    Raises :class:`Conflit` when an appointment is being booked at the same time: nothing is then written.
    """
    if not mouvements:
        return {}
    journal.live_at(conn, maintenant)
    colonnes = {"parcours": [m.parcours_id for m in mouvements], "de": [m.de for m in mouvements], "vers": [m.vers for m in mouvements]}
    requete = "passations.changer_de_mains" if auteur.role == "csam" else "redistribution.changer_de_mains"
    changes = set(conn.execute(query(requete), colonnes).scalars())
    faits = [m for m in mouvements if m.parcours_id in changes]
    if not faits:
        return {}
    rendez_vous = _move_rendez_vous(conn, lieu, auteur, faits, passation, maintenant)
    _write_histoire(conn, lieu, auteur, faits, passation, maintenant)
    conn.execute(
        query("redistribution.consigner"),
        {
            "retour_de": passation.retour,
            "retour": passation.retour_le,
            "cle": passation.cle,
            "redistribution": passation.redistribution_id,
            "parcours": [m.parcours_id for m in faits],
            "de": [m.de for m in faits],
            "vers": [m.vers for m in faits],
        },
    )
    return {m.parcours_id: rendez_vous.get(m.parcours_id) for m in faits}


def _write_histoire(
    conn: Connection, lieu: Lieu, auteur: Auteur, faits: Sequence[Mouvement], passation: Passation, maintenant: datetime
) -> None:
    parcours = [m.parcours_id for m in faits]
    relais = _describe(conn, lieu, parcours)
    conn.execute(query("redistribution.clore_affectations"), {"parcours": parcours, "maintenant": maintenant})
    conn.execute(
        query("redistribution.ouvrir_affectations"),
        {
            "plateforme": lieu.plateforme_id,
            "parcours": parcours,
            "de": [m.de for m in faits],
            "vers": [m.vers for m in faits],
            "note": passation.note,
            "motifs": [m.motif for m in faits],
            "relais": [relais[p] for p in parcours],
            "maintenant": maintenant,
            "type": auteur.type,
            "par": auteur.id,
            "retour": passation.retour_le,
        },
    )


def _describe(conn: Connection, lieu: Lieu, parcours: list[UUID]) -> dict[UUID, str]:
    feuilles = {}
    for ligne in conn.execute(query("redistribution.lister_relais"), {"parcours": parcours}):
        rendez_vous = ligne.debut_at.astimezone(lieu.fuseau) if ligne.debut_at else None
        taches = [(motif, echeance.astimezone(lieu.fuseau)) for motif, echeance in zip(ligne.motifs, ligne.echeances, strict=True)]
        feuilles[ligne.id] = describe_passation(ligne.statut, rendez_vous, taches, ligne.orientations)
    return feuilles


def _move_rendez_vous(
    conn: Connection, lieu: Lieu, auteur: Auteur, mouvements: Sequence[Mouvement], passation: Passation, maintenant: datetime
) -> dict[UUID, str]:
    """Same instant with the colleague when free; else it stays written and a task asks to move it with the person."""
    par_parcours = {m.parcours_id: m for m in mouvements}
    trouves = conn.execute(
        query("redistribution.lister_rendez_vous"),
        {
            "parcours": list(par_parcours),
            "debut_at": max(maintenant, passation.rendez_vous_du or maintenant),
            "fin_at": passation.rendez_vous_au,
        },
    ).all()
    return {
        parcours: _entrust(conn, lieu, auteur, par_parcours[parcours], tele_echange, passation, maintenant)
        for parcours, tele_echange, csam in trouves
        if csam != par_parcours[parcours].vers
    }


def _entrust(
    conn: Connection,
    lieu: Lieu,
    auteur: Auteur,
    mouvement: Mouvement,
    trouve: UUID,
    passation: Passation,
    maintenant: datetime,
) -> str:
    try:
        with conn.begin_nested():
            confie = conn.execute(
                query("redistribution.confier_rendez_vous"),
                {"tele_echange": trouve, "vers": mouvement.vers, "fuseau": str(lieu.fuseau)},
            ).scalar()
    except IntegrityError as erreur:  # booked between the check and the write
        raise Conflit("Un rendez-vous vient d'être pris au même moment. Rien n'a été changé : recommencez.") from erreur
    if confie is not None:
        return TENU
    open_tache(
        conn,
        plateforme_id=lieu.plateforme_id,
        parcours_id=mouvement.parcours_id,
        motif=A_REPLANIFIER,
        cause=cause_tache(passation.redistribution_id),
        maintenant=maintenant,
        auteur=auteur,
        note="Le conseiller prévu n'est pas disponible à l'heure du télé-échange : proposez un autre créneau à la personne.",
    )
    return A_DEPLACER


def cause_tache(redistribution_id: UUID) -> str:
    """Cause of the tasks a redistribution opens: undoing it closes them."""
    return f"redistribution:{redistribution_id}"
