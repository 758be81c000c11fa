"""Properties over invented resources: the check never raises, what we write is accepted and reads back."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import ressources_fhir as ex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pdp.domain.orientation import DISPOSITIFS
from pdp.fhir.controle import check_resource
from pdp.fhir.dossier import check_document
from pdp.fhir.elements import RessourceRefusee
from pdp.fhir.fusion import merge_task
from pdp.fhir.lecture import read_task
from pdp.fhir.rendu import render_annulation, render_orientation
from pdp.partners.contrat import Destinataire, Envoi

ACCEPTEES = ex.acceptees()
FEUILLES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.sampled_from(["#", "#p", "urn:uuid:x", "2026", "Task/1"])
)
CLES = st.one_of(
    st.text(max_size=8), st.sampled_from(["resourceType", "reference", "system", "value", "extension", "url", "contained", "entry"])
)
JSON = st.recursive(FEUILLES, lambda e: st.one_of(st.lists(e, max_size=3), st.dictionaries(CLES, e, max_size=4)), max_leaves=12)
MOTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=40).filter(str.strip)
INSTANTS = st.integers(1_735_800_000, 2_050_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))
REGLAGES = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _places(objet: Any, chemin: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    enfants = objet.items() if isinstance(objet, dict) else enumerate(objet) if isinstance(objet, list) else ()
    return [p for cle, valeur in enfants for p in ((*chemin, cle), *_places(valeur, (*chemin, cle)))]


@REGLAGES
@given(st.data())
def test_check_and_reading_never_raise_on_a_resource_spoilt_anywhere(data: st.DataObject) -> None:
    objet = copy.deepcopy(data.draw(st.sampled_from(ACCEPTEES)))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(_places(objet)))
        parent = objet
        for cle in place[:-1]:
            parent = parent[cle]
        parent[place[-1]] = data.draw(JSON)
    fautes = check_resource(objet, production=data.draw(st.booleans()))
    assert all(f.chemin and f.code and f.raison for f in fautes)
    try:
        evenements = read_task(objet).evenements
    except RessourceRefusee:
        return
    assert all(e.version > 0 and len(e.compte_rendu or "") <= 1000 for e in evenements)


@REGLAGES
@given(JSON)
def test_check_never_raises_on_any_json(objet: Any) -> None:
    assert check_resource(objet) or objet["resourceType"]
    assert check_resource({"resourceType": "Task", "status": objet, "note": objet, "contained": objet})
    assert check_resource({"resourceType": "Bundle", "type": "transaction", "entry": objet}) or objet is not None


@REGLAGES
@given(st.binary(max_size=200))
def test_check_never_raises_on_any_bytes(octets: bytes) -> None:
    assert any(v.fautes for v in check_document(octets))


CONTENUS = st.fixed_dictionaries(
    {},
    optional={
        "nom": MOTS,
        "prenom": MOTS,
        "date_naissance": st.dates().map(str),
        "telephone": MOTS,
        "courriel": st.emails(),
        "arret_debut": st.dates().map(str),
        "emploi": st.dictionaries(MOTS, MOTS, max_size=3),
        "social": st.dictionaries(MOTS, MOTS, max_size=3),
        "champ_nouveau": st.one_of(MOTS, st.lists(MOTS, min_size=1, max_size=2)),
    },
)


@REGLAGES
@given(CONTENUS, MOTS, st.sampled_from(sorted(DISPOSITIFS)), INSTANTS, st.uuids(), MOTS)
def test_what_we_write_is_accepted_and_reads_back(
    contenu: dict[str, Any], motif: str, dispositif: str, emise_at: datetime, orientation: UUID, nom: str
) -> None:
    corps = {
        "orientation_id": str(orientation),
        "dispositif": dispositif,
        "motif": motif,
        "contenu": contenu,
        "emise_at": emise_at.isoformat(),
    }
    cible, envoi = Destinataire("cpam-35", nom, nom=nom, plateforme=nom), Envoi(orientation, "orientation", corps)
    bundle = render_orientation(cible, envoi)
    assert check_resource(bundle) == []
    tache = bundle["entry"][3]["resource"]
    lue = read_task(tache)
    assert (lue.orientation_id, lue.statut_fhir, lue.evenements, lue.survenu_at) == (orientation, "requested", (), emise_at)
    acceptee = {**tache, "status": "accepted", "meta": {"versionId": "2"}}
    assert [e.statut for e in read_task(acceptee, tache).evenements] == ["acceptee"]
    assert merge_task(tache, acceptee) == acceptee
    retrait = Envoi(orientation, "annulation", {"orientation_id": str(orientation), "annulee_at": emise_at.isoformat()})
    chez_lui = {**acceptee, "focus": {"reference": "ServiceRequest/1"}, "for": {"reference": "Patient/1"}, "requester": {"display": nom}}
    assert check_resource(render_annulation(cible, retrait, chez_lui)) == []
