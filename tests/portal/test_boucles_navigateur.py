"""Each transport from end to end in Chromium, both sides: sent, received, accepted, a meeting, a report, the case closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI

from portal.boucles import RAPPORT, Conseillere, Scene, open_scene, soon
from portal.boucles_partenaires import ETAPES, Cote, Fhir, Lien, Portail
from portal.boucles_sans_ecran import Api, Fichiers, Messagerie
from portal.conftest import Horloge
from portal.donnees import Lieu
from portal.regard import list_defauts

pytestmark = pytest.mark.browser
LUI = "le partenaire"
FAIT = "orientation_repondue"
JOURNAL = "SELECT evenement, donnees->>'statut' FROM journal.evenement WHERE evenement = ANY(%s) ORDER BY id"
REPONSES = [("statut", "recue"), ("statut", "acceptee"), ("rendez_vous", None), ("statut", "en_cours"), ("statut", "realisee")]
COTES: list[type[Cote]] = [Portail, Lien, Fhir, Api, Messagerie, Fichiers]


@pytest.fixture
def scene(
    app: FastAPI, lieu: Lieu, horloge: Horloge, admin: psycopg.Connection[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    with open_scene(app, lieu, horloge, admin, tmp_path, monkeypatch) as scene:
        yield scene


@pytest.mark.parametrize("genre", COTES, ids=[genre.canal for genre in COTES])
def test_the_loop_is_closed_and_both_sides_see_it(scene: Scene, genre: type[Cote]) -> None:
    with ExitStack() as pile:
        cote = genre(scene, pile)
        conseillere = cote.conseillere = Conseillere(scene, genre.type)
        conseillere.orient(cote.partenaire)
        scene.horloge.advance(minutes=1)  # her minute to take it back is over
        cote.deliver()
        conseillere.check_relais("Envoyée", ["Envoyée"], LUI)
        _play(scene, cote, conseillere)
        conseillere.read_rapport()
        conseillere.close()
        page = cote.check_end()
        conseillere.go(conseillere.fiche)
        assert list_defauts(conseillere.page, f"{genre.canal}_fiche", replier=True) == []
        if page is not None:
            assert list_defauts(page, f"{genre.canal}_partenaire", replier=True) == []
        _check_tables(scene, cote)


def _play(scene: Scene, cote: Cote, conseillere: Conseillere) -> None:
    """What the partner says, step by step, and the coordinator's page after each."""
    recue = ETAPES[:2] if cote.dit_recue else ETAPES[:1]
    _step(scene, cote, cote.receive, attendue=cote.dit_recue)
    conseillere.check_relais("Reçue" if cote.dit_recue else "Envoyée", recue, LUI)
    _step(scene, cote, cote.accept)
    conseillere.check_relais("Acceptée", [*recue, "Acceptée"], LUI)
    _step(scene, cote, lambda: cote.fix_rendez_vous(soon(scene.maintenant)))
    conseillere.check_relais("Acceptée", [*recue, "Acceptée"], "la personne", ["Rendez-vous"])
    _step(scene, cote, cote.begin)
    conseillere.check_relais("Accompagnement en cours", [*recue, "Acceptée", "Rendez-vous", "Nouvelles"], LUI)
    _step(scene, cote, cote.report)
    conseillere.check_relais("Accompagnement terminé", [*recue, *ETAPES[2:]], None)


def _step(scene: Scene, cote: Cote, agir: Callable[[], None], *, attendue: bool = True) -> None:
    scene.horloge.instant += cote.pas
    agir()
    if attendue:
        cote.collect()
    scene.apply()


def _check_tables(scene: Scene, cote: Cote) -> None:
    """One message, one effect of each answer, in order; the case closed."""
    assert scene.read("SELECT statut, compte_rendu FROM pdp.orientation") == [("realisee", RAPPORT)]
    recues = [reponse for reponse in REPONSES if cote.dit_recue or reponse[1] != "recue"]
    attendues = [(nature, statut, cote.canal, "appliquee") for nature, statut in recues]
    assert scene.read("SELECT nature, statut, transport, resultat FROM pdp.inbox ORDER BY version") == attendues
    assert scene.read("SELECT canal, etat, essais FROM pdp.outbox WHERE type = 'orientation'") == [(cote.canal, "livre", 1)]
    assert scene.read("SELECT statut, clos_at IS NOT NULL, cloture_motif FROM pdp.parcours") == [("cloture", True, "reprise_amenagee")]
    assert scene.read("SELECT count(*) FROM pdp.tache WHERE fermee_at IS NULL") == [(0,)]
    suite = [(FAIT if statut else "rendez_vous_partenaire", statut) for _, statut in recues]
    journal = [("orientation_proposee", None), ("orientation_envoyee", None), *suite, ("parcours_clos", None)]
    codes = sorted({evenement for evenement, _ in journal})
    assert scene.read(JOURNAL, codes) == journal
    assert scene.read("SELECT count(*) FROM journal.evenement WHERE evenement = 'reponse_recue'") == [(len(recues),)]
