"""What comes back: each way a partner has to say something, what is refused, what is told once, what is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import ressources_fhir as ex

from pdp.domain.orientation import MOTIFS_REFUS, NATURES
from pdp.fhir import systemes
from pdp.fhir.codes import TASK_STATUS
from pdp.fhir.controle import check_resource
from pdp.fhir.elements import RessourceRefusee
from pdp.fhir.fusion import merge_task
from pdp.fhir.lecture import COMPTE_RENDU_MAX, PAS, VERSION_FHIR_MAX, TaskLue, compute_version, read_task
from pdp.fhir.transitions import DEPUIS_PARTENAIRE

RDV = datetime(2026, 3, 20, 13, 0, tzinfo=UTC)


def _task(**champs: Any) -> dict[str, Any]:
    nue = {cle: valeur for cle, valeur in ex.task().items() if cle not in ("note", "output", "businessStatus")}
    return {cle: valeur for cle, valeur in {**nue, **champs}.items() if valeur is not None}


def _bser(code: str) -> dict[str, Any]:
    return {"coding": [{"system": ex.BSER, "code": code}]}


def _echange(code: str, **valeur: Any) -> dict[str, Any]:
    return {"type": {"coding": [{"system": systemes.ECHANGE, "code": code}]}, **valeur}


def _appointment(statut: str, **champs: Any) -> dict[str, Any]:
    contenu = {**ex.appointment(), "status": statut, **champs}
    sortie = {"type": {"text": "Rendez-vous"}, "valueReference": {"reference": "#rdv"}}
    return {"contained": [{c: v for c, v in contenu.items() if v is not None}], "output": [sortie]}


def _says(tache: dict[str, Any], connue: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    assert check_resource(tache) == []
    return [(e.nature, e.statut, e.motif, e.compte_rendu, e.rendez_vous_at) for e in read_task(tache, connue).evenements]


@pytest.mark.parametrize("statut", TASK_STATUS)
def test_status_alone_decides_our_status(statut: str) -> None:
    """Whatever the business status says: published examples contradict themselves."""
    lue = read_task(_task(status=statut, businessStatus=_bser("7.0")))
    attendu = DEPUIS_PARTENAIRE[statut]
    assert lue.statut_fhir == statut
    assert [e.statut for e in lue.evenements if e.nature == "statut"] == ([str(attendu)] if attendu else [])


def test_what_is_read_of_an_update() -> None:
    lue = read_task(ex.task())
    assert isinstance(lue, TaskLue)
    assert (lue.orientation_id, lue.fill, lue.statut_fhir) == (UUID(ex.ORIENTATION), "77777777", "accepted")
    assert lue.survenu_at == datetime(2026, 3, 5, 10, 0, 0, 671000, tzinfo=UTC)
    assert [(e.nature, e.statut, e.compte_rendu, e.version) for e in lue.evenements] == [
        ("statut", "acceptee", "Première étape faite.", 3 * PAS),
        ("nouvelles", None, "Dossier ouvert.", 3 * PAS + 4),
    ]
    assert all(e.autres == () for e in lue.evenements)


@pytest.mark.parametrize(
    ("raison", "motif", "rapport"),
    [
        (None, "autre", None),
        *(({"coding": [{"system": systemes.MOTIF_REFUS, "code": code}]}, code, None) for code in MOTIFS_REFUS),
        ({"coding": [{"system": systemes.MOTIF_REFUS, "code": "capacite"}], "text": "Rien avant l'été"}, "capacite", "Rien avant l'été"),
        ({"coding": [{"system": systemes.MOTIF_REFUS, "code": "inconnu"}]}, "autre", None),
        ({"text": "plus de place actuellement."}, "capacite", None),
        ({"text": "Notre médecin est parti"}, "autre", "Notre médecin est parti"),
        ({"coding": [{"system": "urn:autre", "code": "capacite", "display": "No capacity"}]}, "autre", "No capacity"),
    ],
)
def test_reason_of_a_refusal_is_closed_and_its_words_are_kept(raison: Any, motif: str, rapport: str | None) -> None:
    assert _says(_task(status="rejected", statusReason=raison)) == [("statut", "refusee", motif, rapport, None)]


def test_reason_of_another_status_is_no_refusal() -> None:
    raison = {"coding": [{"system": systemes.MOTIF_REFUS, "code": "injoignable"}], "text": "Jamais de réponse"}
    assert _says(_task(status="failed", statusReason=raison)) == [("statut", "sans_suite", None, "Jamais de réponse", None)]


PREVU = ("rendez_vous", None, None, None, RDV)
RENDEZ_VOUS = [
    (_appointment("booked"), PREVU),
    (_appointment("pending"), PREVU),
    ({"businessStatus": _bser("5.1.1"), "executionPeriod": {"start": "2026-03-20T13:00:00Z"}}, PREVU),
    ({"businessStatus": _bser("5.1.1"), "restriction": {"period": {"start": "2026-03-20T14:00:00+01:00"}}}, PREVU),
    ({"output": [_echange("rendez_vous", valueDateTime="2026-03-20T14:00:00+01:00")]}, PREVU),
    ({"output": [_echange("rendez_vous", valuePeriod={"start": "2026-03-20T14:00:00.000+01:00"})]}, PREVU),
    ({"output": [_echange("rendez_vous", valueInstant="2026-03-20T13:00:00Z")]}, PREVU),
    ({"output": [{"type": _bser("5.1.1"), "valueDateTime": "2026-03-20T13:00:00Z"}]}, PREVU),
    ({"businessStatus": _bser("5.1.2")}, ("rendez_vous_manque", None, None, None, None)),
    (_appointment("noshow"), ("rendez_vous_manque", None, None, None, None)),
    ({"businessStatus": _bser("5.1.1")},
     ("nouvelles", None, None, "Un rendez-vous est fixé avec la personne, sans date communiquée.", None)),
    ({"businessStatus": _bser("5.1.3")}, ("nouvelles", None, None, "Le rendez-vous prévu avec la personne est annulé.", None)),
    (_appointment("cancelled"), ("nouvelles", None, None, "Le rendez-vous prévu avec la personne est annulé.", None)),
]  # fmt: skip


@pytest.mark.parametrize(("champs", "attendu"), RENDEZ_VOUS, ids=range(len(RENDEZ_VOUS)))
def test_meeting_set_missed_or_cancelled(champs: dict[str, Any], attendu: tuple[Any, ...]) -> None:
    assert _says(_task(**champs)) == [("statut", "acceptee", None, None, None), attendu]


def test_execution_period_is_no_meeting_unless_said_so() -> None:
    assert _says(_task(executionPeriod={"start": "2026-03-20T13:00:00Z"})) == [("statut", "acceptee", None, None, None)]


QUESTION = {"extension": [{"url": systemes.NATURE_NOTE, "valueCode": "question"}], "text": "Peut-elle venir le matin ?"}


@pytest.mark.parametrize(
    ("champs", "nature", "texte"),
    [
        ({"note": [{"text": " Vue ce jour. "}]}, "nouvelles", "Vue ce jour."),
        ({"note": [QUESTION]}, "question", "Peut-elle venir le matin ?"),
        ({"output": [_echange("nouvelles", valueString="En cours")]}, "nouvelles", "En cours"),
        ({"input": [_echange("question", valueString="Quel poste ?")]}, "question", "Quel poste ?"),
        ({"output": [_echange("question", valueMarkdown="Quel **poste** ?")]}, "question", "Quel **poste** ?"),
        ({"note": [{"text": "a", "time": "2026-03-05T10:00:00Z"}, {"text": "b"}]}, "nouvelles", "a\n\nb"),
    ],
)
def test_news_and_questions(champs: dict[str, Any], nature: str, texte: str) -> None:
    dit = _says(_task(status="in-progress", **champs))
    assert dit == [("statut", "en_cours", None, None, None), (nature, None, None, texte, None)]


def test_on_hold_is_told_as_news() -> None:
    dit = _says(_task(status="on-hold", statusReason={"text": "En attente d'un papier"}))
    assert dit == [("nouvelles", None, None, "Le partenaire a suspendu l'accompagnement : En attente d'un papier", None)]


def test_report_is_read_from_texts_and_contained_documents() -> None:
    contenus = [
        {"resourceType": "DocumentReference", "id": "d", "status": "current", "description": "Synthèse jointe",
         "content": [{"attachment": {"contentType": "application/pdf", "url": "https://x"}}]},
        {"resourceType": "Communication", "id": "c", "status": "completed", "payload": [{"contentString": "Poste aménagé"}]},
    ]  # fmt: skip
    genre = {"text": "Compte rendu"}
    sorties = [{"type": genre, "valueReference": {"reference": f"#{i}"}} for i in "dc"] + [{"type": genre, "valueString": "Fin"}]
    dit = _says(_task(status="completed", contained=contenus, output=sorties))
    assert dit == [("statut", "realisee", None, "Synthèse jointe\nPoste aménagé\nFin", None)]


def test_report_is_cut_and_storable() -> None:
    sorties = [{"type": {"text": "x"}, "valueString": "é" * 3000 + "\ud800"}]
    rapport = read_task(_task(output=sorties)).compte_rendu
    assert rapport is not None
    assert len(rapport) == COMPTE_RENDU_MAX
    assert rapport.endswith("é…")


def test_what_was_already_said_is_not_told_again() -> None:
    connue = ex.task()
    recue = {**connue, "meta": {"versionId": "4"}, "note": [*connue["note"], {"text": "Deuxième visite"}]}
    assert read_task(connue, connue).evenements == ()
    assert read_task(connue, connue).nature is None
    assert _says(recue, connue) == [("nouvelles", None, None, "Deuxième visite", None)]


def test_event_read_again_has_the_same_id_and_content() -> None:
    un, encore = read_task(ex.task()), read_task(ex.task())
    assert [(e.evenement_id, e.empreinte) for e in un.evenements] == [(e.evenement_id, e.empreinte) for e in encore.evenements]
    assert len({e.evenement_id for e in un.evenements}) == len(un.evenements)
    assert all(e.nature in NATURES and "#" not in e.evenement_id and len(e.evenement_id) <= 100 for e in un.evenements)


def test_news_repeated_by_a_later_version_is_the_same_news_and_a_status_is_not() -> None:
    trois, quatre = (read_task({**ex.task(), "meta": {"versionId": v}}).evenements for v in "34")
    assert (trois[1].evenement_id, trois[1].empreinte) == (quatre[1].evenement_id, quatre[1].empreinte)
    assert trois[0].evenement_id != quatre[0].evenement_id


@pytest.mark.parametrize(
    ("meta", "modifiee", "version"),
    [
        ({"versionId": "1"}, None, 1),
        ({"versionId": str(VERSION_FHIR_MAX), "lastUpdated": "2026-03-05T10:00:00Z"}, None, VERSION_FHIR_MAX),
        ({"versionId": str(VERSION_FHIR_MAX + 1), "lastUpdated": "2025-01-01T00:00:01Z"}, None, 1),
        ({"versionId": "a1b2", "lastUpdated": "2025-01-02T00:00:00Z"}, "2026-03-05T10:00:00Z", 86_400),
        ({"versionId": "007", "lastUpdated": "2025-01-02T00:00:00Z"}, None, 86_400),
        ({}, "2025-01-02T01:00:00+01:00", 86_400),
    ],
)
def test_version_is_the_counter_of_the_server_or_its_seconds(meta: dict[str, Any], modifiee: str | None, version: int) -> None:
    assert compute_version(_task(meta=meta, lastModified=modifiee)) == version
    assert version * PAS + PAS - 1 <= 2**31 - 1


def test_versions_grow_with_updates_and_never_look_consecutive() -> None:
    versions = [e.version for v in "12" for e in read_task({**ex.task(), "meta": {"versionId": v}}).evenements]
    assert versions == sorted(set(versions))
    assert 2 * PAS - (1 * PAS + 4) == 1  # a status of version 2 after every event of version 1 is the next one: nothing was lost


def test_version_given_is_used() -> None:
    assert {e.version // PAS for e in read_task(ex.task(), version=12).evenements} == {12}


@pytest.mark.parametrize(
    ("champs", "code", "chemin"),
    [
        ({"resourceType": "Patient"}, "not_a_task", "resourceType"),
        ({"status": None}, "element_missing", "Task.status"),
        ({"status": "finished"}, "code_unknown", "Task.status"),
        ({"status": 3}, "element_missing", "Task.status"),
        ({"identifier": None}, "identifier_missing", "Task.identifier"),
        ({"identifier": "x"}, "wrong_type", "Task.identifier"),
        ({"identifier": [{"system": systemes.ORIENTATION, "value": "12"}]}, "identifier_missing", "Task.identifier"),
        ({"identifier": [{"system": systemes.ORIENTATION, "value": ex.ORIENTATION},
                         {"system": systemes.ORIENTATION, "value": ex.ORIENTATION[:-1] + "1"}]}, "identifier_ambiguous", "Task.identifier"),
        ({"meta": None, "lastModified": None}, "version_missing", "Task.meta"),
        ({"meta": "x"}, "wrong_type", "Task.meta"),
        ({"meta": None, "lastModified": "2026-03-05"}, "wrong_instant", "Task.lastModified"),
        ({"meta": None, "lastModified": "2026-13-05T10:00:00Z"}, "wrong_instant", "Task.lastModified"),
        ({"meta": None, "lastModified": "2024-03-05T10:00:00Z"}, "version_out_of_range", "Task.meta"),
        ({"meta": {"versionId": "1"}, "lastModified": None}, "date_missing", "Task.lastModified"),
        ({"statusReason": "x"}, "wrong_type", "Task.statusReason"),
        ({"note": "x"}, "wrong_type", "Task.note"),
    ],
)  # fmt: skip
def test_what_decides_is_strict(champs: dict[str, Any], code: str, chemin: str) -> None:
    with pytest.raises(RessourceRefusee) as refus:
        read_task(_task(**champs))
    assert (refus.value.code, refus.value.chemin) == (code, chemin)
    assert refus.value.diagnostic.endswith(".")


def test_placer_identifier_without_system_is_ours_and_unknown_elements_are_ignored() -> None:
    plac = {"type": {"coding": [{"system": ex.V2_0203, "code": "PLAC"}]}, "value": f"urn:uuid:{ex.ORIENTATION}"}
    lue = read_task(_task(identifier=[plac, "x", {"value": "9"}], inconnu={"a": [1]}, modifierExtension=[{"url": "urn:x"}]))
    assert lue.orientation_id == UUID(ex.ORIENTATION)


def test_merge_keeps_what_neither_side_understands_and_what_the_platform_owns() -> None:
    connue = {**_task(), "extension": [{"url": "urn:a", "valueCode": "1"}, {"url": "urn:b", "valueCode": "2"}], "x-inconnu": {"y": 1},
              "_priority": {"id": "p"}, "statusReason": {"text": "avant"}, "note": [{"text": "une"}], "_status": {"id": "s"}}  # fmt: skip
    recue = {
        "resourceType": "Task", "status": "completed", "meta": {"versionId": "9"}, "for": {"reference": "Patient/autre"},
        "extension": [{"url": "urn:b", "valueCode": "3"}], "note": [{"text": "deux"}], "z-nouveau": True,
        "identifier": [{"type": {"coding": [{"code": "FILL"}]}, "value": "8"}],
    }  # fmt: skip
    fusion = merge_task(connue, recue)
    assert (fusion["status"], fusion["meta"]) == ("completed", {"versionId": "9"})
    assert fusion["for"] == connue["for"]
    assert fusion["extension"] == [{"url": "urn:a", "valueCode": "1"}, {"url": "urn:b", "valueCode": "3"}]
    assert fusion["note"] == [{"text": "une"}, {"text": "deux"}]
    assert fusion["identifier"] == [*connue["identifier"], *recue["identifier"]]
    assert (fusion["x-inconnu"], fusion["z-nouveau"], fusion["_priority"]) == ({"y": 1}, True, {"id": "p"})
    assert not {"statusReason", "_status"} & fusion.keys()
    assert merge_task(fusion, recue) == fusion
    assert merge_task(connue, connue) == connue
