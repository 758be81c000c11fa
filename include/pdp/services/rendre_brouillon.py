"""A recorded télé-échange that is taken back: what was typed becomes a draft again, each answer in the drawer of its class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.services.keep_brouillon import save_brouillon
from pdp.services.photo_dossier import LigneActe
from pdp.storage.sql import query

A_VENIR = frozenset({"planifie", "confirme"})
RENSEIGNES = frozenset({"realise", "realise_partiel"})


def give_back_brouillons(conn: Connection, auteur: Auteur, lignes: Sequence[LigneActe], maintenant: datetime) -> None:
    """Called before the answers are emptied; an appointment that was not recorded by the act is left alone."""
    for ligne in lignes:
        if ligne.table != "tele_echange" or ligne.avant is None:
            continue
        if ligne.avant["statut"] in A_VENIR and ligne.apres["statut"] in RENSEIGNES:
            dit = conn.execute(query("annulation.lire_reponses"), {"tele_echange": ligne.id}).one()
            champs = {
                **_champs("emploi", dit.emploi),
                **_champs("social", dit.social),
                **_champs("sante", dit.sante),
                **_champs("bilan", {cle: v for cle, v in dit.bilan.items() if cle != "proposees"}),
                "synthese": [dit.synthese or ""],
            }
            save_brouillon(conn, auteur, dit.parcours_id, ecran="entretien", piece_id=dit.id, champs=champs, maintenant=maintenant)


def _champs(classe: str, reponses: Mapping[str, Any] | None) -> dict[str, list[str]]:
    """Fields of the form, as they were typed."""
    return {f"{classe}.{cle}": valeur if isinstance(valeur, list) else [str(valeur)] for cle, valeur in (reponses or {}).items()}
