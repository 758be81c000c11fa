"""What leaves: accepted by our own check, only what was agreed, the same twice; and the withdrawal."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import ressources_fhir as ex

from pdp.domain.contenu import LIBELLES
from pdp.domain.orientation import DISPOSITIFS
from pdp.fhir import systemes
from pdp.fhir.capacite import INTERACTIONS, build_capacite
from pdp.fhir.controle import check_resource
from pdp.fhir.lecture import read_task
from pdp.fhir.rendu import render_annulation, render_orientation, render_reponse
from pdp.partners.contrat import Destinataire, Envoi

CIBLE = Destinataire(
    "cpam-35", "SPST-35-1", nom="SPST de l'Exemple", type="spst", plateforme="Plateforme PDP de Rennes", telephone="02 00 00 00 00"
)
CONTENU: dict[str, Any] = {
    "nom": "Exemple-Nom",
    "prenom": "Exemple-Prenom",
    "date_naissance": "1984-03-07",
    "telephone": "06 00 00 00 01",
    "courriel": "personne@exemple.invalid",
    "arret_debut": "2026-01-05",
    "arret_fin_prescrite": "2026-04-05",
    "emploi": {"Type de contrat": "CDI exemple", "Métier": "Bureau exemple"},
    "social": {"Logement": "Seule exemple"},
}
IDENTITE = ("nom", "prenom", "date_naissance", "telephone", "courriel")


def _envoi(contenu: dict[str, Any], dispositif: str = "spst") -> Envoi:
    corps = {"orientation_id": ex.ORIENTATION, "dispositif": dispositif, "motif": "Poste à adapter", "contenu": contenu}
    return Envoi(UUID(ex.ORIENTATION), "orientation", {**corps, "emise_at": "2026-03-02T08:15:22.123456+00:00"})


def _resources(bundle: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {e["resource"]["resourceType"]: e["resource"] for e in bundle["entry"]}


def _texts(objet: Any) -> Iterator[str]:
    if isinstance(objet, dict):
        for valeur in objet.values():
            yield from _texts(valeur)
    elif isinstance(objet, list):
        for valeur in objet:
            yield from _texts(valeur)
    else:
        yield str(objet)


@pytest.mark.parametrize("dispositif", [*DISPOSITIFS, "nouveau"])
@pytest.mark.parametrize("synthetique", [False, True])
def test_bundle_is_accepted_by_the_check(dispositif: str, synthetique: bool) -> None:
    bundle = render_orientation(CIBLE, _envoi(CONTENU, dispositif), synthetique=synthetique)
    assert check_resource(bundle) == []
    codes = {f.code for f in check_resource(bundle, production=True)}
    assert codes == ({"test_data_in_production"} if synthetique else set())
    assert all(("HTEST" in json.dumps(e["resource"])) is synthetique for e in bundle["entry"])


@pytest.mark.parametrize(("genre", "nature"), [(d, "Practitioner" if d == "medecin_traitant" else "Organization") for d in DISPOSITIFS])
def test_a_doctor_is_a_practitioner(genre: str, nature: str) -> None:
    vus = _resources(render_orientation(replace(CIBLE, type=genre), _envoi(CONTENU, genre)))
    partenaires = [vus["Task"]["owner"], *vus["ServiceRequest"]["performer"]]
    assert [(r["type"], r["identifier"]["system"]) for r in partenaires] == [(nature, systemes.PARTENAIRE)] * 2


@pytest.mark.parametrize("champs", [c for n in range(len(CONTENU) + 1) for c in itertools.combinations(CONTENU, n)][::7])
def test_only_agreed_fields_leave(champs: tuple[str, ...]) -> None:
    contenu = {champ: CONTENU[champ] for champ in champs}
    bundle = render_orientation(CIBLE, _envoi(contenu))
    assert check_resource(bundle) == []
    ecrits = set(_texts(bundle))
    for champ, valeur in CONTENU.items():
        mots = list(valeur.values()) if isinstance(valeur, dict) else [valeur]
        assert all((mot in ecrits) is (champ in champs) for mot in mots), champ


def test_order_its_follow_up_and_the_person() -> None:
    bundle = render_orientation(CIBLE, _envoi(CONTENU))
    vus = _resources(bundle)
    urns = {e["resource"]["resourceType"]: e["fullUrl"] for e in bundle["entry"]}
    demande, tache = vus["ServiceRequest"], vus["Task"]
    assert (demande["status"], demande["intent"]) == ("active", "order")
    assert demande["code"]["coding"][0] == {"system": systemes.DISPOSITIF, "code": "spst", "display": DISPOSITIFS["spst"]}
    assert demande["reasonCode"] == [{"text": "Poste à adapter"}]
    assert demande["subject"]["reference"] == tache["for"]["reference"] == urns["Patient"]
    assert demande["requester"]["reference"] == tache["requester"]["reference"] == urns["Organization"]
    assert (tache["status"], tache["intent"], tache["focus"]["reference"]) == ("requested", "order", urns["ServiceRequest"])
    assert tache["owner"] == demande["performer"][0]
    assert tache["owner"]["identifier"] == {"system": systemes.PARTENAIRE, "value": "SPST-35-1"}
    assert tache["identifier"][0]["type"]["coding"][0]["code"] == "PLAC"
    assert tache["authoredOn"] == tache["lastModified"] == demande["authoredOn"] == "2026-03-02T08:15:22.123456+00:00"
    assert [(i["type"]["coding"][0]["code"], i["type"]["text"], i.get("valueString", i.get("valueDate"))) for i in tache["input"]] == [
        ("arret_debut", LIBELLES["arret_debut"], "2026-01-05"),
        ("arret_fin_prescrite", LIBELLES["arret_fin_prescrite"], "2026-04-05"),
        ("emploi", "Type de contrat", "CDI exemple"),
        ("emploi", "Métier", "Bureau exemple"),
        ("social", "Logement", "Seule exemple"),
    ]
    assert vus["Patient"]["birthDate"] == "1984-03-07"
    assert vus["Organization"]["telecom"][0]["value"] == "02 00 00 00 00"


def test_same_message_is_the_same_bundle_and_creates_nothing_twice() -> None:
    un, autre = render_orientation(CIBLE, _envoi(CONTENU)), render_orientation(CIBLE, _envoi(copy.deepcopy(CONTENU)))
    assert un == autre
    assert [(e["request"]["method"], e["request"]["url"], e["request"]["ifNoneExist"]) for e in un["entry"]] == [
        ("POST", "Patient", f"identifier=urn:pdp:personne-orientee|{ex.ORIENTATION}"),
        ("POST", "Organization", "identifier=urn:pdp:plateforme|cpam-35"),
        ("POST", "ServiceRequest", f"identifier=urn:pdp:orientation|{ex.ORIENTATION}"),
        ("POST", "Task", f"identifier=urn:pdp:orientation|{ex.ORIENTATION}"),
    ]


def test_a_condition_is_written_whatever_the_name_of_the_platform_holds() -> None:
    cible = Destinataire("a&b|c d", "x")
    bundle = render_orientation(cible, _envoi({}))
    assert bundle["entry"][1]["request"]["ifNoneExist"] == "identifier=urn:pdp:plateforme|a%26b%7Cc%20d"
    assert check_resource(bundle) == []


def _annulation() -> Envoi:
    return Envoi(UUID(ex.ORIENTATION), "annulation", {"orientation_id": ex.ORIENTATION, "annulee_at": "2026-03-09T10:00:00+00:00"})


def test_withdrawal_without_what_the_partner_holds_says_nothing_of_the_person() -> None:
    bundle = render_annulation(CIBLE, _annulation())
    assert check_resource(bundle) == []
    (entree,) = bundle["entry"]
    assert entree["request"] == {"method": "PUT", "url": f"Task?identifier=urn:pdp:orientation|{ex.ORIENTATION}"}
    assert entree["resource"]["status"] == "cancelled"
    assert not {"for", "focus", "input", "note"} & entree["resource"].keys()


def test_withdrawal_keeps_what_the_partner_wrote_and_asks_for_that_version() -> None:
    connue = ex.task()
    bundle = render_annulation(CIBLE, _annulation(), connue)
    assert check_resource(bundle) == []
    entree = bundle["entry"][0]
    assert entree["request"]["ifMatch"] == 'W/"3"'
    garde = {
        cle: valeur for cle, valeur in entree["resource"].items() if cle not in ("status", "statusReason", "businessStatus", "lastModified")
    }
    assert garde == {cle: valeur for cle, valeur in connue.items() if cle not in ("status", "businessStatus", "lastModified")}
    assert connue == ex.task()


def test_our_own_withdrawal_read_back_is_no_answer() -> None:
    annulee = render_annulation(CIBLE, _annulation(), ex.task())["entry"][0]["resource"]
    assert [e.statut for e in read_task(annulee, ex.task()).evenements] == []


def test_answer_to_a_question_is_a_note_of_ours_once() -> None:
    connue = {cle: valeur for cle, valeur in ex.task().items() if cle != "note"}
    une = render_reponse(connue, "Oui, elle est d'accord.", "2026-03-10T09:00:00+00:00", "Plateforme")
    assert check_resource(une) == []
    assert render_reponse(une, "Oui, elle est d'accord.", "2026-03-10T09:00:00+00:00", "Plateforme") == une
    assert read_task(une, connue).evenements == ()
    assert len(render_reponse(une, "Autre", "2026-03-10T09:00:00+00:00", "Plateforme")["note"]) == 2


def test_capability_statement_is_one() -> None:
    capacite = build_capacite("https://pdp.example/fhir", "https://pdp.example/fhir/token", date="2026-03-01")
    assert check_resource(capacite, production=True) == []
    rest = capacite["rest"][0]
    assert {r["type"]: tuple(i["code"] for i in r["interaction"]) for r in rest["resource"]} == INTERACTIONS
    assert rest["security"]["extension"][0]["extension"][0] == {"url": "token", "valueUri": "https://pdp.example/fhir/token"}
    assert capacite["fhirVersion"] == "4.0.1"
