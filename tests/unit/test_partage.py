"""What each recipient may see, and the words of its agreement: one source, dated, never contradictory."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pdp.domain.accord import DESTINATAIRES, describe_fin, keep_ordre, read_etat
from pdp.domain.contenu import CHAMPS, CLASSES, DITS, LIBELLES, RETOURS, build_contenu, drop_classes, keep_classes, list_classes, say_classe
from pdp.domain.partage import ClassePartagee, Partage, Partages, load
from pdp.domain.referentiel import ReferentielInvalide
from pdp.errors import ReferentielIncomplet
from pdp.referentiel import load_partages

JOUR = date(2026, 11, 18)
FAITS = {champ: f"valeur de {champ}" for champs in CHAMPS.values() for champ in champs} | {"nir": "1", "sante": "x", "commune": "35238"}
PERMIS = {
    "accompagnement": {},
    "service_social": {"identite", "contact", "arret", "emploi", "social"},
    "spst": {"identite", "contact", "arret", "emploi"},
    "cap_emploi": {"identite", "contact", "emploi"},
    "psychologue": {"identite", "contact"},
    "medecin_traitant": {"identite", "contact", "arret"},
}


def partage(**champs: Any) -> Partage:
    identite = ClassePartagee("identite", "Savoir qui", "loi", ("nom",))
    base = {"destinataire": "spst", "version": "v1", "texte": "Transmettre {donnees} ?", "pour": "Aider.", "classes": (identite,)}
    return Partage(**(base | champs))


@pytest.mark.parametrize("destinataire", list(DESTINATAIRES))
def test_what_is_read_aloud_is_what_may_be_sent(destinataire: str) -> None:
    p = load_partages().get(destinataire, JOUR, "PF35")
    assert set(p.champs) == set(PERMIS[destinataire])
    envoyes = build_contenu(p.champs, p.cles, FAITS)
    assert set(envoyes) == {champ for champs in p.champs.values() for champ in champs}
    for champ, mots in DITS.items():
        assert (mots in p.lu) is (champ in envoyes), champ
    for classe, mots in RETOURS.items():
        assert (mots in p.lu) is (classe in p.cles), classe
    assert "{" not in p.lu
    assert "aucune conséquence sur vos indemnités" in p.lu
    for mot in ("diagnostic", "score", "contrôler"):
        assert mot not in p.lu


def test_every_word_of_the_vocabulary_is_said() -> None:
    champs = {champ for champs in CHAMPS.values() for champ in champs}
    assert champs == set(LIBELLES) == set(DITS)
    assert set(CHAMPS) | set(RETOURS) == set(CLASSES)
    assert say_classe("identite", CHAMPS["identite"]) == "votre nom, votre prénom et votre date de naissance"
    assert say_classe("social", CHAMPS["social"]) == DITS["social"]


@pytest.mark.parametrize(
    ("jour", "version"),
    [(date(2026, 8, 31), "cap_emploi-2026.1"), (date(2026, 9, 1), "cap_emploi-2026.2"), (date(2030, 1, 1), "cap_emploi-2026.2")],
)
def test_the_text_of_a_day(jour: date, version: str) -> None:
    assert load_partages().get("cap_emploi", jour, "PF35").version == version


def test_a_platform_may_have_its_own_and_nothing_is_guessed() -> None:
    general, local = partage(du=date(2026, 1, 1)), partage(version="v2", plateforme="PF57", du=date(2026, 6, 1), au=date(2026, 6, 30))
    tous = Partages([general, local])
    cas = [
        ("PF57", date(2026, 6, 1), "v2"),
        ("PF57", date(2026, 6, 30), "v2"),
        ("PF57", date(2026, 7, 1), "v1"),
        ("PF35", date(2026, 6, 1), "v1"),
    ]
    for plateforme, jour, version in cas:
        assert tous.get("spst", jour, plateforme).version == version
    for destinataire, jour in (("spst", date(2025, 12, 31)), ("cap_emploi", JOUR)):
        with pytest.raises(ReferentielIncomplet):
            tous.get(destinataire, jour, "PF35")


@pytest.mark.parametrize(
    "lignes",
    [
        [partage(destinataire="employeur")],
        [partage(texte="Transmettre {tout} ?")],
        [partage(texte="Transmettre votre nom ?")],
        [partage(classes=())],
        [partage(classes=(ClassePartagee("sante", "r", "s", ("nom",)),))],
        [partage(classes=(ClassePartagee("identite", "r", "s", ("telephone",)),))],
        [partage(classes=(ClassePartagee("identite", "r", "s"),))],
        [partage(classes=(ClassePartagee("identite", " ", "s", ("nom",)),))],
        [partage(classes=(ClassePartagee("identite", "r", "", ("nom",)),))],
        [partage(classes=(ClassePartagee("identite", "r", "s", ("nom",)),) * 2)],
        [partage(classes=(ClassePartagee("identite", "r", "s", ("nom",)), ClassePartagee("seances", "r", "s")))],
        [partage(classes=(ClassePartagee("identite", "r", "s", ("nom",)), ClassePartagee("seances", "r", "s", ("nom",))))],
        [partage(du=date(2026, 2, 1), au=date(2026, 1, 1))],
        [partage(), partage(destinataire="cap_emploi")],
        [partage(au=date(2026, 1, 1)), partage(version="v2", du=date(2026, 1, 1))],
        [partage(), partage(version="v2")],
    ],
)
def test_faulty_tables_are_refused(lignes: list[Partage]) -> None:
    with pytest.raises(ReferentielInvalide):
        Partages(lignes)


@pytest.mark.parametrize("contenu", ["pas du toml [", '[[partage]]\nversion = "v"\n', '[[partage]]\nversion = "v"\nautre = 1\n'])
def test_faulty_files_are_refused(tmp_path: Path, contenu: str) -> None:
    (tmp_path / "p.toml").write_text(contenu, encoding="utf-8")
    with pytest.raises(ReferentielInvalide):
        load(tmp_path / "p.toml")


def test_a_fingerprint_changes_with_a_word_or_a_field() -> None:
    reference = partage().empreinte
    autre_champ = ClassePartagee("identite", "Savoir qui", "loi", ("nom", "prenom"))
    for p in (partage(texte="Dire {donnees} ?"), partage(pour="Autre."), partage(classes=(autre_champ,)), partage(version="v2")):
        assert p.empreinte != reference
    assert partage(au=date(2027, 1, 1)).empreinte == reference, "a text that ends is the same text"


CONTENU = {"nom": "A", "telephone": "0", "emploi": {"q": "r"}, "social": {"q": "r"}}


def test_content_by_class() -> None:
    p = load_partages().get("service_social", JOUR)
    assert build_contenu(p.champs, ["contact", "identite"], {**FAITS, "courriel": None}) == {
        c: FAITS[c] for c in ("nom", "prenom", "date_naissance", "telephone")
    }
    assert build_contenu(load_partages().get("cap_emploi", JOUR).champs, ["identite", "arret", "seances"], FAITS) == {
        c: FAITS[c] for c in ("nom", "prenom", "date_naissance")
    }, "agreed once, no longer allowed: minimisation wins"
    with pytest.raises(KeyError):
        build_contenu(p.champs, ["sante"], FAITS)
    assert list_classes(CONTENU) == ("identite", "contact", "emploi", "social")
    assert drop_classes(CONTENU, ["social", "arret"]) == {c: CONTENU[c] for c in ("nom", "telephone", "emploi")}
    assert keep_classes(CONTENU, ["identite"]) == {"nom": "A"}
    for fonction in (list_classes, lambda c: drop_classes(c, []), lambda c: keep_classes(c, [])):
        with pytest.raises(KeyError):
            fonction({"nir": "1"})


@pytest.mark.parametrize(
    ("decision", "retire", "expire", "etat"),
    [
        ("accorde", None, None, "accorde"),
        ("accorde", None, JOUR, "accorde"),
        ("accorde", None, date(2026, 11, 17), "expire"),
        ("refuse", None, None, "refuse"),
        ("accorde", "x", date(2026, 11, 17), "retire"),
    ],
)
def test_where_an_agreement_stands(decision: str, retire: Any, expire: date | None, etat: str) -> None:
    assert read_etat(decision, retire, expire, JOUR) == etat


def test_words_of_an_end() -> None:
    assert describe_fin("telephone") == "Par téléphone"
    assert "dossier" in describe_fin("fusion")
    assert describe_fin(None) == ""
    assert keep_ordre(["b", "a", "a"], ["a", "b", "c"]) == ["a", "b"]
