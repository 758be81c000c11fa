"""10,000 random histories: at every step each open parcours has one next action with an owner and a date, or is in a list of stalls.

What comes next is asked of PostgreSQL and worked out here in plain Python from the same facts; both must say the same for everybody. Then
the real watch sweeps one platform at each step: afterwards only what needs a manager is left without an action to come.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from veille_dossiers import VEILLE

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.domain.attente import RAISONS
from pdp.domain.auteur import Auteur
from pdp.domain.bilan import A_SUIVRE
from pdp.domain.tache import MOTIFS
from pdp.services.read_blocages import Suite, list_bloques, list_regards, list_suites
from pdp.services.sweep_veille import sweep_veille
from pdp.storage import db

HISTOIRES = 10_000
PETITE = 150
"""People of the platform that the watch sweeps."""
ETAPES = 6
PARIS = ZoneInfo("Europe/Paris")
TIERS = ("assure", "partenaire")
OUVERTS = ("affecte", "contact_en_cours", "entretien_realise", "accord_demande", "oriente", "en_accompagnement")


@dataclass
class Raison:
    """An open reason, as the row that holds it."""

    id: UUID
    motif: str
    balle: str
    echeance_at: datetime
    ouverte_at: datetime
    attente: tuple[str, date] | None = None


@dataclass
class Conseiller:
    id: UUID
    plateforme: str
    actif_au: date | None = None
    absences: list[tuple[date, date]] = field(default_factory=list)


@dataclass
class Histoire:
    """What a test knows of a parcours: enough to say what comes next."""

    id: UUID
    plateforme: str
    csam: Conseiller | None
    clos: bool = False
    raisons: dict[UUID, Raison] = field(default_factory=dict)


# -- the oracle: no SQL, no product code but the holder of a wait


def expect(h: Histoire, le: datetime) -> tuple[UUID | None, str | None, datetime | None, str | None]:
    """(reason, who holds it, until when, list of stalls) of an open parcours."""
    jour = le.astimezone(PARIS).date()
    rangees = sorted(h.raisons.values(), key=lambda r: (r.echeance_at, r.ouverte_at, r.id))
    if not rangees:
        return None, None, None, "S05" if h.csam is None else "S01"
    premiere = rangees[0]
    attend = premiere.attente is not None and premiere.attente[1] > jour
    balle = RAISONS[premiere.attente[0]].balle if premiere.attente and attend else premiere.balle
    return premiere.id, balle, premiere.echeance_at, _stall(h, rangees, balle, jour, le)


def _stall(h: Histoire, rangees: list[Raison], balle: str, jour: date, le: datetime) -> str | None:
    if h.csam is None:
        return "S05"
    if h.csam.actif_au is not None and h.csam.actif_au < jour:
        return "S04"
    du = rangees[0].echeance_at.astimezone(PARIS).date()
    if balle == "csam" and any(a <= jour <= b and du <= b for a, b in h.csam.absences):
        return "S04"
    return "S03" if all(r.balle in TIERS and r.echeance_at <= le for r in rangees) else None


# -- random facts, and the rows that say them


class Monde:
    """Histories of a database: each step draws facts for everybody, then writes them in few statements."""

    def __init__(self, admin: psycopg.Connection[Any], graine: int) -> None:
        self.admin, self.hasard = admin, random.Random(graine)
        admin.execute("SET session_replication_role = replica")  # rows as they are: triggers are not what is tested
        with lot() as conn:
            fabrique.socle(conn)
            self.conseillers = [Conseiller(fabrique.agent(conn, plateforme=p), p) for p in ("PF35",) * 12 + ("PF57",) * 6]
        self.histoires = [self._draw(i) for i in range(HISTOIRES)]
        self._write_dossiers()

    def _draw(self, rang: int) -> Histoire:
        plateforme = "PF57" if rang < PETITE else "PF35"
        csam = None if self.hasard.random() < 0.1 else self._pick(plateforme)
        return Histoire(UUID(int=self.hasard.getrandbits(128)), plateforme, csam)

    def _pick(self, plateforme: str) -> Conseiller:
        return self.hasard.choice([c for c in self.conseillers if c.plateforme == plateforme])

    def _write_dossiers(self) -> None:
        lignes = [
            {"id": h.id, "pf": h.plateforme, "csam": h.csam and h.csam.id, "rang": i, "st": self.hasard.choice(OUVERTS), "ag": uuid4()}
            for i, h in enumerate(self.histoires)
        ]
        for requete in (
            "INSERT INTO identite.assure (id, plateforme_id, id_source, nir_chiffre, nir_empreinte, nom, prenom, date_naissance, sexe,"
            " commune_insee, contrat, mis_a_jour_source_at, connu_at)"
            " SELECT ag, pf, 'H' || rang, '\\x00', decode(md5(rang::text), 'hex'), 'H', 'H', '1980-01-01', 'F', '35238', 'salarie',"
            " %(m)s, %(m)s",
            "INSERT INTO pdp.episode (id, plateforme_id, assure_id, premiere_prescription, debut, fin, jours_prescrits, nb_prescriptions,"
            " risque, motif_categorie, connu_at, calcule_at)"
            " SELECT ag, pf, ag, 'H' || rang, %(j)s - 90, %(j)s + 300, 390, 1, 'maladie', 'tms', %(m)s, %(m)s",
            "INSERT INTO pdp.parcours (id, plateforme_id, assure_id, signalement_id, statut, csam_id, priorite, survenu_le, connu_at,"
            " decide_at, dernier_evenement_at)"
            " SELECT id, pf, ag, id, CASE WHEN csam IS NULL THEN 'a_affecter' ELSE st END, csam, 50, %(j)s, %(m)s, %(m)s, %(m)s",
        ):
            self._rows(requete, "id uuid, pf text, csam uuid, rang integer, st text, ag uuid", lignes, m=MAINTENANT, j=MAINTENANT.date())

    def _rows(self, requete: str, colonnes: str, lignes: list[dict[str, Any]], **valeurs: Any) -> None:
        source = f" FROM jsonb_to_recordset(%(lignes)s::jsonb) AS x ({colonnes})"
        self.admin.execute((requete + source).encode(), {"lignes": json.dumps(lignes, default=str), **valeurs})

    def live(self, le: datetime) -> None:
        """One step: staff come and go, reasons open, wait, end, cases are given, left and closed."""
        jour = le.astimezone(PARIS).date()
        self._move_staff(jour)
        ouvertes: list[dict[str, Any]] = []
        fermees: list[UUID] = []
        for h in self.histoires:
            if h.clos:
                continue
            tirage = self.hasard.random()
            if tirage < 0.04:
                h.clos = True
            elif tirage < 0.12:
                h.csam = None if tirage < 0.06 else self._pick(h.plateforme)
            fermees += self._end(h)
            ouvertes += self._open(h, le, jour)
        self._flush(ouvertes, fermees, le)

    def _move_staff(self, jour: date) -> None:
        for c in self.conseillers:
            if self.hasard.random() < 0.08:
                c.actif_au = self.hasard.choice((jour - timedelta(days=1), jour, jour + timedelta(days=3)))
            if self.hasard.random() < 0.3:
                du = jour + timedelta(days=self.hasard.randint(-3, 3))
                if du not in {a for a, _ in c.absences}:
                    c.absences.append((du, du + timedelta(days=self.hasard.randint(0, 12))))
                    self.admin.execute(
                        "INSERT INTO pdp.absence_agent (plateforme_id, agent_id, du, au) VALUES (%s, %s, %s, %s)",
                        (c.plateforme, c.id, *c.absences[-1]),
                    )
            self.admin.execute("UPDATE pdp.agent SET actif_au = %s WHERE id = %s", (c.actif_au, c.id))

    def _end(self, h: Histoire) -> list[UUID]:
        finies = [i for i in h.raisons if h.clos or self.hasard.random() < 0.45]
        for i in finies:
            del h.raisons[i]
        return finies

    def _open(self, h: Histoire, le: datetime, jour: date) -> list[dict[str, Any]]:
        lignes = []
        for _ in range(0 if h.clos else self.hasard.choice((0, 0, 1, 1, 2))):
            motif = self.hasard.choice([m for m in MOTIFS if m not in ("rechute", "suivi_m6", "suivi_m12", "tele_echange")])
            limite = jour + timedelta(days=self.hasard.randint(-9, 25))
            heure = self.hasard.choice((time(0), time(9), time(18), time(23, 59)))
            attente = None
            if self.hasard.random() < 0.2:
                attente = self.hasard.choice(sorted(RAISONS)), jour + timedelta(days=self.hasard.randint(-1, 20))
            r = Raison(
                UUID(int=self.hasard.getrandbits(128)), motif, MOTIFS[motif].balle, datetime.combine(limite, heure, PARIS), le, attente
            )
            h.raisons[r.id] = r
            lignes.append(
                {"id": r.id, "p": h.id, "pf": h.plateforme, "m": motif, "b": r.balle, "e": r.echeance_at.isoformat()}
                | {"ar": attente and attente[0], "aj": attente and attente[1]}
            )
        return lignes

    def _flush(self, ouvertes: list[dict[str, Any]], fermees: list[UUID], le: datetime) -> None:
        self.admin.execute(
            "UPDATE pdp.tache SET fermee_at = %s, fermee_par = 'essai', issue = 'fait' WHERE id = ANY (%s) AND fermee_at IS NULL",
            (le, fermees),
        )
        self._rows(
            "INSERT INTO pdp.tache (id, plateforme_id, parcours_id, motif, balle, echeance_at, cause, origine, ouverte_at, ouverte_par,"
            " attente_raison, attente_du_at, attente_jusqu_au)"
            " SELECT id, pf, p, m, b, e, id::text, 'automatique', %(le)s, 'essai', ar,"
            " CASE WHEN ar IS NOT NULL THEN %(le)s::timestamptz END, aj",
            "id uuid, p uuid, pf text, m text, b text, e timestamptz, ar text, aj date",
            ouvertes,
            le=le,
        )
        lignes = [{"id": h.id, "csam": h.csam and h.csam.id, "clos": h.clos} for h in self.histoires]
        self.admin.execute(
            "UPDATE pdp.parcours p SET csam_id = x.csam, clos_at = CASE WHEN x.clos THEN coalesce(p.clos_at, %(le)s) END,"
            " cloture_motif = CASE WHEN x.clos THEN 'doublon' END,"
            " dernier_evenement_at = CASE WHEN x.clos THEN p.dernier_evenement_at ELSE %(le)s END"
            " FROM jsonb_to_recordset(%(l)s::jsonb) AS x (id uuid, csam uuid, clos boolean) WHERE p.id = x.id"
            " AND p.clos_at IS NULL",
            {"l": json.dumps(lignes, default=str), "le": le},
        )

    def learn(self, plateforme: str) -> None:
        """What the watch wrote becomes what the test knows."""
        csams = {c.id: c for c in self.conseillers}
        connues = {h.id: h for h in self.histoires if h.plateforme == plateforme}
        for ident, csam, clos in self.admin.execute(
            "SELECT id, csam_id, clos_at IS NOT NULL FROM pdp.parcours WHERE plateforme_id = %s", (plateforme,)
        ):
            connues[ident].csam, connues[ident].clos, connues[ident].raisons = csams.get(csam), clos, {}
        for ident, p, *reste, raison, jusqu_au in self.admin.execute(
            "SELECT id, parcours_id, motif, balle, echeance_at, ouverte_at, attente_raison, attente_jusqu_au FROM pdp.tache"
            " WHERE plateforme_id = %s AND fermee_at IS NULL",
            (plateforme,),
        ):
            connues[p].raisons[ident] = Raison(ident, *reste, (raison, jusqu_au) if raison else None)


def _suites(plateforme: str, le: datetime) -> list[Suite]:
    with lot() as conn:
        return list_suites(conn, plateforme, le)


def check_all(monde: Monde, le: datetime, plateformes: tuple[str, ...] = ("PF35", "PF57")) -> dict[str | None, int]:
    """Everybody: one line each, none too many, as the oracle says, held by somebody until a date or in a list. Returns counts by list."""
    suites = [s for plateforme in plateformes for s in _suites(plateforme, le)]
    ouvertes = {h.id: h for h in monde.histoires if not h.clos and h.plateforme in plateformes}
    assert len(suites) == len({s.parcours_id for s in suites}) == len(ouvertes)
    ecarts = [
        (s.parcours_id, obtenu, voulu)
        for s in suites
        if (obtenu := (s.tache_id, s.balle, s.echeance_at, s.blocage)) != (voulu := expect(ouvertes[s.parcours_id], le))
    ]
    assert ecarts[:3] == []
    assert [s for s in suites if not s.is_suivie and s.blocage is None] == []
    return {code: sum(s.blocage == code for s in suites) for code in {s.blocage for s in suites}}


@pytest.mark.parametrize("graine", [62])
def test_every_open_parcours_has_one_next_action_or_is_in_a_list(base: str, admin: psycopg.Connection[Any], graine: int) -> None:
    monde = Monde(admin, graine)
    with lot() as conn:
        responsable = auteur_agent(fabrique.agent(conn, "responsable", "PF57"), "responsable", "PF57")
    vus: set[str | None] = set()
    for etape in range(ETAPES):
        le = MAINTENANT + timedelta(days=4 * etape, hours=etape)
        monde.live(le)
        vus |= set(check_all(monde, le))
        bilans = []
        while not bilans or bilans[-1].detail.get(A_SUIVRE):
            with lot(VEILLE) as conn:
                bilans.append(sweep_veille(conn, "PF57", VEILLE, le))
        assert sum(b.echoues for b in bilans) == 0
        monde.learn("PF57")
        restes = check_all(monde, le, ("PF57",))
        assert set(restes) <= {None, "S04", "S05"}  # what only a manager may settle
        _check_listed(responsable, le)
    assert vus == {None, "S01", "S03", "S04", "S05"}


def _check_listed(responsable: Auteur, le: datetime) -> None:
    """Whoever was left is in the list that the manager opens, and every detector says it looked then."""
    with db.begin_as(responsable, lecture=True) as conn:
        partis = {s.parcours_id for s in list_suites(conn, "PF57", le) if s.blocage == "S04"}
        assert partis <= {b.parcours_id for b in list_bloques(conn, "S04", le)}
        regards = [ligne.regard for ligne in list_regards(conn, le)]
    assert [r.cherche_at for r in regards if r] == [le] * 18
