"""Files and letters of partners on the portal: both sides do it for real, with what each may see and no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, lot, systeme
from pdp.config import settings
from pdp.partners.accuses_courriel import parse_courriel
from pdp.services.apply_reponses import apply_reponses
from pdp.services.exchange_csv import export_lots
from pdp.services.read_boite import record_courriel
from pdp.services.take_reponses_csv import take_reponses
from pdp.storage import db
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter, TestClient, read_champ
from relais import Relais, consent, orient

Admin = psycopg.Connection[Any]
PAGE, FICHIERS = "/equipe/echanges", "/partenaire/fichiers"


@pytest.fixture
def echanges(lieu: donnees.Lieu, horloge: Horloge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PDP_ECHANGES", str(tmp_path / "echanges"))
    settings.cache_clear()
    return tmp_path / "echanges"


def remise(lieu: donnees.Lieu, canal: str) -> Relais:
    """A hand-over of the coordinator of the tests to the partner that has an account, sent by ``canal``."""
    cible = lieu.comptes["partenaire"]
    with lot() as conn:
        change = text("UPDATE pdp.partenaire SET canal = :c, adresse_securisee = 'accuse@pro.mssante.invalid' WHERE id = :i")
        conn.execute(change, {"c": canal, "i": cible})
        dossier = fabrique.parcours(conn, statut="accord_demande", csam=lieu.comptes["csam"])
        consent(conn, dossier, "cap_emploi")
    cas = Relais(dossier, cible, orient(dossier, cible))
    if canal == "csv":
        assert export_lots(MAINTENANT).traites == 1
    else:
        with lot() as conn:
            conn.execute(text("UPDATE pdp.orientation SET envoyee_at = :m"), {"m": MAINTENANT})
            conn.execute(text("UPDATE pdp.outbox SET etat = 'livre', essais = 1, livre_at = :m"), {"m": MAINTENANT})
    return cas


def appliquer() -> None:
    with lot(systeme("apply_reponses")) as conn:
        apply_reponses(conn, "PF35", systeme("apply_reponses"), MAINTENANT)


def send(client: TestClient, page: str, adresse: str, contenu: bytes, nom: str = "retour.csv", **champs: str) -> Any:
    donnes = {"jeton": read_champ(client.get(page).text, "jeton"), "cle_saisie": str(uuid4()), **champs}
    return client.post(adresse, data=donnes, files={"fichier": (nom, contenu, "text/csv")})


def reponses(*lignes: str) -> bytes:
    return "\r\n".join(["reference;reponse;motif_refus;date_reponse;rendez_vous;compte_rendu", *lignes, f"#FIN;{len(lignes)}"]).encode()


def statut(admin: Admin, cas: Relais) -> str:
    return admin.execute("SELECT statut FROM pdp.orientation WHERE id = %s", (cas.orientation,)).fetchone()[0]


def test_a_partner_takes_its_batch_and_gives_its_answers_by_file(
    connecter: Connecter, lieu: donnees.Lieu, echanges: Path, admin: Admin
) -> None:
    cas = remise(lieu, "csv")
    client = connecter("partenaire")
    assert f'href="{FICHIERS}"' in client.get("/partenaire").text
    page = client.get(FICHIERS).text
    (nom,) = [f.name for f in echanges.rglob("envois/*.csv")]
    assert nom in page
    fichier = admin.execute("SELECT id FROM pdp.echange_fichier").fetchone()[0]
    recu = client.get(f"{FICHIERS}/{fichier}/contenu")
    assert recu.headers["content-disposition"] == f'attachment; filename="{nom}"'
    assert str(cas.orientation) in recu.text
    rempli = recu.text.replace("\r\n#FIN", "\r\n#FIN").replace(";;;;;\r\n", ";acceptee;;;;\r\n", 1)
    reponse = send(client, FICHIERS, f"{FICHIERS}/depot", rempli.encode())
    assert reponse.status_code == 303
    assert "Attend la prochaine lecture" in client.get(FICHIERS).text
    assert take_reponses(MAINTENANT).traites == 1
    appliquer()
    assert statut(admin, cas) == "acceptee"
    assert "1 réponse prise" in client.get(FICHIERS).text
    encore = send(client, FICHIERS, f"{FICHIERS}/depot", rempli.encode())
    assert "avait déjà été lu" in client.get(encore.headers["location"]).text


def test_a_manager_sends_a_file_for_a_partner_and_reads_why_lines_are_refused(
    connecter: Connecter, lieu: donnees.Lieu, echanges: Path, admin: Admin
) -> None:
    cas = remise(lieu, "csv")
    client = connecter("responsable")
    contenu = reponses(f"{cas.orientation};refusee;capacite;;;Zzconfidentiel", "illisible;acceptee;;;;")
    reponse = send(client, PAGE, f"{PAGE}/depot", contenu, partenaire_id=str(cas.partenaire))
    adresse = reponse.headers["location"]
    assert "Il attend la prochaine lecture" in client.get(adresse).text
    take_reponses(MAINTENANT)
    appliquer()
    page = client.get(adresse).text
    assert "1 réponse prise" in page
    assert "La référence n&#39;est pas celle d&#39;une demande" in page
    assert statut(admin, cas) == "refusee"
    liste = client.get(PAGE).text
    assert "1 ligne à corriger" in liste
    for texte in (page, liste):  # counts and reasons, never the content nor a name
        assert "Zzconfidentiel" not in texte
        assert "Dominique" not in texte
    par = admin.execute("SELECT depose_par FROM pdp.echange_fichier WHERE sens = 'reponse'").fetchone()[0]
    assert par == lieu.comptes["responsable"]


REFUS = [
    ("retour.csv", b"", "est vide"),
    ("retour.xlsx", b"PK", "Choisissez un fichier CSV"),
    ("", b"", "choisissez un fichier"),
]


@pytest.mark.parametrize(("nom", "contenu", "dit"), REFUS)
def test_a_bad_file_is_refused_in_french(
    connecter: Connecter, lieu: donnees.Lieu, echanges: Path, nom: str, contenu: bytes, dit: str
) -> None:
    remise(lieu, "csv")
    client = connecter("responsable")
    reponse = send(client, PAGE, f"{PAGE}/depot", contenu, nom, partenaire_id=str(lieu.comptes["partenaire"]))
    assert (reponse.status_code, dit in reponse.text) == (422, True)
    assert list(echanges.rglob("reponses/*")) == []


def test_files_of_another_partner_do_not_exist(connecter: Connecter, lieu: donnees.Lieu, echanges: Path, admin: Admin) -> None:
    remise(lieu, "csv")
    fichier = admin.execute("SELECT id FROM pdp.echange_fichier").fetchone()[0]
    with lot() as conn:
        autre = fabrique.partenaire(conn)
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute("UPDATE pdp.echange_fichier SET partenaire_id = %s", (autre,))
    client = connecter("partenaire")
    assert client.get(f"{FICHIERS}/{fichier}/contenu").status_code == 404
    assert "Aucun fichier pour le moment" in client.get(FICHIERS).text


def lettre(cas: Relais, texte: str = "Je refuse, la personne est souffrante.") -> None:
    """A letter of the partner is read in the mailbox."""
    with db.begin(settings().url_expediteur, systeme("read_boite")) as conn:
        cle = conn.execute(text("SELECT cle FROM pdp.outbox WHERE orientation_id = :o"), {"o": cas.orientation}).scalar_one()
        conn.execute(text("INSERT INTO pdp.boite (nom, uidvalidity, uid, lu_at) VALUES ('messagerie', 1, 0, :m)"), {"m": MAINTENANT})
        contenu = f"From: m@x.y\r\nSubject: Re\r\nIn-Reply-To: <{cle}@pro.mssante.invalid>\r\n\r\n{texte}".encode()
        assert parse_courriel(contenu).nature == "humaine"
        record_courriel(conn, systeme("read_boite"), "messagerie", 1, 1, contenu, MAINTENANT)


def noter(client: TestClient, cas: Relais, **champs: str) -> Any:
    adresse = f"/parcours/{cas.dossier.parcours}/orientations/{cas.orientation}/noter"
    jeton = read_champ(client.get(adresse).text, "jeton")
    return client.post(adresse, data={"jeton": jeton, "cle_saisie": str(uuid4()), "certifie": "oui", **champs})


def test_a_letter_is_read_by_a_person_who_notes_the_answer(connecter: Connecter, lieu: donnees.Lieu, echanges: Path, admin: Admin) -> None:
    cas = remise(lieu, "messagerie")
    lettre(cas)
    client = connecter("csam")
    fiche = client.get(f"/parcours/{cas.dossier.parcours}").text
    assert "son message attend dans la messagerie sécurisée" in fiche
    assert "souffrante" not in fiche
    assert f"/orientations/{cas.orientation}/noter" in fiche
    assert noter(client, cas, reponse="acceptee").status_code == 303
    appliquer()
    assert statut(admin, cas) == "acceptee"
    assert admin.execute("SELECT issue FROM pdp.tache WHERE motif = 'lire_reponse'").fetchall() == [("reponse_notee",)]
    assert noter(client, cas, reponse="rendez_vous", rendez_vous="2026-11-25", rendez_vous_heure="10:30").status_code == 303
    assert noter(client, cas, reponse="realisee", texte="Accompagnement terminé.").status_code == 303
    appliquer()
    assert statut(admin, cas) == "realisee"
    auteurs = admin.execute("SELECT DISTINCT auteur_id FROM journal.evenement WHERE evenement = 'reponse_recue'").fetchall()
    assert auteurs == [(str(lieu.comptes["csam"]),)]
    assert "aucune réponse n&#39;est plus attendue" in client.get(
        f"/parcours/{cas.dossier.parcours}/orientations/{cas.orientation}/noter"
    ).text.replace("'", "&#39;")


ERREURS = [
    ({"reponse": "acceptee", "certifie": ""}, "Cochez la case"),
    ({}, "est à remplir"),
    ({"reponse": "refusee"}, "est à remplir"),
    ({"reponse": "en_cours"}, "ne peut pas devenir"),
    ({"reponse": "rendez_vous", "rendez_vous": "2026-11-25", "rendez_vous_heure": "10:30"}, "Acceptez-la"),
    ({"reponse": "n_importe_quoi"}, "dans la liste"),
    ({"reponse": "question"}, "Écrivez votre question"),
]


@pytest.mark.parametrize(("champs", "dit"), ERREURS)
def test_what_cannot_be_noted_is_said_and_the_form_kept(
    connecter: Connecter, lieu: donnees.Lieu, echanges: Path, admin: Admin, champs: dict[str, str], dit: str
) -> None:
    cas = remise(lieu, "messagerie")
    reponse = noter(connecter("csam"), cas, **{"texte": "" if "question" in champs.values() else "Ses mots", **champs})
    assert (reponse.status_code, dit in reponse.text) == (422, True)
    assert ("Ses mots" in reponse.text) is ("question" not in champs.values())
    assert admin.execute("SELECT count(*) FROM pdp.inbox").fetchone() == (0,)


def test_a_colleague_notes_nothing(connecter: Connecter, lieu: donnees.Lieu, echanges: Path) -> None:
    cas = remise(lieu, "messagerie")
    client = connecter("csam2")
    assert client.get(f"/parcours/{cas.dossier.parcours}/orientations/{cas.orientation}/noter").status_code == 404


def test_a_mail_set_aside_is_shown_with_its_reason_and_noted_as_seen(
    connecter: Connecter, lieu: donnees.Lieu, echanges: Path, admin: Admin
) -> None:
    cas = remise(lieu, "messagerie")
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute("UPDATE pdp.parcours SET clos_at = %s, statut = 'clos', cloture_motif = 'sans_suite'", (MAINTENANT,))
    lettre(cas)
    client = connecter("responsable")
    page = client.get(PAGE).text
    assert "Le parcours est clos" in page
    assert "souffrante" not in page
    retour: UUID = admin.execute("SELECT id FROM pdp.boite_message").fetchone()[0]
    champs = {"jeton": read_champ(page, "jeton"), "cle_saisie": str(uuid4())}
    assert client.post(f"{PAGE}/courriers/{retour}/vu", data=champs).status_code == 303
    assert "Vu le" in client.get(PAGE).text
    assert admin.execute("SELECT vu_par FROM pdp.boite_message").fetchone()[0] == lieu.comptes["responsable"]
