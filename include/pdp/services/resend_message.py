"""What a coordinator does by hand: write, repeat by another channel, note an address, say that a number works again."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.coordonnees import fingerprint_coordonnee
from pdp.domain.message import CANAUX, MODELES, find_canal
from pdp.errors import Conflit, DonneeInvalide, Introuvable
from pdp.services.delais import get_lieu
from pdp.services.manage_taches import close_tache
from pdp.services.read_destinataire import get_joignabilite, get_personne
from pdp.services.record_silence import check_silence_du_jour
from pdp.services.write_message import Message, write_ligne
from pdp.storage import journal
from pdp.storage.sql import query

LIBRES = {code: modele.libelle for code, modele in MODELES.items() if not modele.exige}
"""Models that need no value: a coordinator may write them by hand."""
_CODE_POSTAL = re.compile(r"\d{5}")
LIGNE_MAX, LIGNES_MAX = 38, 4


def resend_message(conn: Connection, auteur: Auteur, parcours_id: UUID, message_id: UUID, canal: str, maintenant: datetime) -> Message:
    """The same message by another channel; asked twice it is one. The reason to act about the failure is closed.

    Raises :class:`DonneeInvalide` (channel not possible), :class:`Conflit` (it is leaving, or too late), :class:`Introuvable`.
    """
    conn.execute(query("messages.verrouiller"), {"parcours": str(parcours_id)})
    ligne = conn.execute(query("messages.verrouiller_message"), {"id": message_id, "parcours": parcours_id}).one_or_none()
    if ligne is None:
        raise Introuvable
    if ligne.etat in ("a_envoyer", "en_cours"):
        raise Conflit("Ce message n'a pas encore fini de partir. Rien n'a été renvoyé : rappelez-le d'abord, ou attendez.")
    if ligne.trop_tard_at is not None and ligne.trop_tard_at <= maintenant:
        raise Conflit("Il est trop tard pour ce message : rien n'a été renvoyé. Appelez la personne.")
    personne = get_personne(conn, parcours_id)
    lieu = get_lieu(conn, personne.plateforme_id)
    check_silence_du_jour(conn, personne.assure_id, lieu.jour(maintenant), "aucun message")
    choisi = find_canal(ligne.type, get_joignabilite(conn, personne), canal)
    assert choisi is not None, "a channel asked for is possible, or refused with a sentence"
    message = write_ligne(
        conn,
        lieu,
        personne,
        parcours_id,
        modele=ligne.type,
        cause=ligne.cause,
        canal=choisi,
        valeurs=ligne.valeurs,
        maintenant=maintenant,
        pas_avant=None,
        trop_tard_at=ligne.trop_tard_at,
        remplace=ligne.id,
    )
    for tache in conn.execute(query("messages.lister_taches"), {"parcours": parcours_id, "cause": str(ligne.cle)}).scalars().all():
        close_tache(conn, auteur, tache, "fait", maintenant)
    return message


def record_adresse(
    conn: Connection, auteur: Auteur, parcours_id: UUID, *, lignes: str, code_postal: str, ville: str, maintenant: datetime
) -> None:
    """Postal address as the person gave it; the same again writes nothing. Raises :class:`DonneeInvalide`."""
    propres = [" ".join(ligne.split()) for ligne in lignes.splitlines() if ligne.strip()]
    if not 1 <= len(propres) <= LIGNES_MAX or any(len(ligne) > LIGNE_MAX for ligne in propres) or len(" ".join(ville.split())) > LIGNE_MAX:
        raise DonneeInvalide(
            f"L'adresse tient en {LIGNES_MAX} lignes de {LIGNE_MAX} caractères, comme sur une enveloppe. Rien n'a été enregistré.",
            code="bad_postal_address",
        )
    if not _CODE_POSTAL.fullmatch(code_postal.strip()) or not ville.strip():
        raise DonneeInvalide("Le code postal compte 5 chiffres, suivi de la ville. Rien n'a été enregistré.", code="bad_postal_code")
    personne = get_personne(conn, parcours_id)
    journal.live_at(conn, maintenant)
    ecrite = conn.execute(
        query("messages.noter_adresse_postale"),
        {
            "plateforme": personne.plateforme_id,
            "assure": personne.assure_id,
            "lignes": "\n".join(propres),
            "code_postal": code_postal.strip(),
            "ville": " ".join(ville.split()),
            "par": UUID(auteur.id),
            "maintenant": maintenant,
        },
    ).scalar()
    if ecrite is not None:
        journal.record(
            conn, "adresse_postale_saisie", plateforme_id=personne.plateforme_id, assure_id=personne.assure_id, parcours_id=parcours_id
        )


def revive_coordonnee(conn: Connection, parcours_id: UUID, canal: str, maintenant: datetime) -> bool:
    """The person says that her number or address works: it may be tried again. False when it was not dead."""
    if canal not in CANAUX:
        raise DonneeInvalide("Choisissez SMS, e-mail ou courrier. Rien n'a changé.", code="unknown_channel")
    personne = get_personne(conn, parcours_id)
    valeur = personne.coordonnees[canal]
    if valeur is None:
        return False
    cle = {"assure": personne.assure_id, "canal": canal, "empreinte": fingerprint_coordonnee(valeur), "maintenant": maintenant}
    journal.live_at(conn, maintenant)
    if conn.execute(query("messages.retablir"), cle).scalar() is None:
        return False
    journal.record(
        conn,
        "coordonnee_retablie",
        plateforme_id=personne.plateforme_id,
        assure_id=personne.assure_id,
        parcours_id=parcours_id,
        donnees={"canal": canal},
    )
    return True
