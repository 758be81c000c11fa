"""A row of all that has a page: the people of the screens, a case of every status, and what came later (messages, links, lots…)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from fastapi import FastAPI
from psycopg import sql
from sqlalchemy import Connection

import fabrique
from evaluation_publiee import publish
from fabrique import MAINTENANT
from lien_assure import Invitee, create_invitation
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.partners.lien import code_of, jeton_of
from pdp.partners.lot_csv import ENVOIS, make_folders
from pdp.services.edit_dol import open_brouillon
from pdp.services.renew_lien_partenaire import ensure_lien
from pdp.services.share_agenda import create_flux
from pdp.services.upload_reponses import find_dossier
from pdp.services.write_message import write_message
from pdp.storage import db
from portal import donnees, jeu_ecrans
from portal.donnees import TestClient
from portal.jeu import Jeu, insert
from relais import SECRET_B64

Admin = psycopg.Connection[Any]
STATUTS = ("affecte", "contact_en_cours", "entretien_planifie", "entretien_realise", "en_accompagnement", "interrompu")


class _Fige(datetime):
    """The clock of the data: that of the portal in these tests."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return MAINTENANT


@dataclass(frozen=True)
class Monde:
    """``jetons``: secret part of the public addresses, by their first word; ``invitee``: browser of somebody who has an appointment."""

    jeu: Jeu
    jetons: dict[str, str]
    invitee: TestClient


def build_monde(lieu: donnees.Lieu, app: FastAPI, admin: Admin, monkeypatch: pytest.MonkeyPatch) -> Monde:
    monkeypatch.setattr(jeu_ecrans, "datetime", _Fige)
    jeu = jeu_ecrans.build_jeu(lieu)
    csam = fabrique.auteur_agent(lieu.comptes["csam"])
    with fabrique.lot() as conn:
        for statut in STATUTS:
            dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"], statut=statut)
            donnees.add_motif(conn, dossier.signalement, "Plus de 90 jours d'arrêt")
            donnees.add_tache(conn, dossier.parcours, "nouvel_appel", MAINTENANT - timedelta(days=1))
            _add_contact(conn, dossier)
        _add_clos(conn, lieu)
    _add_delegation(lieu)
    _add_equipe(admin, jeu)
    _add_lots(admin, jeu)
    _add_echanges(admin, jeu, monkeypatch)
    with db.begin_as(csam) as conn:
        write_message(conn, csam, jeu.parcours[0], modele="rappelez_nous", cause="essai", maintenant=MAINTENANT, canal="courrier")
        flux = create_flux(conn, csam, MAINTENANT)
    publish()
    invitee = _invite(lieu, app)
    jetons = {"rendez-vous": invitee.chemin.rsplit("/", 1)[1], "agenda": flux, "lien": _open_lien(jeu, invitee.client, monkeypatch)}
    return Monde(jeu, jetons, invitee.client)


def _add_delegation(lieu: donnees.Lieu) -> None:
    """A signed document d'orientation local, and a draft of the next one."""
    medecin = fabrique.auteur_agent(lieu.comptes["medecin_conseil"], "medecin_conseil")
    fabrique.delegation(lieu.comptes["medecin_conseil"], conditions={"palier_min": 180})
    with db.begin_as(medecin) as conn:
        open_brouillon(conn, medecin, "PF35", MAINTENANT)


def _add_echanges(admin: Admin, jeu: Jeu, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch in the folder of the partner, its answers with a refused line, a mail set aside."""
    monkeypatch.setenv("PDP_ECHANGES", str(settings().depot.parent / "echanges"))
    partenaire, envoi, reponse = jeu.lieu.comptes["partenaire"], uuid4(), uuid4()
    commun: dict[str, Any] = {"plateforme_id": "PF35", "partenaire_id": partenaire, "lignes": 1, "cree_at": jeu.maintenant}
    _put(admin, "pdp.echange_fichier", **commun, id=envoi, sens="envoi", nom="demandes.csv", etat="ecrit")
    _put(admin, "pdp.echange_fichier", **commun, id=reponse, sens="reponse", nom="retour.csv", etat="lu", empreinte=bytes(32), rejetees=1,
         fini_at=jeu.maintenant)  # fmt: skip
    _put(admin, "pdp.echange_ligne", plateforme_id="PF35", fichier_id=reponse, numero=2, code="bad_date", message="La date n'existe pas.")
    _put(admin, "pdp.boite", nom="messagerie", uidvalidity=1, uid=1, lu_at=jeu.maintenant)
    _put(admin, "pdp.boite_message", boite="messagerie", uidvalidity=1, uid=1, empreinte=bytes(32), nature="inconnue",
         resultat="quarantaine", raison="no_reference", recu_at=jeu.maintenant, a_marquer=False)  # fmt: skip
    with fabrique.lot() as conn:
        dossier = find_dossier(conn, partenaire)
    make_folders(dossier)
    (dossier / ENVOIS / "demandes.csv").write_bytes(b"reference;reponse\r\n#FIN;0\r\n")


def _open_lien(jeu: Jeu, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> str:
    """Token of the link of a hand-over, opened by this browser."""
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", SECRET_B64)
    with db.begin(settings().url_expediteur, systeme("send_outbox")) as conn:
        lien = ensure_lien(conn, jeu.orientations["mienne"], MAINTENANT)
    assert lien is not None
    assert client.post(f"/lien/{jeton_of(lien.id)}/code").status_code == 303
    with fabrique.lot() as conn:
        cle = conn.execute(fabrique.text("SELECT cle FROM pdp.outbox WHERE charge ->> 'genre' = 'code'")).scalar_one()
    assert client.post(f"/lien/{jeton_of(lien.id)}/ouverture", data={"code": code_of(cle)}).status_code == 303
    return jeton_of(lien.id)


def _invite(lieu: donnees.Lieu, app: FastAPI) -> Invitee:
    """Somebody who opened her link and chose a slot."""
    dossier, chemin = create_invitation(lieu.comptes["csam"], MAINTENANT)
    invitee = Invitee(dossier, chemin, TestClient(app, base_url="http://portail.test", follow_redirects=False))
    invitee.identify()
    assert invitee.post("choix", debut_at=invitee.creneaux()[0]).status_code == 303
    return invitee


def _add_contact(conn: Connection, dossier: fabrique.Dossier) -> None:
    insert(
        conn, "pdp.contact", plateforme_id="PF35", parcours_id=dossier.parcours, agent_id=dossier.csam, canal="telephone",
        survenu_at=MAINTENANT - timedelta(days=1), resultat="messagerie", cle_saisie=uuid4(),
    )  # fmt: skip


def _add_clos(conn: Connection, lieu: donnees.Lieu) -> None:
    dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"])
    donnees.add_tache(conn, dossier.parcours, "suivi_m6", MAINTENANT)
    conn.execute(
        fabrique.text("UPDATE pdp.parcours SET statut = 'cloture', clos_at = :m, cloture_motif = 'retraite' WHERE id = :p"),
        {"m": MAINTENANT - timedelta(days=180), "p": dossier.parcours},
    )


def _put(admin: Admin, table: str, **colonnes: Any) -> None:
    """A row as it is, whoever may write it."""
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute(
            sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                sql.Identifier(*table.split(".")),
                sql.SQL(", ").join(map(sql.Identifier, colonnes)),
                sql.SQL(", ").join(sql.Placeholder() * len(colonnes)),
            ),
            list(colonnes.values()),
        )


def _add_equipe(admin: Admin, jeu: Jeu) -> None:
    """An absence, its redistribution, a file sent by hand."""
    csam, csam2, responsable = (jeu.lieu.comptes[n] for n in ("csam", "csam2", "responsable"))
    du, au = jeu.jour, jeu.jour + timedelta(days=3)
    ici: dict[str, Any] = {"plateforme_id": "PF35"}
    redistribution = uuid4()
    _put(admin, "pdp.absence_agent", **ici, agent_id=csam2, du=du, au=au)
    _put(admin, "pdp.fichier_depose", **ici, agent_id=responsable, flux="assures", nom="assures_essai.csv", empreinte=bytes(32),
         taille_octets=10, depose_at=jeu.maintenant, deja_recu=False)  # fmt: skip
    _put(admin, "pdp.redistribution", **ici, id=redistribution, agent_id=csam2, du=du, au=au, demandee_par=responsable,
         demandee_at=jeu.maintenant, effet_at=jeu.maintenant)  # fmt: skip
    _put(admin, "pdp.redistribution_ligne", **ici, redistribution_id=redistribution, parcours_id=jeu.parcours[0], de_csam_id=csam2,
         vers_csam_id=csam, motif="charge", etat="faite", change_at=jeu.maintenant)  # fmt: skip


def _add_lots(admin: Admin, jeu: Jeu) -> None:
    """A wait of the coordinator, an assignment of the manager, both rehearsed."""
    for login, geste, parcours in (("csam", "attente", jeu.parcours[0]), ("responsable", "affectation", jeu.parcours[1])):
        lot: UUID = uuid4()
        _put(admin, "pdp.lot", id=lot, plateforme_id="PF35", agent_id=jeu.lieu.comptes[login], geste=geste, prepare_at=jeu.maintenant,
             raison="soins_en_cours" if geste == "attente" else None, jour=jeu.jour + timedelta(days=9) if geste == "attente" else None,
             vers_csam_id=None if geste == "attente" else jeu.lieu.comptes["csam"], repete_at=jeu.maintenant)  # fmt: skip
        _put(admin, "pdp.lot_ligne", lot_id=lot, parcours_id=parcours, plateforme_id="PF35", rang=1, etat="prevue", phrase="Essai",
             change_at=jeu.maintenant)  # fmt: skip
