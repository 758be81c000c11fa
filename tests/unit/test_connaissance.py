"""What was learnt between two instants: one case per kind of difference, and none for what did not change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from pdp.domain.arret import Prescription
from pdp.domain.connaissance import AffectionConnue, Avis, Connaissance, FaitEmployeur, Paiement, list_changements

AVANT = datetime(2026, 9, 1, tzinfo=UTC)
APRES = datetime(2026, 10, 1, tzinfo=UTC)
JOUR = date(2026, 9, 1)
PRESCRIPTION = Prescription("A1", date(2026, 8, 1), date(2026, 8, 31))
PAIEMENT = Paiement("V1", "maladie", False, date(2026, 8, 1), date(2026, 8, 31), 28, False, AVANT)
AFFECTION = AffectionConnue("D1", "ald", UUID(int=1), date(2026, 1, 1), None, False, AVANT)
SUSPENSION = FaitEmployeur("S1", "suspension", "200", True, date(2026, 8, 1), None, None, None, "1", False, AVANT)


def avis(connu: datetime = AVANT, **champs: Any) -> Avis:
    return Avis(replace(PRESCRIPTION, **champs), connu, AVANT)


def changes(ancien: Any, nouveau: Any) -> list[tuple[str, str, bool]]:
    """(kind, end of the sentence, reserved) of what changed from one fact to the other; None = unknown then."""
    champs = {Avis: "avis", Paiement: "paiements", AffectionConnue: "affections", FaitEmployeur: "employeur"}

    def connaissance(instant: datetime, fait: Any) -> Connaissance:
        return Connaissance(instant, **({} if fait is None else {champs[type(fait)]: (fait,)}))

    trouves = list_changements(connaissance(AVANT, ancien), connaissance(APRES, nouveau), JOUR)
    return [(c.nature, c.phrase.rsplit(" : ", 1)[1], c.reserve) for c in trouves]


@pytest.mark.parametrize(
    ("champs", "attendu"),
    [
        ({}, []),
        ({"fin": date(2026, 9, 15)}, [("dates", "dates corrigées, désormais du 01/08/2026 au 15/09/2026.", False)]),
        ({"debut": date(2026, 8, 31)}, [("dates", "dates corrigées, désormais le 31/08/2026.", False)]),
        ({"annule": True}, [("annule", "annulé.", False)]),
        ({"risque": "mp"}, [("requalifie", "requalifié de maladie en maladie professionnelle.", False)]),
        ({"temps_partiel_therapeutique": True}, [("requalifie", "devenu un temps partiel thérapeutique.", False)]),
        ({"nature": "prolongation"}, [("precise", "devenu prolongation.", False)]),
        ({"motif_categorie": "tms"}, [("precise", "catégorie du motif précisée.", False)]),
        ({"ald": True}, [("precise", "lié à une affection de longue durée.", True)]),
        ({"annule": True, "fin": date(2026, 9, 15)}, [("annule", "annulé.", False)]),
    ],
)
def test_an_avis_corrected(champs: dict[str, Any], attendu: list[Any]) -> None:
    assert changes(avis(), avis(APRES, **champs)) == attendu


def test_an_avis_reinstated() -> None:
    assert changes(avis(annule=True), avis(APRES)) == [("retabli", "rétabli.", False)]


@pytest.mark.parametrize(
    ("ecart", "attendu"),
    [(-1, "appris après coup."), (0, "appris après coup."), (1, "appris depuis.")],
)
def test_learnt_late_means_begun_by_that_day(ecart: int, attendu: str) -> None:
    debut = JOUR + timedelta(days=ecart)
    assert changes(None, avis(APRES, debut=debut, fin=debut)) == [("appris_depuis", attendu, False)]


def test_learnt_and_cancelled_since_and_moved_to_somebody_else() -> None:
    assert changes(None, avis(APRES, annule=True)) == [("appris_depuis", "appris après coup, et annulé depuis.", False)]
    assert changes(avis(), None) == [("retire", "n'est plus rattaché à cette personne.", False)]


@pytest.mark.parametrize(
    ("fait", "champs", "attendu"),
    [
        (PAIEMENT, {"jours": 20}, [("precise", "nombre d'indemnités corrigé, désormais 20.", False)]),
        (PAIEMENT, {"risque": "atmp"}, [("requalifie", "risque corrigé.", False)]),
        (PAIEMENT, {"annule": True}, [("annule", "annulé.", False)]),
        (SUSPENSION, {"fin": date(2026, 8, 12)}, [("dates", "dates corrigées, désormais du 01/08/2026 au 12/08/2026.", False)]),
        (SUSPENSION, {"neutre": False}, [("requalifie", "motif de la suspension corrigé.", False)]),
        (SUSPENSION, {"reprise_le": date(2026, 9, 2)}, [("precise", "reprise déclarée le 02/09/2026.", False)]),
        (AFFECTION, {"fin": date(2026, 8, 12)}, [("dates", "dates corrigées, désormais du 01/01/2026 au 12/08/2026.", True)]),
        (AFFECTION, {"nature": "l324"}, [("requalifie", "reconnu autrement : affection de l'article L.324-1.", True)]),
    ],
)
def test_other_facts(fait: Any, champs: dict[str, Any], attendu: list[Any]) -> None:
    trouves = changes(fait, replace(fait, **champs))
    assert [(n, r) for n, _, r in trouves] == [(n, r) for n, _, r in attendu]
    assert all(a[1].endswith(t[1]) for t, a in zip(trouves, attendu, strict=True))


def test_latest_first_whatever_the_order_of_the_facts() -> None:
    deux = (avis(APRES), Avis(replace(PRESCRIPTION, id_avis="A2"), AVANT + timedelta(days=1), AVANT))
    ordres = [list_changements(Connaissance(AVANT), Connaissance(APRES, faits), JOUR) for faits in (deux, deux[::-1])]
    assert ordres[0] == ordres[1]
    assert [c.connu_at for c in ordres[0]] == [APRES, AVANT + timedelta(days=1)]


def test_only_illness_payments_and_neutral_suspensions_that_hold_feed_the_oracle() -> None:
    connu = Connaissance(
        APRES,
        (),
        (PAIEMENT, replace(PAIEMENT, cle="V2", risque="atmp"), replace(PAIEMENT, cle="V3", annule=True)),
        (),
        (SUSPENSION, replace(SUSPENSION, cle="S2", neutre=False), replace(SUSPENSION, cle="S3", annule=True)),
    )
    assert (len(connu.versements), len(connu.suspensions)) == (1, 1)
