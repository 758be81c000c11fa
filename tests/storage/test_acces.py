"""What each database role really sees and writes, by statements under the role: other platforms, forged contexts, other partners."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

import fabrique
from fabrique import MAINTENANT, Dossier, auteur_agent, lot
from pdp.config import settings
from pdp.domain.auteur import Auteur
from pdp.storage import db

PERSONNES = ("csam", "medecin_conseil", "responsable")


@pytest.fixture
def dossiers(base: str) -> dict[str, Dossier]:
    """One case per platform, each with an agreement, a hand-over sent to a partner, its message and a medical motif."""
    faits = {}
    with lot() as conn:
        fabrique.socle(conn)
        for plateforme in ("PF35", "PF57"):
            dossier = fabrique.parcours(conn, plateforme=plateforme)
            _garnir(conn, dossier, plateforme)
            faits[plateforme] = dossier
    return faits


def _garnir(conn: Connection, dossier: Dossier, plateforme: str) -> None:
    partenaire = fabrique.partenaire(conn, plateforme=plateforme)
    arret = fabrique.arret(conn, dossier.assure, MAINTENANT.date() - timedelta(days=90), MAINTENANT.date(), plateforme=plateforme)
    valeurs = {"p": plateforme, "d": dossier.parcours, "n": partenaire, "c": dossier.csam, "a": dossier.assure, "m": MAINTENANT}
    valeurs |= {"r": arret, "i": uuid4(), "k": uuid4()}
    for requete in (
        """INSERT INTO pdp.accord (id, plateforme_id, parcours_id, destinataire, decision, finalite, modalite, texte_version, recueilli_par,
            recueilli_at) VALUES (:k, :p, :d, 'service_social', 'accorde', 'f', 'oral', 'v', :c, :m)""",
        """INSERT INTO pdp.orientation (id, plateforme_id, parcours_id, partenaire_id, dispositif, accord_id, statut, motif, contenu,
            propose_par, proposee_at, envoyee_at, reponse_attendue_le)
            VALUES (:i, :p, :d, :n, 'service_social', :k, 'envoyee', 'm', '{}', :c, :m, :m, '2026-12-01')""",
        """INSERT INTO pdp.outbox (cle, plateforme_id, parcours_id, orientation_id, partenaire_id, canal, type, charge, empreinte,
            prochain_essai_at, horizon_at, cree_at) VALUES (:k, :p, :d, :i, :n, 'portail', 'orientation', '{}', '\\x00', :m, :m, :m)""",
        """INSERT INTO pdp.inbox (plateforme_id, partenaire_id, evenement_id, orientation_id, version, statut, survenu_at,
            empreinte, recu_at) VALUES (:p, :n, 'e1', :i, 1, 'recue', :m, '\\x00', :m)""",
        "INSERT INTO medical.motif_arret (plateforme_id, arret_id, assure_id, code_cim10, connu_at) VALUES (:p, :r, :a, 'M54', :m)",
        "SELECT journal.consigner('parcours_ouvert', :p, :a, :d, '{}')",
    ):
        conn.execute(text(requete), valeurs)


def _auteur(role: str, dossiers: dict[str, Dossier], plateforme: str = "PF35") -> Auteur:
    return auteur_agent(dossiers[plateforme].csam, role, plateforme)


def _count(auteur: Auteur, requete: str, **parametres: Any) -> int:
    with db.begin_as(auteur) as conn:
        return conn.execute(text(requete), parametres).scalar_one()


@pytest.mark.parametrize("role", PERSONNES)
def test_a_person_reads_their_own_platform_only(dossiers: dict[str, Dossier], role: str) -> None:
    tables = ["pdp.parcours", "pdp.orientation", "pdp.outbox", "pdp.signalement", "pdp.agent", "journal.evenement"]
    if role != "responsable":
        tables += ["identite.assure", "pdp.accord", "pdp.inbox", "pdp.episode", "pdp.arret_prescrit"]
    for table in tables:
        with db.begin_as(_auteur(role, dossiers)) as conn:
            assert set(conn.execute(text(f"SELECT plateforme_id FROM {table}")).scalars()) == {"PF35"}, table


ECRITURES = (
    "UPDATE pdp.parcours SET statut = 'cloture' WHERE id = :d",
    "UPDATE pdp.accord SET retire_at = now(), retrait_canal = 'telephone' WHERE parcours_id = :d",
    "UPDATE pdp.outbox SET etat = 'rappele' WHERE parcours_id = :d",
)
TACHE_AILLEURS = """INSERT INTO pdp.tache (plateforme_id, parcours_id, motif, balle, echeance_at, cause, origine, ouverte_at, ouverte_par)
    VALUES ('PF57', :d, 'x', 'csam', now(), 'c', 'manuelle', now(), 'x')"""


@pytest.mark.parametrize("role", ["csam", "medecin_conseil"])
def test_a_write_on_another_platform_touches_no_row(dossiers: dict[str, Dossier], role: str) -> None:
    auteur = _auteur(role, dossiers)
    for plateforme, touchees in (("PF35", 1), ("PF57", 0)):
        with db.begin_as(auteur) as conn:
            parametres = {"d": dossiers[plateforme].parcours}
            assert [conn.execute(text(requete), parametres).rowcount for requete in ECRITURES] == [touchees] * len(ECRITURES)
    with pytest.raises(DBAPIError, match="row-level security"), db.begin_as(auteur) as conn:
        conn.execute(text(TACHE_AILLEURS), {"d": dossiers["PF57"].parcours})


MEDICAL = ("medical.motif_arret", "medical.sante_declaree", "medical.avis", "medical.affection")
TRACE = "SELECT journal.consigner('medical_consulte', 'PF35', :a, :d, '{}')"


def test_the_medical_class_shows_itself_to_the_doctor_who_journalled_it_in_this_transaction(dossiers: dict[str, Dossier]) -> None:
    ici, ailleurs = dossiers["PF35"], dossiers["PF57"]
    with lot() as conn:
        autre = fabrique.parcours(conn, csam=ici.csam)
        arret = fabrique.arret(conn, autre.assure, MAINTENANT.date() - timedelta(days=9), MAINTENANT.date())
        motif = (
            "INSERT INTO medical.motif_arret (plateforme_id, arret_id, assure_id, code_cim10, connu_at) VALUES ('PF35', :r, :a, 'M54', :m)"
        )
        conn.execute(text(motif), {"r": arret, "a": autre.assure, "m": MAINTENANT})
        collegue = auteur_agent(fabrique.agent(conn, "medecin_conseil"), "medecin_conseil")
    medecin, compter = _auteur("medecin_conseil", dossiers), "SELECT count(*) FROM medical.motif_arret"
    avis = "INSERT INTO medical.avis (id, plateforme_id, parcours_id, medecin_id, texte, rendu_at) VALUES (:i, 'PF35', :d, :q, 'x', :m)"
    with db.begin_as(medecin) as conn:
        conn.execute(text(avis), {"i": uuid4(), "d": ici.parcours, "q": ici.csam, "m": MAINTENANT})
    trace = {"a": ici.assure, "d": ici.parcours}
    assert _count(medecin, compter) == 0
    with db.begin_as(medecin) as conn:
        conn.execute(text(TRACE), trace)
        assert conn.execute(text("SELECT assure_id FROM medical.motif_arret")).scalars().all() == [ici.assure], "hers, nobody else's"
        assert conn.execute(text("SELECT parcours_id FROM medical.avis")).scalars().all() == [ici.parcours]
    assert _count(medecin, compter) == 0, "each reading leaves its own trace"
    for auteur, trace_de in ((collegue, ici), (medecin, ailleurs)):
        with db.begin_as(auteur) as conn:
            conn.execute(text(TRACE), {"a": trace_de.assure, "d": trace_de.parcours})
            vus = conn.execute(text("SELECT assure_id FROM medical.motif_arret")).scalars().all()
            assert vus == ([ici.assure] if trace_de is ici else []), "of the platform only"


@pytest.mark.parametrize("role", ["csam", "responsable", "evaluateur", "partenaire", "lot", "expediteur"])
def test_nobody_else_reads_or_writes_what_the_doctor_thinks(dossiers: dict[str, Dossier], role: str) -> None:
    """The opinion, the motif, the decision on an alert: neither the coordinator, nor the hierarchy, nor the machines."""
    ici = dossiers["PF35"]
    with lot() as conn:
        conn.execute(
            text("INSERT INTO pdp.alerte (plateforme_id, assure_id, parcours_id, type, cause, phrase, survenu_at, connu_at)"
                 " VALUES ('PF35', :a, :d, 'enlisement', 'c', 'p', :m, :m)"),
            {"a": ici.assure, "d": ici.parcours, "m": MAINTENANT},
        )  # fmt: skip

    def ouvrir() -> Any:
        if role in ("lot", "expediteur"):
            return db.begin(settings().url_app if role == "lot" else settings().url_expediteur, fabrique.TEST)
        return db.begin_as(_auteur(role, dossiers))

    interdits = [
        *(f"SELECT {'reponses' if table.endswith('declaree') else '*'} FROM {table}" for table in MEDICAL
          if not (role == "csam" and table == "medical.sante_declaree")),  # what the person told her, row level security leaves her own
        "INSERT INTO medical.avis (id, plateforme_id, parcours_id, medecin_id, texte, rendu_at)"
        " SELECT gen_random_uuid(), 'PF35', gen_random_uuid(), gen_random_uuid(), 'x', now()",
        "UPDATE medical.avis SET texte = 'x'",
        "DELETE FROM medical.avis",
        "SELECT decision, decision_note FROM pdp.alerte" if role not in ("csam", "lot") else "UPDATE pdp.alerte SET decision_note = 'x'",
        "UPDATE pdp.alerte SET decide_at = now(), decision = 'sans_objet'",
        "SELECT * FROM pdp.releve_alerte" if role != "lot" else "UPDATE pdp.releve SET lu_at = now()",
    ]  # fmt: skip
    for requete in interdits:
        with pytest.raises(DBAPIError, match="permission denied"), ouvrir() as conn:
            conn.execute(text(requete))


@pytest.mark.parametrize("emprunte", ["pdp_role_medecin", "pdp_role_responsable"])
def test_changing_role_inside_a_request_opens_nothing(dossiers: dict[str, Dossier], emprunte: str) -> None:
    """What an injected statement would try: the portal may take every function's role, the context still names one."""
    with db.begin_as(_auteur("csam", dossiers)) as conn:
        conn.execute(text("RESET ROLE"))
        conn.execute(text(f"SET LOCAL ROLE {emprunte}"))
        assert conn.execute(text("SELECT count(*) FROM pdp.parcours")).scalar_one() == 0
        if emprunte == "pdp_role_medecin":
            assert conn.execute(text("SELECT count(*) FROM medical.motif_arret")).scalar_one() == 0


@pytest.mark.parametrize(
    "contexte", ["", "agent|x|csam|PF35|", "agent|x|csam|PF35||00", "agent|{csam}|medecin_conseil|PF57||{signature}", "a|b|c|d|e|f|g", None]
)
def test_a_forged_context_shows_no_row(dossiers: dict[str, Dossier], contexte: str | None) -> None:
    auteur = _auteur("medecin_conseil", dossiers)
    if contexte is not None:
        contexte = contexte.format(csam=auteur.id, signature=db.sign_contexte(auteur).rsplit("|", 1)[1])
    with db.engine(settings().url_portail).begin() as conn:
        if contexte is not None:
            conn.execute(text("SELECT set_config('pdp.contexte', :c, true)"), {"c": contexte})
        conn.execute(text("SET LOCAL ROLE pdp_role_medecin"))
        for table in ("pdp.parcours", "pdp.accord", "identite.assure", "medical.motif_arret", "journal.evenement"):
            assert conn.execute(text(f"SELECT count(plateforme_id) FROM {table}")).scalar_one() == 0, table
        with pytest.raises(DBAPIError, match="write_without_author"), conn.begin_nested():
            conn.execute(text("UPDATE pdp.parcours SET statut = 'cloture'"))


REPONSE = """INSERT INTO pdp.inbox (id, plateforme_id, partenaire_id, evenement_id, orientation_id, version, statut,
    survenu_at, empreinte, recu_at) VALUES (:i, :p, :n, 'e9', :o, 1, 'acceptee', now(), '\\x00', now())"""


def test_a_partner_sees_its_own_hand_overs_until_they_are_taken_back(dossiers: dict[str, Dossier]) -> None:
    with lot() as conn:
        deux = conn.execute(text("SELECT id, partenaire_id, plateforme_id FROM pdp.orientation ORDER BY plateforme_id")).all()
    (mienne, moi, plateforme), (autre, _, _) = deux
    auteur = Auteur("partenaire", str(moi), "partenaire", plateforme, str(moi))

    def seen(table: str, colonne: str) -> set[UUID]:
        with db.begin_as(auteur) as conn:
            return set(conn.execute(text(f"SELECT {colonne} FROM {table}")).scalars())

    assert (seen("pdp.orientation", "id"), seen("pdp.inbox", "orientation_id"), seen("pdp.partenaire", "id")) == ({mienne}, {mienne}, {moi})
    with pytest.raises(DBAPIError, match="row-level security"), db.begin_as(auteur) as conn:
        conn.execute(text(REPONSE), {"i": uuid4(), "p": plateforme, "n": moi, "o": autre})
    with lot() as conn:
        conn.execute(text("UPDATE pdp.orientation SET statut = 'annulee' WHERE id = :o"), {"o": mienne})
    assert seen("pdp.orientation", "id") == set()
