"""What a partner says on its portal or by its link: written in the inbox, applied like any other by the collect service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pdp.domain.auteur import Auteur
from pdp.domain.orientation import ACTIVES, LIBELLES, MOTIFS_REFUS, NATURES, Statut, can_partenaire
from pdp.errors import Conflit, DonneeInvalide, Introuvable, TransitionInterdite
from pdp.storage import inbox, journal
from pdp.storage.sql import query

COMPTE_RENDU_MAX = 1000
AVEC_COMPTE_RENDU = frozenset({Statut.REALISEE, Statut.SANS_SUITE})
ENGAGEES = frozenset({Statut.ACCEPTEE, Statut.EN_COURS})
"""What a meeting or news may be told of; a question may be asked before."""
RENDEZ_VOUS_PASSE, RENDEZ_VOUS_A_VENIR = timedelta(days=92), timedelta(days=366)
"""A meeting told is neither further back nor further ahead: beyond, the year is mistyped."""


def record_reponse(
    conn: Connection,
    auteur: Auteur,
    orientation_id: UUID,
    *,
    statut: str,
    motif: str | None,
    compte_rendu: str | None,
    evenement_id: str | UUID,
    maintenant: datetime,
    transport: str = "portail",
    survenu_at: datetime | None = None,
) -> None:
    """Record one answer. ``evenement_id`` is the key of the form: a double click or a resend changes nothing. ``survenu_at``: when it
    was true, None = now.

    Raises :class:`Introuvable` for a hand-over that is not this partner's or was withdrawn, :class:`TransitionInterdite` when the
    hand-over is no longer in a state that allows it, :class:`DonneeInvalide` for a missing reason or report, :class:`Conflit` when
    the same form comes back with another answer.
    """
    motif, compte_rendu = _checked(statut, motif, compte_rendu)
    orientation = _take_turn(conn, auteur, orientation_id)

    def check() -> None:
        if not can_partenaire(orientation.statut, statut):
            avant, apres = LIBELLES[Statut(orientation.statut)], LIBELLES[Statut(statut)]
            raise TransitionInterdite(
                f"La demande est « {avant} » : elle ne peut pas devenir « {apres} ». Rien n'a été enregistré.",
                code=f"forbidden:{orientation.statut}:{statut}",
            )

    _deposit_once(
        conn,
        orientation,
        parties=(str(orientation_id), statut, motif or "", compte_rendu or ""),
        check=check,
        trace={"statut": statut},
        evenement_id=f"{transport}:{evenement_id}",
        orientation_id=orientation_id,
        statut=statut,
        motif=motif,
        compte_rendu=compte_rendu,
        survenu_at=survenu_at or maintenant,
        maintenant=maintenant,
        transport=transport,
    )


def record_evenement(
    conn: Connection,
    auteur: Auteur,
    orientation_id: UUID,
    *,
    nature: str,
    texte: str | None,
    rendez_vous_at: datetime | None,
    evenement_id: str | UUID,
    transport: str,
    maintenant: datetime,
    survenu_at: datetime | None = None,
) -> None:
    """Record what is no step (``NATURES`` but ``statut``); a meeting carries its instant, news and a question their words.

    The same form twice is one event. Raises like :func:`record_reponse`; a meeting or news are told of a hand-over accepted before.
    """
    texte = _checked_evenement(nature, texte, rendez_vous_at, maintenant)
    orientation = _take_turn(conn, auteur, orientation_id)
    quand = rendez_vous_at.astimezone(UTC).isoformat() if rendez_vous_at else ""
    _deposit_once(
        conn,
        orientation,
        parties=(str(orientation_id), nature, texte or "", quand),
        check=lambda: _check_possible(nature, orientation.statut, orientation.interroge),
        trace={"nature": nature},
        evenement_id=f"{transport}:{evenement_id}",
        orientation_id=orientation_id,
        statut=None,
        motif=None,
        compte_rendu=texte,
        survenu_at=survenu_at or maintenant,
        maintenant=maintenant,
        transport=transport,
        nature=nature,
        rendez_vous_at=rendez_vous_at,
    )


def _take_turn(conn: Connection, auteur: Auteur, orientation_id: UUID) -> Row[Any]:
    """One answer at a time about a hand-over, and only of the partner it was sent to."""
    conn.execute(query("inbox.prendre_son_tour"), {"orientation": str(orientation_id)})
    orientation = conn.execute(query("inbox.lire_pour_repondre"), {"orientation": orientation_id}).one_or_none()
    if orientation is None or str(orientation.partenaire_id) != auteur.partenaire_id:
        raise Introuvable("Cette demande n'existe pas, a été retirée, ou ne vous est pas adressée.")
    return orientation


def _deposit_once(
    conn: Connection,
    orientation: Row[Any],
    *,
    parties: tuple[str, ...],
    check: Callable[[], None],
    trace: dict[str, Any],
    evenement_id: str,
    orientation_id: UUID,
    **champs: Any,
) -> None:
    """Written and told once; the same key again changes nothing, and is refused with other words. ``check`` is for what is new."""
    empreinte = sha256("\x1f".join(parties).encode()).digest()
    cherchee = {"partenaire": orientation.partenaire_id, "evenement": evenement_id}
    connue = conn.execute(query("inbox.trouver_evenement"), cherchee).one_or_none()
    if connue is not None:
        _check_same(bytes(connue.empreinte) == empreinte)
        return
    check()
    version = orientation.version + 1
    sort = inbox.deposit(
        conn,
        plateforme_id=orientation.plateforme_id,
        partenaire_id=orientation.partenaire_id,
        evenement_id=evenement_id,
        orientation_id=orientation_id,
        version=version,
        empreinte=empreinte,
        **champs,
    )
    _check_same(sort != "autre_contenu")
    if sort == "nouvelle":
        donnees = {"orientation_id": orientation_id, **trace, "version": version}
        journal.record(conn, "reponse_recue", plateforme_id=orientation.plateforme_id, donnees=donnees)


def _checked_evenement(nature: str, texte: str | None, rendez_vous_at: datetime | None, maintenant: datetime) -> str | None:
    if nature not in NATURES or nature in ("statut", "seances"):  # dates come through declare_seances
        raise DonneeInvalide("Choisissez ce que vous dites dans la liste.", code="unknown_nature")
    if (nature == "rendez_vous") != (rendez_vous_at is not None):
        raise DonneeInvalide("Donnez la date et l'heure du rendez-vous, et seulement pour un rendez-vous.", code="missing_meeting")
    if rendez_vous_at is not None and not maintenant - RENDEZ_VOUS_PASSE <= rendez_vous_at <= maintenant + RENDEZ_VOUS_A_VENIR:
        raise DonneeInvalide("Vérifiez l'année du rendez-vous : la date est trop éloignée.", code="meeting_too_far")
    texte = (texte or "").strip() or None
    if texte is None and nature in ("nouvelles", "question"):
        quoi = "votre question" if nature == "question" else "quelques mots"
        raise DonneeInvalide(f"Écrivez {quoi}, sans information médicale.", code="missing_words")
    if texte is not None and (len(texte) > COMPTE_RENDU_MAX or "\0" in texte):
        raise DonneeInvalide(f"Le texte est limité à {COMPTE_RENDU_MAX} caractères.", code="words_too_long")
    return texte


def _check_possible(nature: str, statut: str, interroge: bool) -> None:
    """A question, and news that answer one of ours, at any time; a meeting or other news once accepted."""
    libre = nature == "question" or (nature == "nouvelles" and interroge)
    if statut not in ACTIVES or not (libre or statut in ENGAGEES):
        connu = LIBELLES[Statut(statut)]
        suite = "" if statut not in ACTIVES else " Acceptez-la d'abord."
        raise TransitionInterdite(f"La demande est « {connu} ».{suite} Rien n'a été enregistré.", code=f"forbidden:{statut}:{nature}")


def _check_same(meme_contenu: bool) -> None:
    if not meme_contenu:
        raise Conflit("Cette réponse a déjà été enregistrée avec un autre contenu. Rien n'a été écrasé : rechargez la page.")


def _checked(statut: str, motif: str | None, compte_rendu: str | None) -> tuple[str | None, str | None]:
    if statut not in set(Statut):
        raise DonneeInvalide("Choisissez une réponse dans la liste.", code="unknown_status")
    motif, compte_rendu = (motif or "").strip() or None, (compte_rendu or "").strip() or None
    if statut == Statut.REFUSEE and motif not in MOTIFS_REFUS:
        raise DonneeInvalide("Choisissez la raison du refus dans la liste.", code="missing_refusal_reason")
    if statut in AVEC_COMPTE_RENDU and compte_rendu is None:
        raise DonneeInvalide("Écrivez un court compte rendu, sans information médicale.", code="missing_report")
    if compte_rendu is not None and (len(compte_rendu) > COMPTE_RENDU_MAX or "\0" in compte_rendu):
        raise DonneeInvalide(f"Le compte rendu est limité à {COMPTE_RENDU_MAX} caractères.", code="report_too_long")
    return (motif if statut == Statut.REFUSEE else None), compte_rendu
