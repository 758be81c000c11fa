"""Status replayed from what was told of a case, at the turns it takes."""

from __future__ import annotations

import pytest

from pdp.domain.parcours import Statut
from pdp.domain.rejeu import Conte, replay

S = Statut
APPEL = Conte("contact_enregistre", {"contact_id": "c1"})
PRIS = Conte("tele_echange_planifie", {"tele_echange_id": "t1"})
TENU = Conte("tele_echange_realise", {"tele_echange_id": "t1"})
MANQUE = Conte("tele_echange_manque", {"tele_echange_id": "t1"})
ANNULE = Conte("tele_echange_annule", {"tele_echange_id": "t1"})
ACCORD = Conte("accord_recueilli", {"accord_id": "a1"})
ORIENTE = Conte("orientation_proposee", {"orientation_id": "o1"})
AUTRE = Conte("orientation_proposee", {"orientation_id": "o2"})
ACCEPTE = Conte("orientation_repondue", {"orientation_id": "o1", "statut": "acceptee"})
REFUSE = Conte("orientation_repondue", {"orientation_id": "o1", "statut": "refusee"})
EXPIRE = Conte("orientation_expiree", {"orientation_id": "o1"})
RETIRE = Conte("orientation_retiree", {"orientation_id": "o1"})
INTERROMPU = Conte("parcours_interrompu", {})
RELANCE = Conte("alerte_decidee", {"decision": "relancer_parcours"})
VU = Conte("alerte_decidee", {"decision": "prise_en_compte"})
CLOS = Conte("parcours_clos", {})
ROUVERT = Conte("parcours_rouvert", {})
JUSQU_A_ORIENTE = [APPEL, PRIS, TENU, ACCORD, ORIENTE]


@pytest.mark.parametrize(
    ("contes", "statut"),
    [
        ([], S.AFFECTE),
        ([Conte("tache_ouverte", {}), Conte("inconnu", {})], S.AFFECTE),
        ([APPEL], S.CONTACT_EN_COURS),
        ([APPEL, PRIS], S.ENTRETIEN_PLANIFIE),
        ([APPEL, PRIS, ANNULE], S.CONTACT_EN_COURS),
        ([APPEL, PRIS, MANQUE], S.CONTACT_EN_COURS),
        ([APPEL, PRIS, TENU], S.ENTRETIEN_REALISE),
        ([APPEL, TENU], S.CONTACT_EN_COURS),  # held without having been planned: left out
        ([APPEL, PRIS, TENU, ACCORD], S.ACCORD_DEMANDE),
        (JUSQU_A_ORIENTE, S.ORIENTE),
        ([*JUSQU_A_ORIENTE, ACCEPTE], S.EN_ACCOMPAGNEMENT),
        ([*JUSQU_A_ORIENTE, ACCEPTE, ACCEPTE], S.EN_ACCOMPAGNEMENT),
        ([*JUSQU_A_ORIENTE, REFUSE], S.ENTRETIEN_REALISE),
        ([*JUSQU_A_ORIENTE, AUTRE, REFUSE], S.ORIENTE),  # another hand-over goes on
        ([*JUSQU_A_ORIENTE, RETIRE], S.ORIENTE),
        ([*JUSQU_A_ORIENTE, RETIRE, EXPIRE], S.ENTRETIEN_REALISE),
        ([*JUSQU_A_ORIENTE, AUTRE, RETIRE, EXPIRE], S.ORIENTE),
        ([APPEL, INTERROMPU], S.INTERROMPU),
        ([APPEL, INTERROMPU, VU], S.INTERROMPU),
        ([APPEL, INTERROMPU, RELANCE], S.CONTACT_EN_COURS),
        ([APPEL, CLOS], S.CLOTURE),
        ([APPEL, CLOS, ANNULE], S.CLOTURE),  # what a closing cancels is told after it
        ([APPEL, CLOS, RELANCE, ROUVERT], S.CONTACT_EN_COURS),
    ],
)
def test_status_follows_what_was_told(contes: list[Conte], statut: Statut) -> None:
    assert replay(S.AFFECTE, contes) is statut


@pytest.mark.parametrize(
    ("contes", "erreurs", "statut"),
    [
        ([APPEL], {"c1"}, S.AFFECTE),
        ([APPEL, PRIS], {"c1"}, S.ENTRETIEN_PLANIFIE),
        ([APPEL, PRIS, TENU, ACCORD], {"t1"}, S.ACCORD_DEMANDE),
        ([PRIS, TENU], {"t1"}, S.AFFECTE),
        (JUSQU_A_ORIENTE, {"o1"}, S.ACCORD_DEMANDE),
        ([*JUSQU_A_ORIENTE, ACCEPTE], {"o1"}, S.ACCORD_DEMANDE),
        (JUSQU_A_ORIENTE, {"a1"}, S.ORIENTE),
        ([APPEL, CLOS], {"c1"}, S.CLOTURE),
    ],
)
def test_without_what_was_entered_in_error(contes: list[Conte], erreurs: set[str], statut: Statut) -> None:
    assert replay(S.AFFECTE, contes, erreurs) is statut
