"""Resources as French and American partners write them, all accepted; tests copy one and make it faulty. Every person is invented."""

from __future__ import annotations

from typing import Any

from stdnum import luhn

from pdp.domain.nir import build_nir_synthetique

NIR = build_nir_synthetique(sexe="F", annee=84, mois=3, departement="35", rang=12)
RPPS = "1000123456" + luhn.calc_check_digit("1000123456")
FINESS = "35000123" + luhn.calc_check_digit("35000123")
SIREN = "99999999" + luhn.calc_check_digit("99999999")
SIRET = SIREN + "0001" + luhn.calc_check_digit(SIREN + "0001")
SIRET_LA_POSTE = "35600000049837"
V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
FR_CORE = "https://hl7.fr/ig/fhir/core/StructureDefinition"
BSER = "http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS"
ORIENTATION = "6f1c2a34-5b6d-4e7f-8a90-1b2c3d4e5f60"


def patient() -> dict[str, Any]:
    """fr-core-patient with a qualified INS, its traits, a birth place and a contact."""
    return {
        "resourceType": "Patient",
        "id": "exemple-ins",
        "meta": {"profile": [f"{FR_CORE}/fr-core-patient-ins"], "versionId": "2", "lastUpdated": "2026-03-02T09:15:22.671+01:00"},
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Camille <b>Exemple</b>&nbsp;</p></div>'},
        "extension": [
            {
                "url": f"{FR_CORE}/fr-core-identity-reliability",
                "extension": [
                    {
                        "url": "identityStatus",
                        "valueCoding": {"system": f"{FR_CORE}/fr-core-cs-identity-reliability", "code": "VALI", "display": "Validée"},
                    }
                ],
            },
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
                "valueAddress": {"extension": [{"url": f"{FR_CORE}/fr-core-address-insee-code", "valueCoding": {"code": "35238"}}]},
            },
        ],
        "identifier": [
            {
                "use": "official",
                "type": {"coding": [{"system": f"{FR_CORE}/fr-core-cs-v2-0203", "code": "INS-NIR"}]},
                "system": "urn:oid:1.2.250.1.213.1.4.8",
                "value": NIR,
            }
        ],
        "name": [
            {"use": "official", "family": "EXEMPLE", "given": ["CAMILLE"], "_given": [{"id": "g1"}]},
            {"use": "usual", "text": "Camille"},
        ],
        "telecom": [{"system": "phone", "value": "+33 6 00 00 00 00", "use": "mobile", "rank": 1}],
        "gender": "female",
        "birthDate": "1984-03",
        "_birthDate": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "asked-unknown"}]},
        "deceasedBoolean": False,
        "address": [{"use": "home", "type": "physical", "line": ["1 rue de l'Exemple"], "city": "Rennes", "postalCode": "35000"}],
        "contact": [{"relationship": [{"text": "Conjoint"}], "name": {"family": "EXEMPLE"}}],
        "generalPractitioner": [{"reference": "Practitioner/medecin", "display": "Dr Modèle"}],
        "managingOrganization": {"identifier": {"system": "https://finess.esante.gouv.fr", "value": FINESS}},
    }


def practitioner() -> dict[str, Any]:
    """fr-core-practitioner with RPPS and IDNPS."""
    return {
        "resourceType": "Practitioner",
        "id": "medecin",
        "meta": {"profile": [f"{FR_CORE}/fr-core-practitioner"]},
        "identifier": [
            {"type": {"coding": [{"system": V2_0203, "code": "RPPS"}]}, "system": "https://rpps.esante.gouv.fr", "value": RPPS},
            {"system": "urn:oid:1.2.250.1.71.4.2.1", "value": f"8{RPPS}"},
        ],
        "active": True,
        "name": [{"family": "MODELE", "given": ["Dominique"], "prefix": ["MME"], "suffix": ["DR"]}],
        "telecom": [{"system": "email", "value": "dominique.modele@exemple.mssante.fr", "use": "work"}],
        "qualification": [{"code": {"coding": [{"system": "https://mos.esante.gouv.fr/NOS/TRE_G15", "code": "10"}]}}],
    }


def organization() -> dict[str, Any]:
    """fr-core-organization with FINESS, IDNST and SIRET (La Poste's too, whose key is another)."""
    return {
        "resourceType": "Organization",
        "id": "spst",
        "identifier": [
            {"system": "https://finess.esante.gouv.fr", "value": FINESS},
            {"system": "urn:oid:1.2.250.1.71.4.2.2", "value": f"1{FINESS}"},
            {"system": "urn:oid:1.2.250.1.71.4.2.2", "value": f"3{SIRET}"},
            {"system": "https://sirene.fr", "value": SIRET},
            {"system": "https://sirene.fr", "value": SIREN},
            {"system": "https://sirene.fr", "value": SIRET_LA_POSTE},
        ],
        "active": True,
        "name": "Service de prévention et de santé au travail de l'Exemple",
        "telecom": [{"system": "phone", "value": "02 00 00 00 00", "use": "work"}],
        "address": [{"use": "work", "postalCode": "35000", "city": "Rennes"}],
    }


def service_request() -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "id": "demande",
        "contained": [{"resourceType": "Patient", "id": "p", "name": [{"family": "Exemple"}]}],
        "identifier": [{"system": "urn:pdp:orientation", "value": ORIENTATION}],
        "status": "active",
        "intent": "order",
        "priority": "routine",
        "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "409073007", "display": "Education"}]}],
        "code": {"text": "Maintien dans l'emploi"},
        "orderDetail": [{"text": "Visite de préreprise"}],
        "subject": {"reference": "#p"},
        "occurrencePeriod": {"start": "2026-03-10", "end": "2026-06-30"},
        "authoredOn": "2026-03-02T09:15:22+01:00",
        "requester": {"type": "Organization", "display": "Plateforme"},
        "performer": [{"reference": "Organization/spst"}],
        "reasonCode": [{"text": "Reprise souhaitée, poste à adapter"}],
    }


def task() -> dict[str, Any]:
    """A referral Task in the manner of BSeR: placer and filler identifiers, business status, note, output, extensions of a partner."""
    return {
        "resourceType": "Task",
        "id": "tache",
        "meta": {
            "versionId": "3",
            "lastUpdated": "2026-03-05T10:00:00.671Z",
            "profile": ["http://hl7.org/fhir/us/bser/StructureDefinition/BSeR-ReferralTask"],
        },
        "extension": [{"url": "https://partenaire.example/dossier", "valueString": "D-2026-17"}],
        "identifier": [
            {"type": {"coding": [{"system": V2_0203, "code": "PLAC"}]}, "system": "urn:pdp:orientation", "value": ORIENTATION},
            {
                "type": {"coding": [{"system": V2_0203, "code": "FILL"}]},
                "value": "77777777",
                "assigner": {"reference": "Organization/spst"},
            },
        ],
        "status": "accepted",
        "businessStatus": {"coding": [{"system": BSER, "code": "3.0", "display": "Service Request Accepted"}]},
        "intent": "order",
        "code": {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}]},
        "focus": {"reference": "ServiceRequest/demande"},
        "for": {"reference": "Patient/exemple-ins"},
        "authoredOn": "2026-03-02T09:15:22+01:00",
        "lastModified": "2026-03-05T10:00:00.671Z",
        "requester": {"reference": "PractitionerRole/csam"},
        "owner": {"reference": "Organization/spst"},
        "note": [{"time": "2026-03-05T10:00:00Z", "authorString": "Accueil du service", "text": "Dossier ouvert."}],
        "input": [{"type": {"text": "Type de contrat"}, "valueString": "CDI"}],
        "output": [{"type": {"text": "Compte rendu"}, "valueString": "Première étape faite."}],
    }


def appointment() -> dict[str, Any]:
    return {
        "resourceType": "Appointment",
        "id": "rdv",
        "status": "booked",
        "start": "2026-03-20T14:00:00+01:00",
        "end": "2026-03-20T14:30:00+01:00",
        "minutesDuration": 30,
        "participant": [
            {"actor": {"reference": "Patient/exemple-ins"}, "required": "required", "status": "accepted"},
            {"type": [{"text": "Infirmier"}], "status": "needs-action", "period": {"start": "2026-03-20", "end": "2026-03-20"}},
        ],
    }


def bundle() -> dict[str, Any]:
    """Transaction whose entries point to each other by ``urn:uuid``."""
    demande, tache, personne = service_request(), task(), patient()
    adresses = [f"urn:uuid:0000000{n}-0000-4000-8000-000000000000" for n in range(3)]
    for ressource in (demande, tache, personne):
        del ressource["id"]
    del demande["contained"]
    demande["subject"] = tache["for"] = {"reference": adresses[2], "type": "Patient"}
    tache["focus"] = {"reference": adresses[0]}
    paires = zip(adresses, (demande, tache, personne), strict=True)
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"fullUrl": a, "resource": r, "request": {"method": "POST", "url": r["resourceType"]}} for a, r in paires],
    }


def consent() -> dict[str, Any]:
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": "Patient/exemple-ins"},
        "dateTime": "2026-03-01",
        "policyRule": {"text": "Accord oral recueilli au téléphone"},
        "provision": {"type": "permit", "period": {"start": "2026-03-01", "end": "2026-09-01"}},
    }


def observation() -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "subject": {"reference": "https://serveur.example/fhir/Patient/7"},
        "effectiveDateTime": "2026-03-01T08:00:00.123456789Z",
        "referenceRange": [{"text": "habituelle", "low": {"value": 60}, "high": {"value": 90}}],
        "component": [
            {
                "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
                "valueQuantity": {"value": 120.0, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
            },
            {"code": {"text": "rapport"}, "valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}},
        ],
    }


def probleme() -> dict[str, Any]:
    systeme = "http://terminology.hl7.org/CodeSystem/condition"
    return {
        "resourceType": "Condition",
        "subject": {"reference": "Patient/exemple-ins"},
        "clinicalStatus": {"coding": [{"system": "urn:local", "code": "x"}, {"system": f"{systeme}-clinical", "code": "remission"}]},
        "verificationStatus": {"coding": [{"system": f"{systeme}-ver-status", "code": "confirmed"}]},
        "abatementDateTime": "2026-02",
    }


def piece() -> dict[str, Any]:
    contenu = {"attachment": {"contentType": "application/pdf; charset=binary", "data": "JVBERi0="}}
    return {"resourceType": "DocumentReference", "status": "current", "content": [contenu]}


def autres() -> list[dict[str, Any]]:
    """Other types of R4, among them some that R4B dropped or remade."""
    return [
        {"resourceType": "Slot", "schedule": {"reference": "Schedule/1"}, "status": "free", "start": "2026-03-20T13:00:00Z",
         "end": "2026-03-20T13:30:00Z"},
        {"resourceType": "Schedule", "actor": [{"reference": "Practitioner/medecin"}]},
        {"resourceType": "Communication", "status": "completed", "payload": [{"contentString": "Bonjour"}]},
        {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "business-rule", "diagnostics": "Non"}]},
        {"resourceType": "Parameters",
         "parameter": [{"name": "a", "valueString": "b"}, {"name": "c", "part": [{"name": "d", "valueCode": "e"}]}]},
        {"resourceType": "QuestionnaireResponse", "status": "completed",
         "item": [{"linkId": "1", "answer": [{"valueBoolean": True, "item": [{"linkId": "1.1"}]}]}]},
        {"resourceType": "Evidence", "status": "draft", "exposureBackground": {"reference": "EvidenceVariable/1"}},
        {"resourceType": "MedicinalProduct", "name": [{"productName": "Exemple"}]},
    ]  # fmt: skip


def acceptees() -> list[dict[str, Any]]:
    """Every accepted example."""
    return [
        patient(), practitioner(), organization(), service_request(), task(), appointment(), bundle(), consent(), observation(), probleme(),
        piece(), *autres(),
    ]  # fmt: skip
