"""The same rows as objects of an ORM, for the peers of ``bench worklist``: tables mapped as they are, relations that only read."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """Mapped classes of these peers only."""


class Agent(Base):
    __tablename__ = "agent"
    __table_args__ = {"schema": "pdp"}  # noqa: RUF012 - SQLAlchemy's own convention
    id: Mapped[UUID] = mapped_column(primary_key=True)
    nom: Mapped[str]
    prenom: Mapped[str]


class Regle(Base):
    __tablename__ = "dol_regle"
    __table_args__ = {"schema": "pdp"}  # noqa: RUF012 - SQLAlchemy's own convention
    id: Mapped[UUID] = mapped_column(primary_key=True)
    libelle: Mapped[str]


class Version(Base):
    __tablename__ = "dol_version"
    __table_args__ = {"schema": "pdp"}  # noqa: RUF012 - SQLAlchemy's own convention
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]


class Raison(Base):
    __tablename__ = "signalement_motif"
    __table_args__ = {"schema": "pdp"}  # noqa: RUF012 - SQLAlchemy's own convention
    signalement_id: Mapped[UUID] = mapped_column(ForeignKey("pdp.signalement.id"), primary_key=True)
    regle: Mapped[str] = mapped_column(primary_key=True)
    libelle: Mapped[str]
    points: Mapped[int]


class Signalement(Base):
    __tablename__ = "signalement"
    __table_args__ = {"schema": "pdp"}  # noqa: RUF012 - SQLAlchemy's own convention
    id: Mapped[UUID] = mapped_column(primary_key=True)
    palier: Mapped[int]
    survenu_le: Mapped[date]
    mode_decision: Mapped[str | None]
    motif_decision: Mapped[str | None]
    decide_par: Mapped[UUID | None] = mapped_column(ForeignKey("pdp.agent.id"))
    dol_regle_id: Mapped[UUID | None] = mapped_column(ForeignKey("pdp.dol_regle.id"))
    dol_version_id: Mapped[UUID | None] = mapped_column(ForeignKey("pdp.dol_version.id"))
    raisons: Mapped[list[Raison]] = relationship(viewonly=True)
    decideur: Mapped[Agent | None] = relationship(viewonly=True)
    regle: Mapped[Regle | None] = relationship(viewonly=True)
    version: Mapped[Version | None] = relationship(viewonly=True)


class Absence(Base):
    __tablename__ = "episode"
    __table_args__ = {"schema": "pdp"}  # noqa: RUF012 - SQLAlchemy's own convention
    id: Mapped[UUID] = mapped_column(primary_key=True)
    assure_id: Mapped[UUID] = mapped_column(ForeignKey("identite.assure.id"))
    debut: Mapped[date]
    fin: Mapped[date]
    etat: Mapped[str]


class Silence(Base):
    __tablename__ = "mise_en_silence"
    __table_args__ = {"schema": "pdp"}  # noqa: RUF012 - SQLAlchemy's own convention
    id: Mapped[UUID] = mapped_column(primary_key=True)
    assure_id: Mapped[UUID] = mapped_column(ForeignKey("identite.assure.id"))
    motif: Mapped[str]
    du: Mapped[date]
    au: Mapped[date | None]
    courante: Mapped[bool]
    posee_at: Mapped[datetime]
    levee_at: Mapped[datetime | None]


class Assure(Base):
    __tablename__ = "assure"
    __table_args__ = {"schema": "identite"}  # noqa: RUF012 - SQLAlchemy's own convention
    id: Mapped[UUID] = mapped_column(primary_key=True)
    nom: Mapped[str]
    prenom: Mapped[str]
    date_naissance: Mapped[date]
    # what the partial indexes hold: otherwise a peer would read whole tables for each person
    absences: Mapped[list[Absence]] = relationship(
        viewonly=True, primaryjoin="and_(Absence.assure_id == Assure.id, Absence.etat == 'courant')"
    )
    silences: Mapped[list[Silence]] = relationship(
        viewonly=True, primaryjoin="and_(Silence.assure_id == Assure.id, Silence.levee_at.is_(None))"
    )


class Tache(Base):
    __tablename__ = "tache"
    __table_args__ = {"schema": "pdp"}  # noqa: RUF012 - SQLAlchemy's own convention
    id: Mapped[UUID] = mapped_column(primary_key=True)
    parcours_id: Mapped[UUID] = mapped_column(ForeignKey("pdp.parcours.id"))
    motif: Mapped[str]
    balle: Mapped[str]
    echeance_at: Mapped[datetime]
    note: Mapped[str | None]
    origine: Mapped[str]
    ouverte_at: Mapped[datetime]
    echeance_avant_at: Mapped[datetime | None]
    attente_jusqu_au: Mapped[date | None]
    attente_balle: Mapped[str | None]
    fermee_at: Mapped[datetime | None]
    fermee_par: Mapped[str | None]
    parcours: Mapped[Parcours] = relationship(viewonly=True)


class Contact(Base):
    __tablename__ = "contact"
    __table_args__ = {"schema": "pdp"}  # noqa: RUF012 - SQLAlchemy's own convention
    id: Mapped[UUID] = mapped_column(primary_key=True)
    parcours_id: Mapped[UUID] = mapped_column(ForeignKey("pdp.parcours.id"))
    survenu_at: Mapped[datetime]
    resultat: Mapped[str]
    saisie_par_erreur_at: Mapped[datetime | None]


class Entretien(Base):
    __tablename__ = "tele_echange"
    __table_args__ = {"schema": "pdp"}  # noqa: RUF012 - SQLAlchemy's own convention
    id: Mapped[UUID] = mapped_column(primary_key=True)
    parcours_id: Mapped[UUID] = mapped_column(ForeignKey("pdp.parcours.id"))
    debut_at: Mapped[datetime]
    fin_at: Mapped[datetime]
    statut: Mapped[str]


class Message(Base):
    __tablename__ = "outbox"
    __table_args__ = {"schema": "pdp"}  # noqa: RUF012 - SQLAlchemy's own convention
    id: Mapped[UUID] = mapped_column(primary_key=True)
    parcours_id: Mapped[UUID] = mapped_column(ForeignKey("pdp.parcours.id"))
    etat: Mapped[str]


class Orientation(Base):
    __tablename__ = "orientation"
    __table_args__ = {"schema": "pdp"}  # noqa: RUF012 - SQLAlchemy's own convention
    id: Mapped[UUID] = mapped_column(primary_key=True)
    parcours_id: Mapped[UUID] = mapped_column(ForeignKey("pdp.parcours.id"))
    dispositif: Mapped[str]
    statut: Mapped[str]


class Acte(Base):
    __tablename__ = "acte"
    __table_args__ = {"schema": "pdp"}  # noqa: RUF012 - SQLAlchemy's own convention
    id: Mapped[UUID] = mapped_column(primary_key=True)
    parcours_id: Mapped[UUID] = mapped_column(ForeignKey("pdp.parcours.id"))
    agent_id: Mapped[UUID]
    genre: Mapped[str]
    fait_at: Mapped[datetime]
    annule_at: Mapped[datetime | None]
    parcours: Mapped[Parcours] = relationship(viewonly=True)


class Passage(Base):
    __tablename__ = "passage"
    __table_args__ = {"schema": "pdp"}  # noqa: RUF012 - SQLAlchemy's own convention
    id: Mapped[str] = mapped_column(primary_key=True)
    dag: Mapped[str]
    tache: Mapped[str]
    instant_metier: Mapped[datetime]
    fin_at: Mapped[datetime | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Fichier(Base):
    __tablename__ = "flux_fichier"
    __table_args__ = {"schema": "pdp"}  # noqa: RUF012 - SQLAlchemy's own convention
    id: Mapped[UUID] = mapped_column(primary_key=True)
    flux: Mapped[str]
    etat: Mapped[str]
    recu_at: Mapped[datetime]


class Parcours(Base):
    __tablename__ = "parcours"
    __table_args__ = {"schema": "pdp"}  # noqa: RUF012 - SQLAlchemy's own convention
    id: Mapped[UUID] = mapped_column(primary_key=True)
    assure_id: Mapped[UUID] = mapped_column(ForeignKey("identite.assure.id"))
    signalement_id: Mapped[UUID] = mapped_column(ForeignKey("pdp.signalement.id"))
    statut: Mapped[str]
    csam_id: Mapped[UUID | None]
    priorite: Mapped[int]
    survenu_le: Mapped[date]
    connu_at: Mapped[datetime]
    decide_at: Mapped[datetime]
    clos_at: Mapped[datetime | None]
    assure: Mapped[Assure] = relationship(viewonly=True)
    signalement: Mapped[Signalement] = relationship(viewonly=True)
    taches: Mapped[list[Tache]] = relationship(
        viewonly=True, primaryjoin="and_(Tache.parcours_id == Parcours.id, Tache.fermee_at.is_(None))"
    )
    contacts: Mapped[list[Contact]] = relationship(viewonly=True)
    entretiens: Mapped[list[Entretien]] = relationship(viewonly=True)
    messages: Mapped[list[Message]] = relationship(viewonly=True)
    orientations: Mapped[list[Orientation]] = relationship(viewonly=True)
