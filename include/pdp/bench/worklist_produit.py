"""*Ma liste* of the product, in the words of the comparison."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from pdp.bench.worklist_affichage import Affichage, Demande, Ligne
from pdp.services import read_ma_liste as produit


def show_produit(conn: Connection, demande: Demande, maintenant: datetime) -> Affichage:
    """The very function the portal calls, then its answer in other words."""
    liste = read(conn, demande, maintenant)
    return Affichage(
        total=liste.total,
        filtrees=liste.filtrees,
        compteurs={c.cle: c.nombre for c in liste.compteurs},
        motifs={c.cle: c.nombre for c in liste.motifs if c.nombre},
        lignes=tuple(_ligne(x, liste.pourquoi[x.signalement_id]) for x in liste.affichees),
        faits=tuple((f.parcours_id, f.motif, f.fermee_at) for f in liste.faits),
    )


def read(conn: Connection, demande: Demande, maintenant: datetime) -> produit.MaListe:
    """One page, as the view asks for it."""
    return produit.read_ma_liste(
        conn, demande.csam_id, maintenant, plateforme_id=demande.plateforme_id, vue=demande.vue, motifs=demande.motifs
    )


def _ligne(x: produit.Ligne, p: produit.Pourquoi) -> Ligne:
    return Ligne(
        parcours_id=x.id,
        statut=x.statut,
        nom=x.nom,
        prenom=x.prenom,
        date_naissance=x.date_naissance,
        arret=None if x.arret_debut is None or x.arret_fin is None else (x.arret_debut, x.arret_fin),
        taches=tuple((t.motif, t.balle, t.echeance_at, t.note, t.manuelle) for t in x.taches),
        essais=x.essais or 0,
        dernier=None if x.dernier_resultat is None or x.dernier_at is None else (x.dernier_resultat, x.dernier_at),
        entretien=None if x.entretien_debut_at is None or x.entretien_fin_at is None else (x.entretien_debut_at, x.entretien_fin_at),
        message_en_echec=x.message_en_echec,
        silence=None if x.silence_motif is None else (x.silence_motif, x.silence_au),
        pourquoi=(
            p.palier,
            p.survenu_le,
            p.mode_decision,
            f"{p.regle_libelle}, version {p.dol_version}" if p.regle_libelle else None,
            f"{p.decideur_prenom} {p.decideur_nom}" if p.decideur_nom else None,
            tuple(m["libelle"] for m in p.motifs or ()),
        ),
    )
