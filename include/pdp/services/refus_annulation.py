"""Why an act cannot be taken back, said with its consequence and what to do instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pdp.clock import PARIS
from pdp.domain.acte import INDEPENDANTS, describe_genre
from pdp.domain.auteur import Auteur
from pdp.domain.evenements import describe
from pdp.errors import Conflit
from pdp.services.photo_dossier import LigneActe, Photo
from pdp.storage.sql import query

MESSAGE_LIBRE = frozenset({"a_envoyer", "rappele"})
AU_LIEU = {
    "orientation": "Pour l'arrêter, ouvrez l'orientation sur la fiche et choisissez « Retirer » : le partenaire ne la verra plus.",
    "entretien_planifie": "Pour l'arrêter, annulez le rendez-vous : la personne en sera prévenue.",
    "invitation": "Pour l'arrêter, prévenez la personne par un nouveau message.",
    "message": "Si le message était faux, écrivez-en un autre à la personne.",
}


class AnnulationRefusee(Conflit):
    """This act can no longer be taken back; nothing was changed."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


def check_conseiller(conn: Connection, auteur: Auteur, ligne: Row[Any]) -> None:
    """A coordinator takes back acts on the cases that are still his or hers."""
    if auteur.role != "csam" or ligne.parcours_id is None:
        return
    suivi = conn.execute(query("annulation.lire_conseiller"), {"parcours": ligne.parcours_id}).one()
    if suivi.csam_id != UUID(auteur.id):
        qui = f"suivi par {suivi.prenom} {suivi.nom}" if suivi.csam_id else "en attente d'un conseiller"
        depuis = f" depuis le {_instant(suivi.du)}" if suivi.du else ""
        raise AnnulationRefusee(f"Ce dossier est {qui}{depuis} : voyez avec votre collègue. Rien n'a été annulé.", code="undo_moved_case")


def check_suivant(conn: Connection, auteur: Auteur, ligne: Row[Any]) -> None:
    """Acts of a case are taken back from the last one."""
    cle = {"assure": ligne.assure_id, "rang": ligne.rang, "independants": sorted(INDEPENDANTS)}
    suivant = conn.execute(query("annulation.trouver_suivant"), cle).one_or_none()
    if suivant is None:
        return
    quoi = f"« {describe_genre(suivant.genre)} » le {_instant(suivant.fait_at)}"
    if suivant.agent_id == UUID(auteur.id):
        raise AnnulationRefusee(
            f"Vous avez enregistré depuis {quoi} : annulez d'abord cette saisie. Rien n'a été changé.", code="undo_order"
        )
    raise AnnulationRefusee(
        f"{suivant.prenom} {suivant.nom} a agi depuis sur ce dossier : {quoi}. Annuler effacerait ce qui en dépend, donc rien n'a été"
        " changé. Corrigez par un nouvel acte, ou voyez ensemble.",
        code="undo_other_acted",
    )


def check_depuis(conn: Connection, ligne: Row[Any], lignes: Sequence[LigneActe], photo: Photo) -> None:
    """What the act wrote must be as it left it; a message still to leave may have been held back meanwhile."""
    changees = [trouvee for trouvee in lignes if not _is_intact(trouvee, photo)]
    if any(_is_message_parti(trouvee, photo) for trouvee in changees):
        raise refuse_message(ligne.genre)
    if not changees:
        return
    cle = {"parcours": ligne.parcours_id, "evenement": ligne.evenement_apres}
    depuis = conn.execute(query("annulation.trouver_depuis"), cle).first()
    raise AnnulationRefusee(
        f"{_describe_depuis(depuis)} Annuler effacerait ce qui en dépend, donc rien n'a été changé. Corrigez par un nouvel acte.",
        code="undo_changed_since",
    )


def refuse_message(genre: str) -> AnnulationRefusee:
    """The message left, or may have: it cannot be taken back."""
    suite = AU_LIEU.get(genre, "Corrigez par un nouvel acte, et prévenez qui l'a reçu.")
    return AnnulationRefusee(
        f"Un message est déjà parti à cause de « {describe_genre(genre)} » : il ne peut plus être rappelé. Rien n'a été annulé. {suite}",
        code="undo_message_left",
    )


def refuse_place(genre: str) -> AnnulationRefusee:
    """Somebody took the slot, or another parcours was opened."""
    return AnnulationRefusee(
        f"« {describe_genre(genre)} » ne peut plus être annulé : la place d'avant (le créneau, ou le parcours ouvert) a été prise depuis."
        " Rien n'a été changé.",
        code="undo_place_taken",
    )


def _is_intact(ligne: LigneActe, photo: Photo) -> bool:
    actuel = photo.get((ligne.table, ligne.id))
    if actuel is None:
        return False
    if ligne.table == "outbox" and ligne.avant is None:
        return actuel["etat"] in MESSAGE_LIBRE and actuel["essais"] == 0
    return all(actuel.get(cle) == valeur for cle, valeur in ligne.apres.items())


def _is_message_parti(ligne: LigneActe, photo: Photo) -> bool:
    """Created by the act, and out of our hands since."""
    if ligne.avant is not None:
        return False
    ecrit = ligne.table == "message_rendez_vous" and photo.get((ligne.table, ligne.id), {}).get("resultat") == "ecrit"
    return ecrit or ligne.table == "outbox"


def _describe_depuis(depuis: Row[Any] | None) -> str:
    if depuis is None:
        return "Le dossier a changé depuis."
    qui = "Un traitement automatique"
    if depuis.auteur_type == "agent":
        qui = f"{depuis.prenom} {depuis.nom}"
    elif depuis.auteur_type == "partenaire":
        qui = depuis.partenaire_nom or "Un partenaire"
    return f"{qui} a changé ce dossier depuis, le {_instant(depuis.survenu_at)} (« {describe(depuis.evenement)[1]} »)."


def _instant(instant: Any) -> str:
    return f"{instant.astimezone(PARIS):%d/%m/%Y à %H:%M}"
