"""A case as everybody sees it, to compare it with itself later."""

from __future__ import annotations

from typing import Any

import psycopg

import fabrique

# What people and programs see of a case. A row entered in error, and a reason opened by an act taken back, are history, not the case.
_DUMP = {
    "parcours": "SELECT id, statut, clos_at, cloture_motif, csam_id, dernier_evenement_at FROM pdp.parcours WHERE assure_id = %(a)s",
    "taches": "SELECT id, motif, cause, echeance_at, balle, note, fermee_at, fermee_par, issue, retard_jours, silence_id,"
    " echeance_avant_at, attente_raison, attente_du_at, attente_jusqu_au, attente_cumul_jours FROM pdp.tache"
    " WHERE parcours_id = %(p)s AND issue IS DISTINCT FROM 'annulee'",
    "contacts": "SELECT id, resultat, survenu_at FROM pdp.contact WHERE parcours_id = %(p)s AND saisie_par_erreur_at IS NULL",
    "tele_echanges": "SELECT id, statut, debut_at, csam_id, renseigne_at, emploi, social, synthese FROM pdp.tele_echange"
    " WHERE parcours_id = %(p)s AND saisie_par_erreur_at IS NULL",
    "sante": "SELECT tele_echange_id, reponses FROM medical.sante_declaree WHERE parcours_id = %(p)s",
    "accords": "SELECT id, destinataire, partenaire_id, decision, texte_version, retire_at, retrait_canal, classes, classes_retirees"
    " FROM pdp.accord"
    " WHERE parcours_id = %(p)s AND saisie_par_erreur_at IS NULL",
    "retraits": "SELECT r.id, r.accord_id, r.classes FROM pdp.accord_retrait r JOIN pdp.accord a ON a.id = r.accord_id"
    " WHERE a.parcours_id = %(p)s AND r.saisie_par_erreur_at IS NULL",
    "orientations": "SELECT id, statut, repondue_at, envoyee_at, accord_id, contenu, classes FROM pdp.orientation"
    " WHERE parcours_id = %(p)s AND saisie_par_erreur_at IS NULL",
    "messages": "SELECT id, type, etat, dernier_code FROM pdp.outbox"
    " WHERE parcours_id = %(p)s AND dernier_code IS DISTINCT FROM 'saisie_annulee'",
    "seances": "SELECT id, seance_le FROM pdp.seance_psy WHERE parcours_id = %(p)s AND saisie_par_erreur_at IS NULL",
    "psy": "SELECT resultat, eligibilite, fenetre_au, enregistre_par, enregistre_at, arrete_le, arret_motif"
    " FROM pdp.soutien_psy"
    " WHERE parcours_id = %(p)s AND saisie_par_erreur_at IS NULL",
    "issues": "SELECT id, jalon, situation FROM pdp.issue WHERE parcours_id = %(p)s AND annule_at IS NULL",
    "silences": "SELECT id, motif, du, au, courante, levee_at, levee_par FROM pdp.mise_en_silence"
    " WHERE assure_id = %(a)s AND saisie_par_erreur_at IS NULL",
    "alertes": "SELECT id, type, cause, decide_at, decision FROM pdp.alerte WHERE assure_id = %(a)s AND retiree_at IS NULL",
    "verdicts": "SELECT id, verdict, motif FROM pdp.verdict_detection WHERE signalement_id = %(s)s AND annule_at IS NULL",
    "paroles": "SELECT id FROM identite.coordonnee_dite WHERE assure_id = %(a)s AND retiree_at IS NULL",
}


def dump(admin: psycopg.Connection[Any], dossier: fabrique.Dossier) -> dict[str, list[tuple[Any, ...]]]:
    """The case, table by table."""
    qui = {"p": dossier.parcours, "a": dossier.assure, "s": dossier.signalement}
    return {nom: sorted(admin.execute(requete, qui).fetchall(), key=str) for nom, requete in _DUMP.items()}


def list_ecarts(trouve: dict[str, list[tuple[Any, ...]]], attendu: dict[str, list[tuple[Any, ...]]]) -> list[str]:
    """Rows on one side only, readable when a test fails."""
    return [
        f"{signe} {table} {ligne}"
        for table in attendu
        for signe, ici, ailleurs in (("+", trouve, attendu), ("-", attendu, trouve))
        for ligne in ici[table]
        if ligne not in ailleurs[table]
    ]
