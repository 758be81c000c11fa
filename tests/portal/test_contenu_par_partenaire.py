"""What each kind of partner receives, on every transport and screen, against what the table of sharing allows: nothing else, nowhere.

A person full of canaries: one word that exists nowhere else for each field that could be handed over, and for much that never may be.
The canaries found in what each transport writes must be those of the allowed and agreed fields, no more and no less.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from lien_partenaire import Courriels, Porteuse
from pdp.domain.accord import DESTINATAIRES
from pdp.domain.contenu import ENVELOPPE
from pdp.fhir.rendu import render_orientation
from pdp.messages.partenaire import Emetteur, write_document
from pdp.partners.contrat import Destinataire, Envoi
from pdp.partners.lot_csv import Ligne, render_lot
from pdp.partners.messagerie import compose
from pdp.partners.transports import TRANSPORTS
from pdp.services.manage_comptes import create_compte
from pdp.services.orient_parcours import orient_parcours, preview_contenu
from pdp.services.publish_referentiel import partages
from pdp.services.record_accord import record_accord
from pdp.storage import chiffrement, db, outbox
from portal.conftest import Horloge
from portal.donnees import MOT_DE_PASSE, Lieu, TestClient
from portal.donnees import sign_in as sign_in_as
from relais import REPENTIR, SECRET_B64, boite

PARTENAIRES = [d for d in DESTINATAIRES if d != "accompagnement"]
# field -> the ways it may be written; all of them are unique to this person
CANARIS: dict[str, tuple[str, ...]] = {
    "nom": ("Quetzalbert",),
    "prenom": ("Zénobie",),
    "date_naissance": ("1971-03-17", "17/03/1971", "17 mars 1971"),
    "telephone": ("+33639981427", "06 39 98 14 27", "0639981427"),
    "courriel": ("zenobie.canari@exemple.invalid",),
    "arret_debut": ("2026-05-07", "07/05/2026", "7 mai 2026"),
    "arret_fin_prescrite": ("2026-12-13", "13/12/2026", "13 décembre 2026"),
    "emploi": ("Reconversion",),
    "social": ("Baisse de revenus",),
}
JAMAIS = {
    "nir": "271038512345678",
    "id_source": "CANARI-SOURCE",
    "commune": "35999",
    "synthese": "CANARI-SYNTHESE",
    "sante": "CANARI-SANTE",
    "note": "CANARI-NOTE",
    "agent": "CANARI-AGENT",
    "motif": "psychique",
}


@pytest.fixture
def mails(lieu: Lieu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Courriels]:
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", SECRET_B64)
    with boite(tmp_path) as (port, dossier):
        monkeypatch.setenv("PDP_SMTP_PORT", str(port))
        yield Courriels.open(dossier)


def plant(admin: psycopg.Connection[Any]) -> fabrique.Dossier:
    """Somebody whose every word can be recognised."""
    with lot() as conn:
        cas = fabrique.parcours(conn, statut="accord_demande")
        conn.execute(
            text("UPDATE identite.assure SET nir_chiffre = :n WHERE id = :a"), {"n": chiffrement.encrypt(JAMAIS["nir"]), "a": cas.assure}
        )
        valeurs = {"p": cas.parcours, "a": cas.assure, "c": cas.csam, "m": MAINTENANT}
        for requete in (
            "UPDATE identite.assure SET nom = 'Quetzalbert', prenom = 'Zénobie', date_naissance = '1971-03-17', telephone = '+33639981427',"
            " courriel = 'zenobie.canari@exemple.invalid', commune_insee = '35999', id_source = 'CANARI-SOURCE' WHERE id = :a",
            "UPDATE pdp.episode SET debut = '2026-05-07', fin = '2026-12-13', motif_categorie = 'psychique' WHERE assure_id = :a",
            "UPDATE pdp.agent SET nom = 'CANARI-AGENT' WHERE id = :c",
            "INSERT INTO pdp.contact (plateforme_id, parcours_id, agent_id, survenu_at, canal, resultat, note, cle_saisie)"
            " VALUES ('PF35', :p, :c, :m, 'telephone', 'joint', 'CANARI-NOTE', gen_random_uuid())",
            "INSERT INTO pdp.tele_echange (plateforme_id, parcours_id, csam_id, csam_numero, debut_at, fin_at, statut, emploi, social,"
            " synthese, planifie_at) SELECT 'PF35', :p, :c, g.numero, cast(:m AS timestamptz) - interval '2 h',"
            " cast(:m AS timestamptz) - interval '1 h', 'realise', cast(:e AS jsonb), cast(:s AS jsonb), 'CANARI-SYNTHESE', :m"
            " FROM pdp.agent g WHERE g.id = :c",
        ):
            reponses = {"e": '{"souhait": "reconversion"}', "s": '{"difficultes": ["revenus"]}'}
            conn.execute(text(requete), {**valeurs, **reponses} if ":e" in requete else valeurs)
    admin.execute("SET session_replication_role = replica")  # the trigger that asks for an author
    admin.execute(
        "INSERT INTO medical.sante_declaree (tele_echange_id, plateforme_id, parcours_id, csam_id, reponses, recueilli_at)"
        " SELECT id, plateforme_id, parcours_id, csam_id, %s, now() FROM pdp.tele_echange",
        ('{"sommeil": "CANARI-SANTE"}',),
    )
    return cas


def hand_over(cas: fabrique.Dossier, genre: str, classes: list[str] | None) -> tuple[UUID, UUID, dict[str, Any]]:
    """Partner without an account on a link, hand-over, and what the preview had shown."""
    qui = auteur_agent(cas.csam)
    with lot() as conn:
        cible = fabrique.partenaire(conn, genre)
        conn.execute(text("UPDATE pdp.partenaire SET canal = 'lien' WHERE id = :p"), {"p": cible})
        create_compte(
            conn,
            login="essai",
            mot_de_passe=MOT_DE_PASSE,
            role="partenaire",
            plateforme_id="PF35",
            nom_affiche="Essai",
            partenaire_id=cible,
        )
    avant = MAINTENANT - REPENTIR
    with db.begin_as(qui) as conn:
        record_accord(conn, qui, cas.parcours, destinataire=genre, decision="accorde", modalite="oral", maintenant=avant, classes=classes)
        vu = preview_contenu(conn, cas.parcours, cible, avant)
        return cible, orient_parcours(conn, qui, cas.parcours, cible, "Une aide aux démarches.", avant), vu


def walk(valeur: Any) -> Iterator[str]:
    """Every key and value of a structure, as text."""
    if isinstance(valeur, dict):
        for cle, reste in valeur.items():
            yield str(cle)
            yield from walk(reste)
    elif isinstance(valeur, (list, tuple)):
        for reste in valeur:
            yield from walk(reste)
    else:
        yield str(valeur)


def found(contenu: str) -> set[str]:
    """Fields whose canary is there, and secrets that never may be."""
    compact = contenu.replace("\u00a0", " ").replace("\u202f", " ")
    vus = {champ for champ, mots in CANARIS.items() if any(mot in compact for mot in mots)}
    return vus | {f"JAMAIS {nom}" for nom, mot in JAMAIS.items() if mot in compact}


def render_all(charge: dict[str, Any], genre: str, cle: UUID) -> dict[str, str]:
    """What each transport writes for this message."""
    cible = Destinataire(
        "PF35",
        "N1",
        "https://partenaire.exemple",
        uuid4(),
        "Structure",
        genre,
        "p@exemple.invalid",
        "p@medecin.mssante.fr",
        "Plateforme",
        None,
    )
    envoi = Envoi(cle, "orientation", charge)
    message = compose(cible, envoi, MAINTENANT)
    document = write_document(charge, Emetteur("Plateforme", None, "Structure", "p@medecin.mssante.fr", True), MAINTENANT.date())
    corps = message.get_body(("plain",))
    assert corps is not None
    return {
        "api": json.dumps(charge, ensure_ascii=False),
        "fhir": "\n".join(walk(render_orientation(cible, envoi))),
        "messagerie": f"{message['Subject']}\n{corps.get_content()}\n{walk_text(asdict(document))}",
        "csv": render_lot([Ligne(UUID(charge["orientation_id"]), "orientation", charge)], "N1").decode("utf-8-sig"),
    }


def walk_text(valeur: Any) -> str:
    return "\n".join(walk(valeur))


@pytest.mark.parametrize("genre", PARTENAIRES)
@pytest.mark.parametrize("partiel", [False, True], ids=["tout", "en partie"])
def test_every_transport_carries_the_allowed_fields_and_no_other(
    app: FastAPI, mails: Courriels, horloge: Horloge, admin: psycopg.Connection[Any], genre: str, partiel: bool
) -> None:
    partage = partages().get(genre, MAINTENANT.date(), "PF35")
    classes = ["identite", "contact"] if partiel else None
    permis = {champ for classe, champs in partage.champs.items() if classes is None or classe in classes for champ in champs}
    cas = plant(admin)
    _, orientation, vu = hand_over(cas, genre, classes)
    cle, charge, contenu = admin.execute(
        "SELECT x.cle, x.charge, o.contenu FROM pdp.outbox x JOIN pdp.orientation o ON o.id = x.orientation_id WHERE x.type = 'orientation'"
    ).fetchone() or (None, None, None)
    assert charge is not None
    assert set(charge) == set(ENVELOPPE) | {"contenu"}
    assert charge["contenu"] == contenu == vu, "one builder for the preview, the row and the message"
    assert set(contenu) == permis
    rendus = render_all(charge, genre, cle)
    rendus["lien"], rendus["portail"] = _pages(app, mails, horloge, orientation)
    assert set(rendus) == set(TRANSPORTS) | {"csv"}, "a new transport is compared here"
    assert {canal: found(rendu) for canal, rendu in rendus.items()} == dict.fromkeys(rendus, permis)


def _pages(app: FastAPI, mails: Courriels, horloge: Horloge, orientation: UUID) -> tuple[str, str]:
    """The page behind the link, once its code is given, and the page of the portal."""
    with TestClient(app, base_url="http://portail.test", follow_redirects=False) as client:
        porteuse = Porteuse.receive(client, mails, horloge)
        porteuse.open()
        lien = porteuse.get().text
    with TestClient(app, base_url="http://portail.test", follow_redirects=False) as client:
        sign_in_as(client, "essai")
        reponse = client.get(f"/partenaire/demandes/{orientation}")
        assert reponse.status_code == 200
        return lien, reponse.text


@pytest.mark.parametrize("faute", ["nir", "numero_secu", "sante"])
def test_a_field_of_no_class_stops_the_message(mails: Courriels, admin: psycopg.Connection[Any], faute: str) -> None:
    """The comparison above can fail: a field added by mistake is caught before it is written."""
    cas = plant(admin)
    with lot() as conn, pytest.raises(KeyError):
        outbox.enqueue(
            conn,
            cle_parts=("essai",),
            plateforme_id="PF35",
            parcours_id=cas.parcours,
            orientation_id=None,
            partenaire_id=None,
            canal="api",
            type="orientation",
            charge={"orientation_id": "x", "dispositif": "spst", "motif": "m", "emise_at": "t", "contenu": {"nom": "A", faute: "B"}},
            accord_destinataire="spst",
            maintenant=MAINTENANT,
            horizon_jours=7,
        )


def test_a_canary_is_seen_when_it_is_there() -> None:
    assert found("… Quetzalbert, 06\u00a039\u00a098\u00a014\u00a027 …") == {"nom", "telephone"}
    assert found("CANARI-SYNTHESE et 271038512345678") == {"JAMAIS synthese", "JAMAIS nir"}
    assert found("rien") == set()
