"""Named views of a coordinator's list: created, renamed, changed, chosen by default, deleted and put back."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.errors import DonneeInvalide, Introuvable
from pdp.services.filtres_liste import EtatFiltres, Filtres, Vue, read_etat, save_filtres
from pdp.storage.sql import query

VUES_MAX = 20
NOM_MAX = 40


def create_vue(conn: Connection, auteur: Auteur, nom: str, maintenant: datetime) -> Vue:
    """Name the filters in use; the list is then on this view. The same name again raises :class:`DonneeInvalide`."""
    etat = read_etat(conn, UUID(auteur.id))
    if len(etat.vues) >= VUES_MAX:
        raise DonneeInvalide(f"Vous avez déjà {VUES_MAX} vues : supprimez-en une avant d'en créer une autre.", code="too_many_views")
    nom = _check_nom(etat, nom)
    ident = conn.execute(
        query("vues_liste.creer"),
        {
            "agent": UUID(auteur.id),
            "plateforme": auteur.plateforme_id,
            "nom": nom,
            "filtres": json.dumps(etat.filtres.write()),
            "maintenant": maintenant,
        },
    ).scalar_one()
    save_filtres(conn, auteur, etat.filtres, ident, maintenant)
    return Vue(ident, nom, etat.filtres, False)


def apply_vue(conn: Connection, auteur: Auteur, vue_id: UUID, maintenant: datetime) -> Vue:
    """Look at the list through a view, as it was kept."""
    vue = _get(read_etat(conn, UUID(auteur.id)), vue_id)
    save_filtres(conn, auteur, vue.filtres, vue.id, maintenant)
    return vue


def update_vue(conn: Connection, auteur: Auteur, vue_id: UUID, maintenant: datetime) -> Vue:
    """Keep the filters in use under the name of this view."""
    etat = read_etat(conn, UUID(auteur.id))
    vue = _get(etat, vue_id)
    _change(conn, auteur, vue_id, maintenant, filtres=etat.filtres)
    save_filtres(conn, auteur, etat.filtres, vue_id, maintenant)
    return vue


def rename_vue(conn: Connection, auteur: Auteur, vue_id: UUID, nom: str, maintenant: datetime) -> str:
    """Another name, which is returned as kept."""
    etat = read_etat(conn, UUID(auteur.id))
    _get(etat, vue_id)
    nom = _check_nom(etat, nom, sauf=vue_id)
    _change(conn, auteur, vue_id, maintenant, nom=nom)
    return nom


def set_defaut(conn: Connection, auteur: Auteur, vue_id: UUID | None, maintenant: datetime) -> Vue | None:
    """One view at most is the default; None = the whole list is."""
    etat = read_etat(conn, UUID(auteur.id))
    vue = None if vue_id is None else _get(etat, vue_id)
    if etat.par_defaut is not None and etat.par_defaut.id != vue_id:
        _change(conn, auteur, etat.par_defaut.id, maintenant, par_defaut=False)
    if vue is not None:
        _change(conn, auteur, vue.id, maintenant, par_defaut=True)
    return vue


def delete_vue(conn: Connection, auteur: Auteur, vue_id: UUID, maintenant: datetime) -> Vue:
    """Take a view away; the filters in use stay as they are. `restore_vue` puts it back."""
    vue = _get(read_etat(conn, UUID(auteur.id)), vue_id)
    conn.execute(query("vues_liste.supprimer"), {"agent": UUID(auteur.id), "vue": vue_id, "maintenant": maintenant})
    return vue


def restore_vue(conn: Connection, auteur: Auteur, vue_id: UUID, maintenant: datetime) -> str:
    """Put a deleted view back and return its name; refused when another one took its name meanwhile."""
    supprimee = conn.execute(query("vues_liste.trouver_supprimee"), {"agent": UUID(auteur.id), "vue": vue_id}).scalar()
    if supprimee is None:
        raise Introuvable("Cette vue n'existe plus, ou est déjà revenue.")
    _check_nom(read_etat(conn, UUID(auteur.id)), supprimee)
    conn.execute(query("vues_liste.retablir"), {"agent": UUID(auteur.id), "vue": vue_id, "maintenant": maintenant})
    return supprimee


def reset_filtres(conn: Connection, auteur: Auteur, maintenant: datetime) -> Vue | None:
    """Back to the default view, else to the whole list; returns the view."""
    defaut = read_etat(conn, UUID(auteur.id)).par_defaut
    save_filtres(conn, auteur, defaut.filtres if defaut else Filtres(), defaut.id if defaut else None, maintenant)
    return defaut


def _get(etat: EtatFiltres, vue_id: UUID) -> Vue:
    vue = next((v for v in etat.vues if v.id == vue_id), None)
    if vue is None:
        raise Introuvable("Cette vue n'existe plus.")
    return vue


def _check_nom(etat: EtatFiltres, nom: str, sauf: UUID | None = None) -> str:
    nom = " ".join(nom.split())
    if not nom or len(nom) > NOM_MAX:
        raise DonneeInvalide(f"Donnez à la vue un nom de {NOM_MAX} caractères au plus.", code="bad_view_name")
    if any(v.nom.lower() == nom.lower() and v.id != sauf for v in etat.vues):
        raise DonneeInvalide(f"Vous avez déjà une vue « {nom} » : choisissez un autre nom.", code="view_name_taken")
    return nom


def _change(conn: Connection, auteur: Auteur, vue_id: UUID, maintenant: datetime, **champs: Any) -> None:
    filtres: Filtres | None = champs.get("filtres")
    conn.execute(
        query("vues_liste.modifier"),
        {
            "agent": UUID(auteur.id),
            "vue": vue_id,
            "nom": champs.get("nom"),
            "filtres": None if filtres is None else json.dumps(filtres.write()),
            "par_defaut": champs.get("par_defaut"),
            "maintenant": maintenant,
        },
    )
