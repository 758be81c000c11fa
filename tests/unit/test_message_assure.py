"""What the insured person reads: neutral, with the platform's number, in her language, one segment when possible; letters as PDF."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdp.domain.calendrier import is_jour_ferie
from pdp.domain.heures_messages import Plage
from pdp.domain.message import (
    CANAUX,
    MODELES,
    RANGS_REMISE,
    Joignabilite,
    check_valeurs,
    describe_etat,
    find_canal,
    is_remise_suivante,
    list_canaux,
    next_canal,
)
from pdp.domain.sms import measure, to_gsm7
from pdp.errors import DonneeInvalide
from pdp.messages.assure import Apercu, Expediteur, Lecteur, format_telephone, list_langues, render_assure
from pdp.messages.lettre import Lettre, render_lettres

PLATEFORME = Expediteur("Plateforme PDP d'Ille-et-Vilaine", "+33261910035", False)
DEMONSTRATION = Expediteur("Plateforme <35>", "+33261910035", True)
SANTE = re.compile(
    r"arrêt|santé|médec|médic|malad|soin|handicap|invalid|psych|accident|indemni|désinsertion|health|sick|saúde|doen", re.IGNORECASE
)
LANGUES = ("fr", "en", "pt", "es", "it", "ar", "tr", "xx")
TOUT = [(modele, canal) for modele, d in MODELES.items() for canal in d.canaux]


def lire(modele: str, canal: str, langue: str = "fr", expediteur: Expediteur = PLATEFORME, **options: bool) -> Apercu:
    return render_assure(modele, canal, MODELES[modele].exemple, expediteur, Lecteur(langue, **options))


@pytest.mark.parametrize("langue", LANGUES)
@pytest.mark.parametrize(("modele", "canal"), TOUT)
def test_a_message_is_neutral_and_says_who_to_call(modele: str, canal: str, langue: str) -> None:
    for expediteur in (PLATEFORME, DEMONSTRATION):
        apercu = lire(modele, canal, langue, expediteur)
        for partie in (apercu.objet, apercu.texte, apercu.html):
            assert not SANTE.search(partie), SANTE.search(partie)
            assert "{" not in partie
            assert "None" not in partie
        assert "0261910035" in apercu.texte.replace(" ", "")
        demo = bool(re.search(r"\[DEMO\]|fictives", apercu.texte))
        assert demo is expediteur.demonstration
        assert apercu.langue == (langue if langue in list_langues(modele) else "fr")
        lien = MODELES[modele].exemple.get("lien")
        assert lien is None or lien in apercu.texte


@pytest.mark.parametrize("langue", LANGUES)
@pytest.mark.parametrize("modele", MODELES)
def test_html_is_balanced_named_in_its_language_and_holds_no_script(modele: str, langue: str) -> None:
    ouvertes: list[str] = []

    class Lecteur(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag not in ("script", "img", "iframe", "link")
            if tag not in ("meta", "br"):
                ouvertes.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert ouvertes.pop() == tag

    apercu = lire(modele, "courriel", langue, DEMONSTRATION)
    Lecteur().feed(apercu.html)
    assert ouvertes == []
    assert f'<html lang="{apercu.langue}" dir="ltr">' in apercu.html
    assert "Plateforme &lt;35&gt;" in apercu.html


@pytest.mark.parametrize("modele", MODELES)
def test_a_short_message_is_one_segment_in_the_gsm_alphabet(modele: str) -> None:
    taille = measure(lire(modele, "sms").texte)
    assert (taille.alphabet, taille.segments) == ("GSM-7", 1), taille


def test_a_person_who_does_not_read_french_is_told_of_the_interpreter() -> None:
    assert "intérprete puede ayudarle" in lire("confirmation_rendez_vous", "courriel", "es").texte
    assert 'lang="ar" dir="rtl"' in lire("confirmation_rendez_vous", "courriel", "ar").html
    assert "an interpreter can help" in lire("confirmation_rendez_vous", "courrier", "ar").texte, "the letter has no Arabic font"
    assert "an interpreter can help" in lire("confirmation_rendez_vous", "courriel", "tr").texte
    assert "interpreter" not in lire("confirmation_rendez_vous", "courriel").texte


def test_large_print_reaches_the_mail_and_the_letter() -> None:
    assert "font-size: 24px" in lire("rappelez_nous", "courriel", gros=True).html
    apercu = lire("injoignable", "courrier")
    petite, grande = (
        render_lettres([Lettre("A B", None, "P", None, "R", apercu.objet, apercu.texte, date(2026, 11, 18), gros=gros)])
        for gros in (False, True)
    )
    assert petite.count(b"/Type /Page\n") < grande.count(b"/Type /Page\n")


def test_letters_are_the_same_bytes_say_their_language_and_take_any_name() -> None:
    apercu = lire("injoignable", "courrier")
    lettres = [
        Lettre(nom, "12 rue <des> Lilas\n35000 RENNES", "P", "+33261910035", "R", apercu.objet, apercu.texte, date(2026, 11, 1))
        for nom in ("Łukasz Şahin", "Nguyễn Đức 🙂", "Zoë & fils <b>")
    ]
    document = render_lettres(lettres)
    assert document == render_lettres(lettres)
    assert b"/Lang (fr-FR)" in document
    assert document.count(b"/Type /Page\n") == 3
    assert b"/FontFile2" in document, "fonts are embedded"


@pytest.mark.parametrize(
    ("texte", "alphabet", "longueur", "segments"),
    [
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("é" * 160, "GSM-7", 160, 1),
        ("ê" * 70, "UCS-2", 70, 1),
        ("ê" * 71, "UCS-2", 71, 2),
        ("🙂" * 35, "UCS-2", 70, 1),
    ],
)
def test_what_a_text_costs(texte: str, alphabet: str, longueur: int, segments: int) -> None:
    taille = measure(texte)
    assert (taille.alphabet, taille.longueur, taille.segments) == (alphabet, longueur, segments)


def test_nearest_text_in_the_gsm_alphabet() -> None:
    assert to_gsm7("« L’été » : ç, ê, î, œuf… — à") == '" L\'été " : c, e, i, oeuf... - à'
    assert measure(to_gsm7("Être prêt, ça s’apprend : où, là-bas…")).alphabet == "GSM-7"


MODELE, TEL, MEL = "rappelez_nous", "+33639980000", "d@exemple.invalid"
CHOIX = [
    # person, channels best first
    (Joignabilite(TEL, MEL), ["sms", "courriel", "courrier"]),
    (Joignabilite(TEL, MEL, prefere="courriel"), ["courriel", "sms", "courrier"]),
    (Joignabilite(TEL, MEL, prefere="telephone"), ["sms", "courriel", "courrier"]),
    (Joignabilite(TEL, MEL, prefere="sms", refus=frozenset({"sms"})), ["courriel", "courrier"]),
    (Joignabilite(TEL, MEL, morts=frozenset({"sms", "courriel"})), ["courrier"]),
    (Joignabilite("+33299123456", None), ["courrier"]),
    (Joignabilite("+34600123456", None), ["courrier"]),
    (Joignabilite(None, None, refus=frozenset({"courrier"})), []),
]


@pytest.mark.parametrize(("personne", "canaux"), CHOIX)
def test_the_best_channel_neither_refused_nor_dead(personne: Joignabilite, canaux: list[str]) -> None:
    assert list_canaux(MODELE, personne) == canaux
    assert find_canal(MODELE, personne) == (canaux[0] if canaux else None)
    assert next_canal(MODELE, personne, canaux[0] if canaux else "sms") == (canaux[1] if len(canaux) > 1 else None)
    for canal in set(CANAUX) - set(canaux):
        with pytest.raises(DonneeInvalide, match="channel_not_possible") as refus:
            find_canal(MODELE, personne, canal)
        assert refus.value.message.endswith("Rien n'est parti.")


def test_a_letter_comes_first_for_somebody_who_does_not_answer_and_never_for_a_reminder() -> None:
    personne = Joignabilite(TEL, MEL, prefere="sms")
    assert find_canal("injoignable", personne) == "courrier"
    assert list_canaux("rappel_rendez_vous", personne) == ["sms", "courriel"]


@pytest.mark.parametrize(
    ("modele", "valeurs"),
    [
        ("confirmation_rendez_vous", {"jour": "mardi"}),
        ("confirmation_rendez_vous", {"jour": "mardi", "heure": "10 h", "motif": "lombalgie"}),
        ("rappelez_nous", {"note": "votre arrêt"}),
        ("invitation_rendez_vous", {"lien": "", "expire_le": "04/12/2026"}),
        ("annulation_rendez_vous", {"jour": "mardi\nBcc: x", "heure": "10 h"}),
        ("annulation_rendez_vous", {"jour": "m" * 301, "heure": "10 h"}),
    ],
)
def test_values_have_no_door_for_other_words(modele: str, valeurs: dict[str, str]) -> None:
    with pytest.raises(DonneeInvalide, match="message_values"):
        check_valeurs(modele, valeurs)


def test_a_value_is_text_never_a_template() -> None:
    apercu = render_assure("annulation_rendez_vous", "courriel", {"jour": "{lien} <b>", "heure": "{0}"}, PLATEFORME, Lecteur())
    assert "{lien} <b> à {0}" in apercu.texte
    assert "{lien} &lt;b&gt; à {0}" in apercu.html


@pytest.mark.parametrize("recu", RANGS_REMISE)
@pytest.mark.parametrize("actuel", [None, *RANGS_REMISE])
def test_receipts_go_forward_only(actuel: str | None, recu: str) -> None:
    avance = is_remise_suivante(actuel, recu)
    assert avance is ((actuel is None) or (actuel != "echec_definitif" and RANGS_REMISE[recu] > RANGS_REMISE[actuel]))
    assert not (avance and is_remise_suivante(recu, recu))


@pytest.mark.parametrize("etat", ["a_envoyer", "en_cours", "livre", "rebut", "incertain", "rappele"])
@pytest.mark.parametrize("canal", CANAUX)
def test_every_state_has_words(canal: str, etat: str) -> None:
    for remise in (None, *RANGS_REMISE):
        for imprime in (False, True):
            mots, ton = describe_etat(canal, etat, remise, "rappel", 1, imprime)
            assert mots
            assert ton in ("neutre", "attente", "bien", "alerte")


LIEUX = [("metropole", "Europe/Paris"), ("alsace_moselle", "Europe/Paris"), ("reunion", "Indian/Reunion"), ("guyane", "America/Cayenne")]
OUVERTURES = [
    # place, instant in UTC, first allowed instant in UTC
    (0, "2026-11-18T08:00", "2026-11-18T08:00"),
    (0, "2026-11-18T06:59", "2026-11-18T07:00"),
    (0, "2026-11-18T18:59", "2026-11-18T18:59"),
    (0, "2026-11-18T19:00", "2026-11-19T07:00"),
    (0, "2026-11-21T19:00", "2026-11-23T07:00"),  # Saturday evening: not on Sunday
    (0, "2026-12-24T20:00", "2026-12-26T07:00"),
    (1, "2026-12-24T20:00", "2026-12-28T07:00"),  # 26 December is a holiday there, then a Sunday
    (2, "2026-12-19T17:00", "2026-12-21T04:00"),  # 20 December, abolition, is a Sunday; 08:00 there is 04:00 UTC
    (3, "2026-06-10T12:00", "2026-06-11T11:00"),  # 10 June, abolition
    (0, "2026-10-25T00:30", "2026-10-26T07:00"),  # the hour changes that night
]


@pytest.mark.parametrize(("lieu", "instant", "attendu"), OUVERTURES)
def test_first_allowed_instant(lieu: int, instant: str, attendu: str) -> None:
    zone, fuseau = LIEUX[lieu]
    plage = Plage(8, 20, zone, ZoneInfo(fuseau))
    assert plage.next_ouverture(datetime.fromisoformat(instant).replace(tzinfo=UTC)) == datetime.fromisoformat(attendu).replace(tzinfo=UTC)


@given(st.integers(0, 3 * 366 * 24 * 60), st.sampled_from(LIEUX))
def test_nothing_leaves_at_night_on_sundays_or_holidays(minutes: int, lieu: tuple[str, str]) -> None:
    zone, fuseau = lieu
    plage, instant = Plage(8, 20, zone, ZoneInfo(fuseau)), datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ouverture = plage.next_ouverture(instant)
    local = ouverture.astimezone(ZoneInfo(fuseau))
    assert instant <= ouverture <= instant + timedelta(days=6)
    assert 8 <= local.hour < 20
    assert local.weekday() != 6
    assert not is_jour_ferie(local.date(), zone)
    assert plage.next_ouverture(ouverture) == ouverture


def test_numbers_are_written_as_people_say_them() -> None:
    assert format_telephone("+33261910035") == "02 61 91 00 35"
    assert format_telephone("+262262123456") == "+262262123456"
