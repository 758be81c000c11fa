"""A row-by-row ORM loop: one person after the other, objects read, objects written, one commit each. On a sample: never the whole."""

from __future__ import annotations

import os
import time
from collections import deque
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import polars as pl
from sqlalchemy import create_engine, make_url, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from pdp.bench.base import ADMIN
from pdp.bench.contexte import DROITS, EPISODES, Contexte
from pdp.bench.memoire import process_peak_mb
from pdp.bench.population import uuid_hexa
from pdp.domain.arret import RISQUES_ABSENCE
from pdp.domain.calendrier import annees_avant

UN_JOUR = timedelta(days=1)


class Base(DeclarativeBase):
    """Mapped classes of this peer only."""


class Arret(Base):
    """A prescription as an ORM sees it."""

    __tablename__ = "arret_prescrit"
    __table_args__ = {"schema": "pdp"}  # noqa: RUF012 - SQLAlchemy's own convention
    id: Mapped[UUID] = mapped_column(primary_key=True)
    assure_id: Mapped[UUID]
    id_avis: Mapped[str]
    date_debut: Mapped[date]
    date_fin: Mapped[date]
    nature: Mapped[str]
    risque: Mapped[str]
    ald: Mapped[bool]
    annule: Mapped[bool]


class EpisodeTrouve(Base):
    """An absence found by the loop."""

    __tablename__ = "episode_orm"
    __table_args__ = {"schema": "bench"}  # noqa: RUF012 - SQLAlchemy's own convention
    assure_id: Mapped[UUID] = mapped_column(primary_key=True)
    debut: Mapped[date] = mapped_column(primary_key=True)
    fin: Mapped[date]
    jours: Mapped[int]


class DroitTrouve(Base):
    """Rights found by the loop."""

    __tablename__ = "droit_orm"
    __table_args__ = {"schema": "bench"}  # noqa: RUF012 - SQLAlchemy's own convention
    assure_id: Mapped[UUID] = mapped_column(primary_key=True)
    ij: Mapped[int]
    epuisement: Mapped[date | None]


def run(contexte: Contexte) -> dict[str, Any]:
    """Seconds of the sample; the caller multiplies, and says so."""
    numeros = np.linspace(0, contexte.personnes - 1, num=min(contexte.echantillon, contexte.personnes), dtype=np.int64)
    identifiants = [UUID(h) for h in uuid_hexa(np.unique(numeros))]
    moteur = create_engine(make_url(os.environ[ADMIN]).set(drivername="postgresql+psycopg"))
    tables = [EpisodeTrouve.__table__, DroitTrouve.__table__]
    with moteur.begin() as conn:
        conn.execute(text("CREATE SCHEMA IF NOT EXISTS bench"))
        Base.metadata.drop_all(conn, tables)
        Base.metadata.create_all(conn, tables)
    with Session(moteur) as session:
        depart = time.perf_counter()
        for identifiant in identifiants:
            _treat(session, identifiant, contexte)
        secondes = time.perf_counter() - depart
        pid = session.scalar(text("SELECT pg_backend_pid()"))
        _export(session, contexte, np.unique(numeros))
    return {"seconds": secondes, "people": len(identifiants), "backend_mb": process_peak_mb(pid)}


def _treat(session: Session, identifiant: UUID, contexte: Contexte) -> None:
    arrets = session.scalars(select(Arret).where(Arret.assure_id == identifiant).order_by(Arret.date_debut, Arret.id_avis)).all()
    comptes = [a for a in arrets if not a.annule]
    for debut, fin, jours in find_episodes([a for a in comptes if a.risque in RISQUES_ABSENCE], contexte.tolerance):
        session.add(EpisodeTrouve(assure_id=identifiant, debut=debut, fin=fin, jours=jours))
    ij, epuisement = count_ij([a for a in comptes if a.risque == "maladie"], contexte)
    session.add(DroitTrouve(assure_id=identifiant, ij=ij, epuisement=epuisement))
    session.commit()


def find_episodes(arrets: list[Arret], tolerance: int) -> list[tuple[date, date, int]]:
    """Intervals merged in order of their first day."""
    episodes: list[tuple[date, date, int]] = []
    for a in arrets:
        longueur = (a.date_fin - a.date_debut).days + 1
        if episodes and (a.date_debut - episodes[-1][1]).days - 1 <= tolerance:
            debut, fin, jours = episodes[-1]
            nouveaux = max(0, (a.date_fin - max(a.date_debut, fin + UN_JOUR)).days + 1)
            episodes[-1] = (debut, max(fin, a.date_fin), jours + nouveaux)
        else:
            episodes.append((a.date_debut, a.date_fin, longueur))
    return episodes


def count_ij(arrets: list[Arret], contexte: Contexte) -> tuple[int, date | None]:
    """Walk of the covered days: chains, waiting period, cap over the rolling years."""
    consommes: deque[date] = deque()
    epuisement, precedent, carence = None, None, 0
    for jour in sorted({a.date_debut + timedelta(days=n) for a in arrets for n in range((a.date_fin - a.date_debut).days + 1)}):
        couvrants = [a for a in arrets if a.date_debut <= jour <= a.date_fin]
        if precedent is None or (jour - precedent).days - 1 > contexte.reprise or _opens_chain(couvrants, jour, precedent):
            carence = contexte.carence
        precedent = jour
        if carence:
            carence -= 1
        elif not all(a.ald for a in couvrants):
            pleine = _count(consommes, jour, contexte.fenetre) >= contexte.plafond
            if not pleine:
                consommes.append(jour)
            if epuisement is None and jour >= contexte.jour and _count(consommes, jour, contexte.fenetre) >= contexte.plafond:
                epuisement = jour
    return _count(consommes, contexte.jour, contexte.fenetre), epuisement


def _opens_chain(couvrants: list[Arret], jour: date, precedent: date) -> bool:
    return not any(a.date_debut <= precedent for a in couvrants) and all(a.nature == "initiale" for a in couvrants if a.date_debut == jour)


def _count(jours: deque[date], jour: date, annees: int) -> int:
    depuis = annees_avant(jour, annees)
    return sum(depuis < j <= jour for j in jours)


def _export(session: Session, contexte: Contexte, numeros: np.ndarray[Any, Any]) -> None:
    sortie = contexte.sortie("orm_loop")
    sortie.mkdir(parents=True, exist_ok=True)
    numero = {UUID(h): int(n) for h, n in zip(uuid_hexa(numeros), numeros, strict=True)}
    episodes = [(numero[e.assure_id], e.debut, e.fin, e.jours) for e in session.scalars(select(EpisodeTrouve))]
    droits = [(numero[d.assure_id], d.ij, d.epuisement) for d in session.scalars(select(DroitTrouve))]
    pl.DataFrame(episodes, schema={"personne": pl.Int64, "debut": pl.Date, "fin": pl.Date, "jours": pl.Int64}, orient="row").write_parquet(
        sortie / EPISODES
    )
    pl.DataFrame(droits, schema={"personne": pl.Int64, "ij": pl.Int64, "epuisement": pl.Date}, orient="row").write_parquet(sortie / DROITS)
    pl.DataFrame({"personne": numeros}).write_parquet(sortie / "personnes.parquet")
