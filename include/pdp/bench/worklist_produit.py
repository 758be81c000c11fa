"""*Ma liste* of the product, in the words of the comparison."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from pdp.bench.worklist_affichage import Affichage, Demande, Ligne
from pdp.services.lignes_liste import Ligne as LigneProduit
from pdp.services.lignes_liste import Pourquoi
from pdp.services.read_ma_liste import MaListe, read_ma_liste


def read(conn: Connection, demande: Demande, maintenant: datetime) -> MaListe:
    """One page, by the very function the view calls."""
    return read_ma_liste(conn, demande.csam_id, maintenant, plateforme_id=demande.plateforme_id, filtres=demande.filtres)


def show_produit(conn: Connection, demande: Demande, maintenant: datetime) -> Affichage:
    """The same answer in other words."""
    liste = read(conn, demande, maintenant)
    facettes = {famille: {c.cle: (c.avec_filtres, c.nombre) for c in choix if c.nombre} for famille, choix in liste.facettes.items()}
    return Affichage(
        total=liste.total,
        filtrees=liste.filtrees,
        compteurs={c.cle: c.nombre for c in liste.compteurs if c.nombre},
        facettes=facettes,
        lignes=tuple(_ligne(x, liste.pourquoi[x.signalement_id]) for x in liste.affichees),
        faits=tuple((f.parcours_id, f.motif, f.genre, f.fait_at) for f in liste.faits),
        fraicheur=(liste.fraicheur.recu_at, liste.fraicheur.detection_at, tuple((p.de, p.a) for p in liste.fraicheur.pannes)),
    )


def _ligne(x: LigneProduit, p: Pourquoi) -> Ligne:
    return Ligne(
        parcours_id=x.id,
        statut=x.statut,
        nom=x.nom,
        prenom=x.prenom,
        date_naissance=x.date_naissance,
        arret=None if x.arret_debut is None or x.arret_fin is None else (x.arret_debut, x.arret_fin),
        taches=tuple((t.motif, t.balle, t.echeance_at, t.note, t.manuelle, t.attente_jusqu_au) for t in x.taches),
        essais=x.essais or 0,
        dernier=None if x.dernier_resultat is None or x.dernier_at is None else (x.dernier_resultat, x.dernier_at),
        entretien=None if x.entretien_debut_at is None or x.entretien_fin_at is None else (x.entretien_debut_at, x.entretien_fin_at),
        message_en_echec=x.message_en_echec,
        silence=None if x.silence_motif is None else (x.silence_motif, x.silence_au),
        retard_detection=x.retard_detection,
        attente=(x.en_attente, x.revient),
        partenaires=frozenset(x.partenaires),
        pourquoi=(
            p.palier,
            p.survenu_le,
            p.mode_decision,
            f"{p.regle_libelle}, version {p.dol_version}" if p.regle_libelle else None,
            f"{p.decideur_prenom} {p.decideur_nom}" if p.decideur_nom else None,
            tuple(m["libelle"] for m in p.motifs or ()),
        ),
    )
