"""The ledger through a merge of duplicates and a transfer: the person's last word holds, whichever case it was said in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from test_doublons import Paire, paire, sweep

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.domain.auteur import Auteur
from pdp.errors import AccordManquant
from pdp.services.decide_doublon import request_fusion, withdraw_fusion
from pdp.services.declare_seances import declare_seance
from pdp.services.orient_parcours import orient_parcours
from pdp.services.read_accords import read_registre
from pdp.services.read_seances import read_seances
from pdp.services.record_accord import record_accord, withdraw_accord
from pdp.services.send_outbox import send_due
from pdp.services.transfer_parcours import apply_transferts, request_transfert
from pdp.services.withdraw_accord import withdraw_classes
from pdp.storage import db

__all__ = ["paire"]
SERVICE = "service_social"
AVANT, APRES = MAINTENANT - timedelta(days=2), MAINTENANT - timedelta(days=1)


def by(dossier: fabrique.Dossier) -> Auteur:
    return auteur_agent(dossier.csam)


def answer(dossier: fabrique.Dossier, decision: str, le: Any, destinataire: str = SERVICE, **reste: Any) -> UUID:
    with db.begin_as(by(dossier)) as conn:
        champs = {"destinataire": destinataire, "decision": decision, "modalite": "oral", "maintenant": le, **reste}
        return record_accord(conn, by(dossier), dossier.parcours, **champs)


def withdraw(dossier: fabrique.Dossier, accord: UUID, le: Any) -> None:
    with db.begin_as(by(dossier)) as conn:
        withdraw_accord(conn, by(dossier), accord, "telephone", le)


def propose(dossier: fabrique.Dossier, partenaire: UUID) -> UUID:
    with db.begin_as(by(dossier)) as conn:
        return orient_parcours(conn, by(dossier), dossier.parcours, partenaire, "Aide.", MAINTENANT)


def merge(paire: Paire) -> None:
    sweep()
    with db.begin_as(by(paire.un)) as conn:
        request_fusion(conn, by(paire.un), paire.id, MAINTENANT)
    assert sweep(timedelta(minutes=5))["fusionnes"] == 1


def part(paire: Paire) -> None:
    with db.begin_as(by(paire.un)) as conn:
        withdraw_fusion(conn, by(paire.un), paire.id, MAINTENANT + timedelta(minutes=10))
    sweep(timedelta(minutes=15))


def actifs(dossier: fabrique.Dossier) -> dict[str, list[str] | None]:
    """Recipient -> data that may leave today."""
    with db.begin_as(by(dossier)) as conn:
        registre = read_registre(conn, dossier.parcours, "PF35", MAINTENANT.date())
    return {b.destinataire: a.vivantes for b in registre.blocs for a in b.actifs}


def ready(paire: Paire) -> UUID:
    with lot() as conn:
        for dossier in (paire.un, paire.deux):
            conn.execute(fabrique.text("UPDATE pdp.parcours SET statut = 'accord_demande' WHERE id = :p"), {"p": dossier.parcours})
        return fabrique.partenaire(conn)


def _agreed_then_refused_elsewhere(p: Paire) -> None:
    answer(p.un, "accorde", AVANT)
    answer(p.deux, "refuse", APRES)


def _refused_here_then_agreed_elsewhere(p: Paire) -> None:
    answer(p.un, "refuse", AVANT)
    answer(p.deux, "accorde", APRES)


def _agreed_elsewhere_then_refused_here(p: Paire) -> None:
    answer(p.deux, "accorde", AVANT)
    answer(p.un, "refuse", APRES)


def _agreed_elsewhere_then_withdrawn_here(p: Paire) -> None:
    accord = answer(p.un, "accorde", AVANT - timedelta(days=1))
    answer(p.deux, "accorde", AVANT)
    withdraw(p.un, accord, APRES)


def _less_elsewhere(p: Paire) -> None:
    answer(p.un, "accorde", AVANT)
    answer(p.deux, "accorde", APRES, classes=["identite", "contact"])


def _more_elsewhere(p: Paire) -> None:
    answer(p.un, "accorde", AVANT, classes=["identite", "contact"])
    answer(p.deux, "accorde", APRES)


def _not_followed_elsewhere(p: Paire) -> None:
    answer(p.un, "accorde", AVANT)
    answer(p.deux, "refuse", APRES, destinataire="accompagnement")


@pytest.mark.parametrize(
    ("histoire", "vivantes", "peut"),
    [
        (_agreed_then_refused_elsewhere, None, False),
        (_refused_here_then_agreed_elsewhere, ["identite", "contact", "arret", "emploi", "social"], True),
        (_agreed_elsewhere_then_refused_here, None, False),
        (_agreed_elsewhere_then_withdrawn_here, None, False),
        (_less_elsewhere, ["identite", "contact"], True),
        (_more_elsewhere, ["identite", "contact"], True),
        (_not_followed_elsewhere, ["identite", "contact", "arret", "emploi", "social"], False),
    ],
)
def test_the_last_word_holds_for_both(paire: Paire, histoire: Callable[[Paire], None], vivantes: list[str] | None, peut: bool) -> None:
    service = ready(paire)
    histoire(paire)
    merge(paire)
    assert actifs(paire.un).get(SERVICE) == vivantes
    with lot() as conn:
        conn.execute(fabrique.text("UPDATE pdp.parcours SET statut = 'accord_demande' WHERE id = :p"), {"p": paire.un.parcours})
    if peut:
        propose(paire.un, service)
    else:
        with pytest.raises(AccordManquant):
            propose(paire.un, service)


def test_a_hand_over_under_an_older_agreement_is_taken_back(paire: Paire) -> None:
    service = ready(paire)
    answer(paire.un, "accorde", AVANT)
    propose(paire.un, service)
    assert send_due(MAINTENANT + timedelta(minutes=1)).traites == 1
    answer(paire.deux, "refuse", MAINTENANT)
    merge(paire)
    assert paire.read("SELECT statut FROM pdp.orientation") == [("annulee",)]
    assert paire.read("SELECT retrait_canal FROM pdp.accord WHERE decision = 'accorde'") == [("fusion",)]
    motifs = {m for (m,) in paire.read("SELECT motif FROM pdp.tache WHERE parcours_id = %s AND fermee_at IS NULL", paire.un.parcours)}
    assert "faire_le_point" in motifs


def test_parted_again_each_case_has_its_own_words(paire: Paire) -> None:
    ready(paire)
    _agreed_then_refused_elsewhere(paire)
    avant = paire.read("SELECT id, parcours_id, retire_at, retrait_canal FROM pdp.accord ORDER BY ordre")
    merge(paire)
    part(paire)
    assert paire.read("SELECT id, parcours_id, retire_at, retrait_canal FROM pdp.accord ORDER BY ordre") == avant


def test_sessions_follow_the_person_and_count_once(paire: Paire) -> None:
    jours = {paire.un: (date(2026, 11, 2), date(2026, 11, 9)), paire.deux: (date(2026, 11, 9), date(2026, 11, 16))}
    for dossier, dates in jours.items():
        for le in dates:
            with db.begin_as(by(dossier)) as conn:
                declare_seance(conn, by(dossier), dossier.parcours, le, MAINTENANT)
    merge(paire)
    with db.begin_as(by(paire.un)) as conn:
        suivi = read_seances(conn, paire.un.parcours, MAINTENANT.date())
    assert [s.le.day for _, s in suivi.lignes] == [2, 9, 16]
    assert suivi.compte.faites == 3
    part(paire)
    assert paire.read("SELECT count(*) FROM pdp.seance_psy WHERE parcours_id = %s", paire.un.parcours) == [(2,)]


def test_agreements_stay_where_they_were_given(base: str, admin: psycopg.Connection[Any]) -> None:
    with lot() as conn:
        fabrique.socle(conn)
        cas = fabrique.parcours(conn, statut="accord_demande")
        service = fabrique.partenaire(conn)
        responsable = auteur_agent(fabrique.agent(conn, "responsable"), "responsable")
    answer(cas, "accorde", AVANT)
    propose(cas, service)
    with db.begin_as(responsable) as conn:
        request_transfert(conn, responsable, cas.parcours, "PF57", "57463", MAINTENANT)
    with lot() as conn:
        apply_transferts(conn, "PF35", fabrique.systeme("transferer"), MAINTENANT)
    assert admin.execute("SELECT DISTINCT plateforme_id FROM pdp.accord").fetchall() == [("PF35",)]
    assert send_due(MAINTENANT + timedelta(minutes=1)).traites == 0, "what had not left does not leave from a platform she left"
    assert admin.execute(
        "SELECT count(*) FROM pdp.accord a JOIN pdp.parcours p ON p.id = a.parcours_id WHERE p.plateforme_id = 'PF57'"
    ).fetchone() == (0,), "asked for again there"
    with db.begin_as(by(cas)) as conn:
        assert read_registre(conn, cas.parcours, "PF35", MAINTENANT.date()).get_bloc(SERVICE).histoire, "the story can still be read here"


def test_partial_withdrawal_then_merge_keeps_it(paire: Paire) -> None:
    ready(paire)
    accord = answer(paire.deux, "accorde", AVANT)
    with db.begin_as(by(paire.deux)) as conn:
        withdraw_classes(conn, by(paire.deux), accord, ["social"], "telephone", APRES)
    merge(paire)
    assert actifs(paire.un)[SERVICE] == ["identite", "contact", "arret", "emploi"]
    with db.begin_as(by(paire.un)) as conn:
        assert len(read_registre(conn, paire.un.parcours, "PF35", MAINTENANT.date()).retraits[accord]) == 1
