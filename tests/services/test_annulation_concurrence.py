"""Two gestures at once on one case, a failure in the middle, a message that leaves: one effect or none, and a clear word."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import Connection, text

import fabrique
from etat_dossier import dump, list_ecarts
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.domain.auteur import Auteur
from pdp.services import annulation
from pdp.services.annulation import AnnulationRefusee, acte, undo_acte
from pdp.services.close_parcours import close_parcours
from pdp.services.orient_parcours import orient_parcours
from pdp.services.plan_tele_echange import cancel_tele_echange, list_creneaux, plan_tele_echange
from pdp.services.record_accord import record_accord
from pdp.services.record_contact import record_contact
from pdp.storage import db

Admin = psycopg.Connection[Any]
APRES = MAINTENANT + timedelta(seconds=20)
Geste = Callable[[Connection, Auteur], Any]


@pytest.fixture
def dossier(base: str) -> fabrique.Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn)


def do(dossier: fabrique.Dossier, genre: str, geste: Geste, auteur: Auteur | None = None) -> UUID:
    qui = auteur or auteur_agent(dossier.csam)
    with db.begin_as(qui) as conn, acte(conn, qui, dossier.parcours, genre, MAINTENANT) as fait:
        geste(conn, qui)
    assert fait.id is not None
    return fait.id


def undo(dossier: fabrique.Dossier, acte_id: UUID) -> str:
    qui = auteur_agent(dossier.csam)
    with db.begin_as(qui) as conn:
        return undo_acte(conn, qui, acte_id, APRES)


def calling(dossier: fabrique.Dossier) -> Geste:
    return lambda conn, qui: record_contact(
        conn, qui, dossier.parcours, resultat="joint", canal="telephone", note="", cle_saisie=uuid4(), maintenant=MAINTENANT
    )


def orienting(dossier: fabrique.Dossier) -> Geste:
    """Needs an agreement and a partner, put in place on the way."""
    with lot() as conn:
        partenaire = fabrique.partenaire(conn)
        conn.execute(text("UPDATE pdp.parcours SET statut = 'entretien_realise' WHERE id = :p"), {"p": dossier.parcours})

    def geste(conn: Connection, qui: Auteur) -> None:
        record_accord(
            conn, qui, dossier.parcours, destinataire="service_social", decision="accorde", modalite="oral", maintenant=MAINTENANT
        )
        orient_parcours(conn, qui, dossier.parcours, partenaire, "Aide aux démarches.", MAINTENANT)

    return geste


def both(*gestes: Callable[[], Any]) -> list[Any]:
    """Results or errors of gestures begun together."""
    depart = Barrier(len(gestes))

    def run(geste: Callable[[], Any]) -> Any:
        depart.wait()
        try:
            return geste()
        except AnnulationRefusee as refus:
            return refus.code

    with ThreadPoolExecutor(len(gestes)) as atelier:
        return list(atelier.map(run, gestes))


class TestEnsemble:
    def test_undo_twice_at_once_is_once(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        avant = dump(admin, dossier)
        fait = do(dossier, "contact", calling(dossier))
        phrases = both(*[lambda: undo(dossier, fait)] * 4)
        assert sorted("déjà" in p for p in phrases) == [False, True, True, True]
        assert list_ecarts(dump(admin, dossier), avant) == []
        assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'acte_annule'").fetchone() == (1,)

    def test_undo_and_another_act_at_once(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        fait = do(dossier, "contact", calling(dossier))
        resultats = both(lambda: undo(dossier, fait), lambda: do(dossier, "contact", calling(dossier)))
        debout = admin.execute("SELECT count(*) FROM pdp.contact WHERE saisie_par_erreur_at IS NULL").fetchone()
        assert debout == ((2,) if resultats[0] == "undo_order" else (1,))
        ouvertes = admin.execute("SELECT motif FROM pdp.tache WHERE fermee_at IS NULL").fetchall()
        assert ouvertes == [("planifier_tele_echange",)]


class TestRefus:
    def test_another_person_acted_since(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        fait = do(dossier, "contact", calling(dossier))
        with lot() as conn:
            medecin = auteur_agent(fabrique.agent(conn, "medecin_conseil"), "medecin_conseil")
        with db.begin_as(medecin) as conn, acte(conn, medecin, dossier.parcours, "cloture", MAINTENANT):
            close_parcours(
                conn,
                medecin,
                dossier.parcours,
                motif="decision_mc",
                situation="inconnu",
                survenu_le=None,
                provenance="donnee_administrative",
                maintenant=MAINTENANT,
            )
        with pytest.raises(AnnulationRefusee) as refus:
            undo(dossier, fait)
        assert refus.value.code == "undo_other_acted"
        assert "« Clôture du parcours » le 18/11/2026 à 09:00" in refus.value.message

    def test_a_machine_changed_the_case_since(self, dossier: fabrique.Dossier) -> None:
        fait = do(dossier, "contact", calling(dossier))
        with lot() as conn:
            conn.execute(text("UPDATE pdp.tache SET echeance_at = echeance_at + interval '1 day' WHERE fermee_at IS NULL"))
        with pytest.raises(AnnulationRefusee) as refus:
            undo(dossier, fait)
        assert refus.value.code == "undo_changed_since"

    def test_case_in_other_hands(self, dossier: fabrique.Dossier) -> None:
        fait = do(dossier, "contact", calling(dossier))
        with lot() as conn:
            conn.execute(text("UPDATE pdp.parcours SET csam_id = :c WHERE id = :p"), {"c": fabrique.agent(conn), "p": dossier.parcours})
        with pytest.raises(AnnulationRefusee) as refus:
            undo(dossier, fait)
        assert refus.value.code == "undo_moved_case"
        assert "suivi par Camille" in refus.value.message

    @pytest.mark.parametrize(
        ("etat", "essais", "refusee"),
        [
            ("a_envoyer", 0, False),
            ("rappele", 0, False),
            ("a_envoyer", 1, True),
            ("en_cours", 1, True),
            ("livre", 1, True),
            ("incertain", 1, True),
            ("rebut", 3, True),
        ],
    )
    def test_a_message_that_left(self, dossier: fabrique.Dossier, admin: Admin, etat: str, essais: int, refusee: bool) -> None:
        fait = do(dossier, "orientation", orienting(dossier))
        with lot() as conn:
            conn.execute(text("UPDATE pdp.outbox SET etat = :e, essais = :n"), {"e": etat, "n": essais})
        if refusee:
            avant = dump(admin, dossier)
            with pytest.raises(AnnulationRefusee) as refus:
                undo(dossier, fait)
            assert refus.value.code == "undo_message_left"
            assert "Retirer" in refus.value.message
            assert dump(admin, dossier) == avant
        else:
            undo(dossier, fait)
            assert admin.execute("SELECT statut FROM pdp.orientation").fetchone() == ("annulee",)
            assert admin.execute("SELECT etat FROM pdp.outbox").fetchone() == ("rappele",)

    def test_slot_given_to_somebody_else(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        creneau: list[Any] = []

        def plan(conn: Connection, qui: Auteur) -> None:
            creneau.append(list_creneaux(conn, dossier.csam, MAINTENANT)[0])
            plan_tele_echange(conn, qui, dossier.parcours, creneau[0].debut, "telephone", MAINTENANT)

        do(dossier, "entretien_planifie", plan)
        rdv = admin.execute("SELECT id FROM pdp.tele_echange").fetchone()[0]
        fait = do(
            dossier,
            "entretien_annule",
            lambda conn, qui: cancel_tele_echange(conn, qui, rdv, "annule_assure", MAINTENANT),
        )
        with lot() as conn:
            autre = fabrique.parcours(conn, csam=dossier.csam)
        do(
            autre,
            "entretien_planifie",
            lambda conn, qui: plan_tele_echange(conn, qui, autre.parcours, creneau[0].debut, "telephone", MAINTENANT),
        )
        avant = dump(admin, dossier)
        with pytest.raises(AnnulationRefusee) as refus:
            undo(dossier, fait)
        assert refus.value.code == "undo_place_taken"
        assert dump(admin, dossier) == avant


def test_a_failure_in_the_middle_changes_nothing(dossier: fabrique.Dossier, admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    fait = do(dossier, "orientation", orienting(dossier))
    avant = dump(admin, dossier)

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(annulation.journal, "record", fail)
    with pytest.raises(RuntimeError):
        undo(dossier, fait)
    assert dump(admin, dossier) == avant
    assert admin.execute("SELECT annule_at FROM pdp.acte").fetchone() == (None,)


def test_what_is_kept_of_an_act_holds_no_words(dossier: fabrique.Dossier, admin: Admin) -> None:
    qui = auteur_agent(dossier.csam)
    with db.begin_as(qui) as conn, acte(conn, qui, dossier.parcours, "contact", MAINTENANT):
        record_contact(
            conn,
            qui,
            dossier.parcours,
            resultat="joint",
            canal="telephone",
            note="Opérée du genou",
            cle_saisie=uuid4(),
            maintenant=MAINTENANT,
        )
    assert "genou" not in str(admin.execute("SELECT lignes FROM pdp.acte").fetchone())
