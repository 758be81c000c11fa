"""Relapse on real PostgreSQL: proposed to who knows the person, decided by her, undone, and never waiting for somebody who is not there."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from veille_dossiers import JOUR, JOURS, actions, add_tache, evenements, sweep, taches_ouvertes

import fabrique
from fabrique import MAINTENANT, Dossier, auteur_agent, lot
from pdp.domain.auteur import Auteur
from pdp.domain.rechute import is_a_proposer
from pdp.errors import Conflit, DonneeInvalide, Introuvable
from pdp.referentiel import load_referentiel
from pdp.services.annulation import acte, undo_acte
from pdp.services.decide_reouverture import accept_reouverture, decline_reouverture, open_autre
from pdp.services.read_fiche import check_suivi
from pdp.services.record_silence import set_silence
from pdp.services.sort_signalements import decide_signalement
from pdp.storage import db

Admin = psycopg.Connection[Any]
REF = load_referentiel()


@pytest.fixture
def clos(base: str) -> Dossier:
    """Closed forty days ago for a return to work; the absence of then ended the day before."""
    with lot() as conn:
        fabrique.socle(conn)
        dossier = fabrique.parcours(conn)
        fabrique.agent(conn, role="csam")
    place(dossier, "reprise_meme_poste", JOUR - 40 * JOURS, JOUR - 140 * JOURS, JOUR - 41 * JOURS)
    sweep()  # the médecin-conseil is told of the end
    return dossier


def place(d: Dossier, motif: str, clos_le: date, debut: date, fin: date) -> None:
    """The closing, and the dates of the absence for which the person was followed."""
    with lot() as conn:
        conn.execute(
            text("UPDATE pdp.parcours SET statut = 'cloture', clos_at = cast(:j AS date) + time '10:00', cloture_motif = :c WHERE id = :p"),
            {"j": clos_le, "c": motif, "p": d.parcours},
        )
        conn.execute(
            text("UPDATE pdp.episode SET debut = :d, fin = :f FROM pdp.signalement s WHERE s.id = :s AND episode.id = s.episode_id"),
            {"d": debut, "f": fin, "s": d.signalement},
        )


def return_to_arret(d: Dossier, *, debut: date = JOUR - 35 * JOURS, fin: date = JOUR + 20 * JOURS) -> UUID:
    """A new absence, with its signalement waiting for the tri."""
    with lot() as conn:
        signalement = fabrique.signalement(conn, d.assure, palier=30)
        conn.execute(
            text("UPDATE pdp.episode SET debut = :d, fin = :f FROM pdp.signalement s WHERE s.id = :s AND episode.id = s.episode_id"),
            {"d": debut, "f": fin, "s": signalement},
        )
    return signalement


def orient(signalement: UUID) -> UUID | None:
    with lot() as conn:
        medecin = fabrique.agent(conn, role="medecin_conseil")
    auteur = auteur_agent(medecin, "medecin_conseil")
    with db.begin_as(auteur) as conn:
        return decide_signalement(conn, auteur, signalement, "oriente_csam", "À revoir", MAINTENANT)


def leave(d: Dossier, comment: str) -> None:
    """The coordinator is away from today on, or left yesterday."""
    with lot() as conn:
        if comment == "depart":
            conn.execute(text("UPDATE pdp.agent SET actif_au = :j WHERE id = :a"), {"j": JOUR - JOURS, "a": d.csam})
        else:
            conn.execute(
                text("INSERT INTO pdp.absence_agent (plateforme_id, agent_id, du, au) VALUES ('PF35', :a, :j, :j)"),
                {"j": JOUR, "a": d.csam},
            )


def lui(d: Dossier) -> Auteur:
    return auteur_agent(d.csam)


def list_parcours(admin: Admin, d: Dossier) -> list[tuple[str, bool]]:
    """Status of each parcours of the person and whether her coordinator follows it, oldest first."""
    lignes = admin.execute("SELECT statut, csam_id FROM pdp.parcours WHERE assure_id = %s ORDER BY clos_at NULLS LAST", (d.assure,))
    return [(statut, csam == d.csam) for statut, csam in lignes]


CAS = [
    (motif, clos_le, debut, fin)
    for motif in ("reprise_tpt", "injoignable", "relais_spst", "refus_assure", "deces", "decision_mc")
    for clos_le, debut, fin in (
        (JOUR - 40 * JOURS, JOUR - 39 * JOURS, JOUR + JOURS),
        (JOUR - 40 * JOURS, JOUR - 40 * JOURS, JOUR + JOURS),
        (JOUR - 40 * JOURS, JOUR - 14 * JOURS, JOUR),
        (JOUR - 40 * JOURS, JOUR - 13 * JOURS, JOUR),
        (JOUR - 30 * JOURS, JOUR - 90 * JOURS, JOUR),
        (JOUR - 29 * JOURS, JOUR - 90 * JOURS, JOUR),
        (date(2025, 11, 18), JOUR - 400 * JOURS, JOUR + JOURS),
        (date(2025, 11, 17), JOUR - 400 * JOURS, JOUR + JOURS),
        (date(2025, 10, 18), date(2026, 10, 18), JOUR),
        (date(2025, 10, 17), date(2026, 10, 18), JOUR),
    )
]


def test_the_search_of_the_watch_is_the_rule(base: str, admin: Admin) -> None:
    """One person per case, one sweep: the set-based search finds those that the pure function names, and nobody else."""
    dossiers = []
    with lot() as conn:
        fabrique.socle(conn)
        csam = fabrique.agent(conn)
        dossiers = [fabrique.parcours(conn, csam=csam) for _ in CAS]
    for d, (motif, clos_le, debut, fin) in zip(dossiers, CAS, strict=True):
        place(d, motif, clos_le, debut, fin)
    attendus = {d.parcours for d, (m, c, deb, fin) in zip(dossiers, CAS, strict=True) if is_a_proposer(m, c, deb, fin, JOUR, REF)}
    assert sweep().detail["S15"] == len(attendus) > 10
    trouves = {p for (p,) in admin.execute("SELECT parcours_id FROM pdp.tache WHERE motif = 'rechute' AND fermee_at IS NULL")}
    assert trouves == attendus
    assert sweep(MAINTENANT + timedelta(minutes=5)).detail["S15"] == 0


def test_an_oriented_relapse_is_proposed_to_the_same_coordinator_and_opens_nothing(clos: Dossier, admin: Admin) -> None:
    assert orient(return_to_arret(clos)) is None
    assert taches_ouvertes(admin, clos) == ["rechute"]
    assert list_parcours(admin, clos) == [("cloture", True)]
    assert actions(sweep()) == {}, "a closed parcours may hold it, and it is not asked twice"


def test_the_signalement_takes_the_place_of_the_question_about_the_absence(clos: Dossier, admin: Admin) -> None:
    signalement = return_to_arret(clos)
    assert sweep().detail["S15"] == 1
    orient(signalement)
    lignes = admin.execute(
        "SELECT cause, issue FROM pdp.tache WHERE motif = 'rechute' ORDER BY ouverte_at, fermee_at NULLS LAST"
    ).fetchall()
    assert [issue for _, issue in lignes] == ["remplacee", None]
    assert lignes[1][0] == f"rechute:signalement:{signalement}"


@pytest.mark.parametrize("cas", ["hors fenetre", "saisie par erreur", "depart", "absence"])
def test_otherwise_a_new_parcours_waits_for_somebody_as_today(clos: Dossier, admin: Admin, cas: str) -> None:
    if cas == "hors fenetre":
        place(clos, "reprise_meme_poste", date(2025, 10, 1), date(2025, 6, 1), date(2025, 9, 30))
    elif cas == "saisie par erreur":
        place(clos, "erreur", JOUR - 40 * JOURS, JOUR - 140 * JOURS, JOUR - 41 * JOURS)
    else:
        leave(clos, cas)
    assert orient(return_to_arret(clos)) is not None
    assert list_parcours(admin, clos) == [("cloture", True), ("a_affecter", False)]
    assert taches_ouvertes(admin, clos) == []


def test_reopening_goes_on_with_the_same_history(clos: Dossier, admin: Admin) -> None:
    signalement = return_to_arret(clos)
    orient(signalement)
    with db.begin_as(lui(clos)) as conn:
        accept_reouverture(conn, lui(clos), clos.parcours, MAINTENANT)
    assert list_parcours(admin, clos) == [("contact_en_cours", True)]
    assert taches_ouvertes(admin, clos) == ["nouvel_appel"]
    assert {"parcours_rouvert", "signalement_rattache"} <= set(evenements(admin, clos))
    with db.begin_as(lui(clos)) as conn, pytest.raises(Conflit):
        accept_reouverture(conn, lui(clos), clos.parcours, MAINTENANT)


def test_another_parcours_stays_with_the_same_coordinator(clos: Dossier, admin: Admin) -> None:
    orient(return_to_arret(clos))
    with db.begin_as(lui(clos)) as conn:
        nouveau = open_autre(conn, lui(clos), clos.parcours, MAINTENANT)
    assert list_parcours(admin, clos) == [("cloture", True), ("affecte", True)]
    assert taches_ouvertes(admin, clos) == []
    motifs = admin.execute("SELECT motif FROM pdp.tache WHERE parcours_id = %s AND fermee_at IS NULL", (nouveau,)).fetchall()
    assert motifs == [("premier_appel",)]
    assert admin.execute("SELECT motif FROM pdp.affectation WHERE parcours_id = %s AND au IS NULL", (nouveau,)).fetchall() == [
        ("Nouveau parcours ouvert par son conseiller, qui connaît déjà la personne.",)
    ]
    with db.begin_as(lui(clos)) as conn, pytest.raises(Conflit):
        open_autre(conn, lui(clos), clos.parcours, MAINTENANT)


def test_without_a_signalement_it_may_be_left_and_is_not_asked_again(clos: Dossier, admin: Admin) -> None:
    return_to_arret(clos)
    sweep()
    with db.begin_as(lui(clos)) as conn, pytest.raises(DonneeInvalide):
        open_autre(conn, lui(clos), clos.parcours, MAINTENANT)
    with db.begin_as(lui(clos)) as conn:
        decline_reouverture(conn, lui(clos), clos.parcours, "sans_lien", MAINTENANT)
    assert "rechute_sans_suite" in evenements(admin, clos)
    assert sweep(MAINTENANT + 3 * JOURS).detail["S15"] == 0
    assert taches_ouvertes(admin, clos) == []


def test_what_a_medecin_oriented_cannot_be_left(clos: Dossier) -> None:
    orient(return_to_arret(clos))
    with db.begin_as(lui(clos)) as conn, pytest.raises(DonneeInvalide):
        decline_reouverture(conn, lui(clos), clos.parcours, "sans_lien", MAINTENANT)
    with db.begin_as(lui(clos)) as conn, pytest.raises(DonneeInvalide):
        decline_reouverture(conn, lui(clos), clos.parcours, "par_ennui", MAINTENANT)


def test_nobody_is_asked_about_a_person_in_silence(clos: Dossier) -> None:
    return_to_arret(clos)
    with db.begin_as(lui(clos)) as conn:
        set_silence(conn, lui(clos), clos.assure, motif="deuil", au=JOUR + 5 * JOURS, maintenant=MAINTENANT)
    assert sweep().detail["S15"] == 0
    assert sweep(MAINTENANT + 6 * JOURS).detail["S15"] == 1


@pytest.mark.parametrize("depart", ["absence", "depart"])
def test_a_coordinator_who_left_since_is_not_waited_for(clos: Dossier, admin: Admin, depart: str) -> None:
    orient(return_to_arret(clos))
    leave(clos, depart)
    assert actions(sweep()) == {"S15_rendus": 1}
    assert list_parcours(admin, clos) == [("cloture", True), ("a_affecter", False)]
    assert taches_ouvertes(admin, clos) == []
    assert actions(sweep()) == {}


@pytest.mark.parametrize("reponse", [accept_reouverture, open_autre])
def test_the_answer_is_taken_back(clos: Dossier, admin: Admin, reponse: Any) -> None:
    orient(return_to_arret(clos))
    auteur = lui(clos)
    with db.begin_as(auteur) as conn:
        with acte(conn, auteur, clos.parcours, "rechute", MAINTENANT) as fait:
            reponse(conn, auteur, clos.parcours, MAINTENANT)
        assert fait.id is not None
    with db.begin_as(auteur) as conn:
        undo_acte(conn, auteur, fait.id, MAINTENANT + timedelta(minutes=1))
    assert taches_ouvertes(admin, clos) == ["rechute"]
    ouverts = admin.execute("SELECT count(*) FROM pdp.parcours WHERE assure_id = %s AND clos_at IS NULL", (clos.assure,)).fetchone()
    assert ouverts == (0,)


def test_the_database_itself_refuses_a_parcours_that_nobody_proposed(clos: Dossier, admin: Admin) -> None:
    """Same statement as the service, by the same role: no proposal, the proposal of somebody else, for somebody else."""
    signalement = return_to_arret(clos)
    with lot() as conn:
        autre = fabrique.agent(conn)
    ajout = text(
        "INSERT INTO pdp.parcours (plateforme_id, assure_id, signalement_id, statut, csam_id, survenu_le, connu_at, decide_at,"
        " dernier_evenement_at) VALUES ('PF35', :a, :s, 'affecte', :c, :j, :m, :m, :m)"
    )

    def insert(qui: UUID, pour: UUID) -> None:
        with db.begin_as(auteur_agent(qui)) as conn:
            conn.execute(ajout, {"a": clos.assure, "s": signalement, "c": pour, "j": JOUR, "m": MAINTENANT})

    with pytest.raises(ProgrammingError, match="row-level security"):
        insert(clos.csam, clos.csam)
    orient(signalement)
    for qui, pour in ((autre, autre), (clos.csam, autre)):
        with pytest.raises(ProgrammingError, match="row-level security"):
            insert(qui, pour)
    insert(clos.csam, clos.csam)


def test_only_who_followed_the_person_answers(clos: Dossier) -> None:
    orient(return_to_arret(clos))
    with lot() as conn:
        autre = fabrique.agent(conn)
    with db.begin_as(auteur_agent(autre)) as conn, pytest.raises(Introuvable):
        check_suivi(conn, autre, clos.parcours)


@pytest.mark.parametrize("quoi", ["suivi_m6", "rechute"])
def test_what_is_due_on_a_closed_parcours_does_not_leave_with_its_coordinator(clos: Dossier, admin: Admin, quoi: str) -> None:
    if quoi == "suivi_m6":
        add_tache(clos, "suivi_m6")
    else:
        return_to_arret(clos)
    leave(clos, "depart")
    attendu = {"S04": 1} | ({"S15": 1} if quoi == "rechute" else {})
    assert actions(sweep()) == attendu
    assert taches_ouvertes(admin, clos) == [quoi]
    [(csam, motif)] = admin.execute(
        "SELECT p.csam_id, f.motif FROM pdp.parcours p JOIN pdp.affectation f ON f.parcours_id = p.id AND f.au IS NULL WHERE p.id = %s",
        (clos.parcours,),
    )
    assert csam != clos.csam
    assert motif.startswith("Le conseiller précédent a quitté la plateforme. Conseiller")
    assert "parcours_redistribue" in evenements(admin, clos)
    assert actions(sweep()) == {}


def test_nobody_left_to_take_it_is_counted_and_waits(clos: Dossier, admin: Admin) -> None:
    add_tache(clos, "suivi_m6")
    with lot() as conn:
        conn.execute(text("UPDATE pdp.agent SET actif_au = :j"), {"j": JOUR - JOURS})
    assert actions(sweep()) == {"S04_restants": 1}
    assert taches_ouvertes(admin, clos) == ["suivi_m6"]
