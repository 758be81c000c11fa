"""Demonstration accounts: one per role, passwords drawn at the first start and kept in a private file."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.services.manage_comptes import create_compte
from pdp.storage import db
from pdp.storage.sql import query

QUOI = {
    "csam": "Ma liste, fiche appel, télé-échanges, orientations",
    "medecin_conseil": "dossiers à orienter, alertes",
    "responsable": "équipe, flux et quarantaine, passages",
    "evaluateur": "tables publiées et leur dictionnaire",
    "partenaire": "boîte de réception d'un partenaire sans API",
}


def write_comptes(etat: Path) -> list[dict[str, str]]:
    """Create what is missing and return all accounts; a second call keeps logins and passwords."""
    fichier = etat / "comptes.json"
    if fichier.exists():
        return list(json.loads(fichier.read_text()))
    comptes = []
    with db.begin(settings().url_app, systeme("comptes_demonstration")) as conn:
        for ligne in conn.execute(query("simulation.lister_comptes_a_creer")):
            mot_de_passe = secrets.token_urlsafe(12)
            create_compte(
                conn,
                login=ligne.login,
                mot_de_passe=mot_de_passe,
                role=ligne.role,
                plateforme_id=ligne.plateforme_id,
                nom_affiche=ligne.nom_affiche,
                agent_id=ligne.agent_id,
                partenaire_id=ligne.partenaire_id,
            )
            comptes.append({"role": ligne.role, "login": ligne.login, "mot_de_passe": mot_de_passe, "quoi": QUOI[ligne.role]})
    provisoire = fichier.with_suffix(".tmp")
    descripteur = os.open(provisoire, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descripteur, "w") as sortie:
        json.dump(comptes, sortie, ensure_ascii=False, indent=1)
    provisoire.replace(fichier)
    return comptes
