"""Partners as the tests of routing need them, row by row, and a slow reading of every row: what the set query should say."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

import fabrique
from fabrique import MAINTENANT

JOUR = MAINTENANT.date()
PARIS = ZoneInfo("Europe/Paris")
DEPUIS = MAINTENANT - timedelta(days=365)


def serve(conn: Connection, partenaire: UUID, genre: str, code: str, retire: bool = False) -> None:
    conn.execute(
        text(
            "INSERT INTO pdp.partenaire_desserte (plateforme_id, partenaire_id, genre, code, depuis_at, retire_at)"
            " SELECT plateforme_id, id, :g, :c, :m, CASE WHEN :r THEN cast(:m AS timestamptz) END FROM pdp.partenaire WHERE id = :p"
        ),
        {"p": partenaire, "g": genre, "c": code, "m": MAINTENANT, "r": retire},
    )


def place(conn: Connection, partenaire: UUID, places: int | None, periode: str | None, complet: date | None = None) -> None:
    conn.execute(
        text(
            "INSERT INTO pdp.partenaire_capacite (plateforme_id, partenaire_id, places, periode, complet_jusqu_au, posee_at)"
            " SELECT plateforme_id, id, :n, :u, :c, :m FROM pdp.partenaire WHERE id = :p"
        ),
        {"p": partenaire, "n": places, "u": periode, "c": complet, "m": MAINTENANT},
    )


def close(conn: Connection, partenaire: UUID, du: date, au: date, relais: str | None = None, retiree: bool = False) -> None:
    contact = None
    if relais:
        contact = conn.execute(
            text(
                "INSERT INTO pdp.partenaire_contact (plateforme_id, partenaire_id, nom, rappels, ajoute_at)"
                " SELECT plateforme_id, id, :n, false, :m FROM pdp.partenaire WHERE id = :p RETURNING id"
            ),
            {"p": partenaire, "n": relais, "m": MAINTENANT},
        ).scalar_one()
    conn.execute(
        text(
            "INSERT INTO pdp.partenaire_absence (plateforme_id, partenaire_id, du, au, relais_id, posee_at, retiree_at)"
            " SELECT plateforme_id, id, :du, :au, :r, :m, CASE WHEN :x THEN cast(:m AS timestamptz) END FROM pdp.partenaire WHERE id = :p"
        ),
        {"p": partenaire, "du": du, "au": au, "r": contact, "m": MAINTENANT, "x": retiree},
    )


def orient(
    conn: Connection, dossier: fabrique.Dossier, partenaire: UUID, statut: str, proposee: datetime, reponse_jours: float | None = None
) -> UUID:
    qui = {"p": dossier.parcours, "a": dossier.csam, "m": proposee, "n": partenaire}
    accord = conn.execute(
        text(
            "SELECT a.id FROM pdp.accord a JOIN pdp.partenaire n ON n.type = a.destinataire"
            " WHERE a.parcours_id = :p AND n.id = :n AND a.retire_at IS NULL"
        ),
        qui,
    ).scalar()
    accord = (
        accord
        or conn.execute(
            text(
                "INSERT INTO pdp.accord (plateforme_id, parcours_id, destinataire, decision, finalite, classes, modalite, texte_version,"
                " recueilli_par, recueilli_at) SELECT 'PF35', :p, type, 'accorde', 'essai', '{identite}', 'oral', 'essai', :a, :m"
                " FROM pdp.partenaire WHERE id = :n RETURNING id"
            ),
            qui,
        ).scalar_one()
    )
    ident = conn.execute(
        text(
            "INSERT INTO pdp.orientation (plateforme_id, parcours_id, partenaire_id, dispositif, accord_id, revision, statut, motif,"
            " contenu, propose_par, proposee_at, envoyee_at, reponse_attendue_le, repondue_at, refus_motif)"
            " SELECT 'PF35', :p, id, type, :x, (SELECT 1 + count(*) FROM pdp.orientation WHERE parcours_id = :p), :s, 'm', '{}', :a, :m,"
            " :m, cast(:m AS date) + 14, CASE WHEN :s = 'refusee' THEN cast(:m AS timestamptz) END,"
            " CASE WHEN :s = 'refusee' THEN 'capacite' END FROM pdp.partenaire WHERE id = :n RETURNING id"
        ),
        {**qui, "x": accord, "s": statut},
    ).scalar_one()
    if reponse_jours is not None:
        conn.execute(
            text(
                "INSERT INTO pdp.inbox (plateforme_id, partenaire_id, evenement_id, orientation_id, version, statut, survenu_at, empreinte,"
                " recu_at) VALUES ('PF35', :n, :e, :o, 1, 'acceptee', :q, '\\x00', :q)"
            ),
            {"n": partenaire, "e": str(uuid4()), "o": ident, "q": proposee + timedelta(days=reponse_jours)},
        )
    return ident


def declare(conn: Connection, assure: UUID, genre: str, siret: str, debut: date, valeur: str | None = None, annule: bool = False) -> None:
    conn.execute(
        text(
            "INSERT INTO pdp.fait_dsn (plateforme_id, assure_id, cle, genre, neutre, debut, valeur, siret, nature_declaration, annule,"
            " emis_at, version_empreinte, connu_at, fichier_id) VALUES ('PF35', :a, :c, :g, false, :d, :v, :s, '01', :x, :m, :e, :m, :f)"
        ),
        {
            "a": assure,
            "c": str(uuid4()),
            "g": genre,
            "d": debut,
            "v": valeur,
            "s": siret,
            "x": annule,
            "m": MAINTENANT,
            "e": uuid4().bytes,
            "f": fabrique.fichier(conn),
        },
    )


def read_slowly(
    conn: Connection, dossier: fabrique.Dossier, commune: str, spst: list[str], sirets: list[str]
) -> dict[UUID, dict[str, Any]]:
    """What the set query should say, from every row of every table, one at a time."""

    def rows(table: str, partenaire: UUID) -> list[dict[str, Any]]:
        return [dict(r._mapping) for r in conn.execute(text(f"SELECT * FROM pdp.{table} WHERE partenaire_id = :p"), {"p": partenaire})]

    faits = {}
    for n in conn.execute(text("SELECT * FROM pdp.partenaire WHERE plateforme_id = 'PF35'")):
        if n.actif_du > JOUR or (n.actif_au and n.actif_au < JOUR):
            continue
        dessert = [d for d in rows("partenaire_desserte", n.id) if d["retire_at"] is None]
        zones = sorted((d["code"] for d in dessert if d["genre"] == "zone"), key=len)
        capacite = next((c for c in rows("partenaire_capacite", n.id) if c["remplacee_at"] is None), None)
        orientations = rows("orientation", n.id)
        debut = JOUR - timedelta(days=JOUR.weekday()) if capacite and capacite["periode"] == "semaine" else JOUR.replace(day=1)
        pris = [
            o
            for o in orientations
            if o["statut"] not in ("annulee", "refusee", "expiree") and debut <= o["proposee_at"].astimezone(PARIS).date() <= JOUR
        ]
        absences = [a for a in rows("partenaire_absence", n.id) if a["retiree_at"] is None and a["du"] <= JOUR <= a["au"]]
        derniere = max((a for a in absences if a["contact_id"] is None), key=lambda a: a["au"], default=None)
        contacts = {c["id"]: c["nom"] for c in rows("partenaire_contact", n.id)}
        delais = []
        for o in orientations:
            dites = [
                i["survenu_at"] for i in rows("inbox", n.id) if i["orientation_id"] == o["id"] and i["statut"] in ("acceptee", "refusee")
            ]
            if dites and o["envoyee_at"] >= DEPUIS and o["statut"] != "annulee":
                delais.append(max(0.0, (min(dites) - o["envoyee_at"]).total_seconds() / 86400))
        refus = [o for o in orientations if o["parcours_id"] == dossier.parcours and o["statut"] == "refusee"]
        complet = capacite["complet_jusqu_au"] if capacite else None
        faits[n.id] = {
            "zone": next((z for z in reversed(zones) if commune.startswith(z)), None),
            "zones": bool(zones),
            "spst": any(d["genre"] == "spst" and d["code"] in spst for d in dessert),
            "employeur": any(d["genre"] == "employeur" and d["code"] in (s, s[:9]) for d in dessert for s in sirets),
            "places": capacite["places"] if capacite else None,
            "pris": len(pris) if capacite and capacite["periode"] else 0,
            "complet_jusqu_au": complet if complet and complet >= JOUR else None,
            "ferme_jusqu_au": derniere["au"] if derniere else None,
            "relais": contacts.get(derniere["relais_id"]) if derniere else None,
            "refus": max(refus, key=lambda o: o["repondue_at"])["refus_motif"] if refus else None,
            "delai_nombre": len(delais),
            "delai_jours": round(median(delais), 1) if delais else None,
        }
    return faits
