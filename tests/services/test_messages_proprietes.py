"""Whatever a person prefers or refuses, whenever things run: no message in silence, at night, after a refusal, too late, twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

import fabrique
from passerelle import Admin
from pdp.domain.calendrier import is_jour_ferie
from pdp.errors import DonneeInvalide
from pdp.partners import courriel, sms
from pdp.partners.contrat import Classe, Remise
from pdp.services.send_outbox import send_due
from pdp.services.write_message import write_message

PARIS = ZoneInfo("Europe/Paris")
DEBUT = datetime(2026, 12, 21, 12, 0, tzinfo=UTC)  # the week of Christmas: a holiday, a Sunday, nights
CANAUX = ("sms", "courriel", "courrier")
Sous = st.sets(st.sampled_from(CANAUX), max_size=3).map(sorted)
MODELES = ("rappelez_nous", "injoignable", "annulation_rendez_vous", "rappel_rendez_vous")


@dataclass(frozen=True)
class Vie:
    """What is drawn: settings of the person before and after the message is written, and when things run (hours from DEBUT)."""

    telephone: str | None
    courriel: str | None
    prefere: str
    refus_flux: list[str]
    refus_dit: list[str]
    refus_apres: list[str]
    silence: tuple[int, int] | None
    modele: str
    ecrit: int
    pas_avant: int
    trop_tard: int | None
    passages: list[int] = field(default_factory=list)


VIES = st.builds(
    Vie,
    telephone=st.sampled_from(["+33639980000", "+33299123456", "+34600123456", None]),
    courriel=st.sampled_from(["d@exemple.invalid", None]),
    prefere=st.sampled_from(["telephone", *CANAUX]),
    refus_flux=Sous,
    refus_dit=Sous,
    refus_apres=Sous,
    silence=st.none() | st.tuples(st.integers(0, 6), st.integers(0, 3)),
    modele=st.sampled_from(MODELES),
    ecrit=st.integers(0, 48),
    pas_avant=st.integers(0, 72),
    trop_tard=st.none() | st.integers(1, 120),
    passages=st.lists(st.integers(0, 168), min_size=1, max_size=6),
)


@pytest.fixture
def partis(base: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, datetime]]:
    """What reached the outside: channel, key, business instant."""
    liste: list[tuple[str, str, datetime]] = []

    def take_sms(plateforme: str, cle: UUID, numero: str, texte: str, maintenant: datetime) -> Remise:
        liste.append(("sms", str(cle), maintenant))
        return Remise(Classe.REESSAYER, "http_500") if len(liste) % 3 == 0 else Remise(Classe.LIVRE, "http_201")

    def take_mail(cle: UUID, adresse: str, objet: str, corps: str, html: str, maintenant: datetime) -> Remise:
        liste.append(("courriel", str(cle), maintenant))
        return Remise(Classe.LIVRE, "smtp_250")

    monkeypatch.setattr(sms, "deliver", take_sms)
    monkeypatch.setattr(courriel, "deliver", take_mail)
    with fabrique.lot() as conn:
        fabrique.socle(conn)
    return liste


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(vie=VIES)
def test_nothing_leaves_that_should_not(partis: list[tuple[str, str, datetime]], admin: Admin, vie: Vie) -> None:
    partis.clear()
    dossier = _live(admin, vie)
    ecrit_at = DEBUT + timedelta(hours=vie.ecrit)
    trop_tard_at = None if vie.trop_tard is None else ecrit_at + timedelta(hours=vie.trop_tard)
    valeurs = {"jour": "mardi 29 décembre", "heure": "10 h"} if vie.modele.endswith("rendez_vous") else {}
    try:
        with fabrique.lot() as conn:
            for _ in range(2):
                write_message(
                    conn,
                    fabrique.TEST,
                    dossier.parcours,
                    modele=vie.modele,
                    cause="c",
                    maintenant=ecrit_at,
                    valeurs=valeurs,
                    pas_avant=DEBUT + timedelta(hours=vie.pas_avant),
                    trop_tard_at=trop_tard_at,
                )
    except DonneeInvalide:
        raise AssertionError("no channel was asked for: nothing to refuse") from None
    _change(admin, dossier, vie.refus_apres)
    for heures in sorted(vie.passages):
        passage_at = DEBUT + timedelta(hours=heures)
        if passage_at >= ecrit_at:
            send_due(passage_at, lot=5, alea=lambda: 0.0)
    refus = {*vie.refus_flux, *vie.refus_dit, *vie.refus_apres}
    for canal, _, instant in partis:
        local = instant.astimezone(PARIS)
        assert 8 <= local.hour < 20, local
        assert local.weekday() != 6
        assert not is_jour_ferie(local.date())
        assert canal not in refus
        assert canal != "sms" or vie.telephone == "+33639980000"
        assert canal != "courriel" or vie.courriel
        assert instant >= max(ecrit_at + timedelta(seconds=30), DEBUT + timedelta(hours=vie.pas_avant))
        assert trop_tard_at is None or instant < trop_tard_at
        assert not _is_silent(vie, local.date())
    assert len({cle for _, cle, _ in partis}) <= 1
    assert admin.execute("SELECT count(*) FROM pdp.outbox WHERE parcours_id = %s", (dossier.parcours,)).fetchone()[0] <= 1
    _finish(admin)


def _live(admin: Admin, vie: Vie) -> fabrique.Dossier:
    with fabrique.lot() as conn:
        dossier = fabrique.parcours(conn)
        if vie.silence is not None:
            du, au = _days(vie)
            conn.execute(
                text(
                    "INSERT INTO pdp.mise_en_silence (plateforme_id, assure_id, motif, du, au, posee_par, posee_at)"
                    " VALUES ('PF35', :a, 'deuil', :du, :au, :par, :m)"
                ),
                {"a": dossier.assure, "du": du, "au": au, "par": dossier.csam, "m": DEBUT},
            )
        if vie.refus_dit:
            _say(conn, dossier, vie.refus_dit, DEBUT)
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute(
            "UPDATE identite.assure SET telephone = %s, courriel = %s, contact_prefere = %s, contact_refus = %s WHERE id = %s",
            (vie.telephone, vie.courriel, vie.prefere, vie.refus_flux, dossier.assure),
        )
    return dossier


def _change(admin: Admin, dossier: fabrique.Dossier, refus: list[str]) -> None:
    """She refuses more channels after the message was written."""
    if refus:
        with admin.transaction():
            admin.execute("SET LOCAL session_replication_role = replica")
            admin.execute("UPDATE identite.assure SET contact_refus = contact_refus || %s::text[] WHERE id = %s", (refus, dossier.assure))


def _say(conn: Connection, dossier: fabrique.Dossier, refus: list[str], maintenant: datetime) -> None:
    conn.execute(
        text(
            "INSERT INTO pdp.preference_contact (plateforme_id, assure_id, refus, cle_saisie, dit_at, saisi_par)"
            " VALUES ('PF35', :a, :r, :c, :m, :par)"
        ),
        {"a": dossier.assure, "r": refus, "c": uuid4(), "m": maintenant, "par": dossier.csam},
    )


def _days(vie: Vie) -> tuple[date, date]:
    assert vie.silence is not None
    du = DEBUT.date() + timedelta(days=vie.silence[0])
    return du, du + timedelta(days=vie.silence[1])


def _is_silent(vie: Vie, jour: date) -> bool:
    if vie.silence is None:
        return False
    du, au = _days(vie)
    return du <= jour <= au


def _finish(admin: Admin) -> None:
    """The next example starts with an empty outbox to send."""
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute("UPDATE pdp.outbox SET etat = 'rebut' WHERE etat IN ('a_envoyer', 'en_cours')")
