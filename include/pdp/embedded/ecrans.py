"""The main screens, as one table: who looks, where, and what is done before the picture.

``chemin`` may name in braces an id that ``sql/queries/captures.sql`` finds in the data. Screens of one role are visited in
the order of the table, in one session: a filter stays until another screen clears it.
"""

from __future__ import annotations

from dataclasses import dataclass

Geste = tuple[str, str]  # (clic | ouvrir | clic_a_zero | attendre, CSS selector), or (deposer, file name)


@dataclass(frozen=True)
class Ecran:
    """One screen. ``facultatif``: an ordinary morning may not show it. ``extrait``: height in px of its committed picture."""

    nom: str
    role: str | None
    chemin: str
    gestes: tuple[Geste, ...] = ()
    statut: int = 200
    connecte: bool = True
    facultatif: bool = False
    extrait: int | None = None


ECRANS: tuple[Ecran, ...] = (
    Ecran("connexion", None, "/connexion"),
    Ecran("accessibilite", None, "/accessibilite"),
    Ecran("page_introuvable", None, "/cette-page-n-existe-pas", statut=404),
    Ecran("lien_non_valable", None, "/rendez-vous/lien-inconnu", statut=404),
    Ecran("lien_partenaire_non_valable", None, "/lien/lien-inconnu", statut=404),
    # -- conseiller (CSAM)
    Ecran("ma_liste", "csam", "/ma-liste", extrait=900),
    Ecran("ma_liste_pourquoi", "csam", "/ma-liste", (("ouvrir", "details.pourquoi"),)),
    Ecran("ma_liste_en_retard", "csam", "/ma-liste", (("clic", "button.compteur[value=retard]"),)),
    Ecran("ma_liste_rien_avec_ces_filtres", "csam", "/ma-liste", (("clic_a_zero", "button.compteur:disabled"),), facultatif=True),
    Ecran("ma_liste_filtres_effaces", "csam", "/ma-liste", (("clic", "button[name=geste][value=effacer]"),)),
    Ecran("ma_liste_apercu", "csam", "/ma-liste", (("clic", "a[data-apercu]"), ("attendre", "#apercu"))),
    Ecran("ma_liste_apercu_seul", "csam", "/ma-liste/apercu/{nouveau}"),
    Ecran("ma_liste_vues", "csam", "/ma-liste/vues"),
    Ecran("passations", "csam", "/passations"),
    Ecran("fiche_nouvelle", "csam", "/parcours/{nouveau}"),
    Ecran("fiche_apres_tele_echange", "csam", "/parcours/{entretien_realise}"),
    Ecran("fiche_orientee_reponse", "csam", "/parcours/{reponse}", extrait=1000),
    Ecran("fiche_orientee_refus", "csam", "/parcours/{refus}", facultatif=True),
    Ecran("fiche_close", "csam", "/parcours/{clos}"),
    Ecran("fiche_historique_filtre", "csam", "/parcours/{reponse}?quoi=Orientation"),
    Ecran("fiche_rechute", "csam", "/parcours/{rechute}", facultatif=True),
    Ecran("pourquoi", "csam", "/parcours/{reponse}/pourquoi"),
    Ecran("pourquoi_detection_non_pertinente", "csam", "/parcours/{nouveau}/pourquoi", (("ouvrir", "details.volet"),)),
    Ecran("fiche_silence", "csam", "/parcours/{nouveau}", (("ouvrir", "#silence details"),)),
    Ecran("appel", "csam", "/parcours/{nouveau}/appel", extrait=900),
    Ecran("creneaux", "csam", "/parcours/{nouveau}/creneaux"),
    Ecran("agenda", "csam", "/agenda"),
    Ecran("agenda_horaires", "csam", "/agenda/horaires"),
    Ecran("messages", "csam", "/parcours/{planifie}/messages"),
    Ecran("message_apercu", "csam", "/parcours/{nouveau}/messages/nouveau?modele=injoignable", extrait=900),
    Ecran("bloques", "csam", "/bloques", (("ouvrir", "main details"),)),
    Ecran("courriers", "csam", "/courriers"),
    Ecran("modeles", "csam", "/modeles?modele=invitation_rendez_vous&canal=courriel"),
    Ecran("creneaux_rendez_vous_pris", "csam", "/parcours/{planifie}/creneaux"),
    Ecran("tele_echange_a_renseigner", "csam", "/tele-echanges/{tele_echange_passe}"),
    Ecran("tele_echange_relu", "csam", "/tele-echanges/{tele_echange_realise}"),
    Ecran("accord_a_demander", "csam", "/parcours/{entretien_realise}/accords/service_social"),
    Ecran("accord_donne", "csam", "/parcours/{reponse}/accords/accompagnement"),
    Ecran("accords", "csam", "/parcours/{reponse}/accords", (("ouvrir", "main section:nth-of-type(3) details"),), facultatif=True),
    Ecran("orientations", "csam", "/parcours/{entretien_realise}/orientations"),
    Ecran(
        "orientation_sans_accord",
        "csam",
        "/parcours/{entretien_realise}/orientations",
        (("clic", "main .grille .actions a:nth-of-type(2)"),),
    ),
    Ecran(
        "orientation_apercu",
        "csam",
        "/parcours/{refus}/orientations",
        (("clic", "main .grille a.bouton:not(.secondaire)"),),
        facultatif=True,
    ),
    Ecran("annuaire", "csam", "/partenaires"),
    Ecran("cloture", "csam", "/parcours/{entretien_realise}/cloture"),
    Ecran("issue_6_12_mois", "csam", "/parcours/{clos}/issue"),
    Ecran("mes_saisies", "csam", "/mes-saisies"),
    Ecran("corriger_une_saisie", "csam", "/parcours/{entretien_realise}/corrections", (("ouvrir", "main details"),)),
    Ecran("doublons", "csam", "/parcours/{entretien_realise}/doublons"),
    Ecran("rouvrir_un_parcours", "csam", "/parcours/{clos}/rouvrir"),
    Ecran("aide", "csam", "/aide"),
    # -- partenaire
    Ecran("partenaire_boite", "partenaire", "/partenaire", extrait=900),
    Ecran("partenaire_boite_refuser", "partenaire", "/partenaire", (("ouvrir", "details.volet"),), facultatif=True),
    Ecran("partenaire_boite_en_retard", "partenaire", "/partenaire?quoi=en_retard"),
    Ecran("partenaire_demande", "partenaire", "/partenaire", (("clic", "article h3 a"),)),
    Ecran("partenaire_structure", "partenaire", "/partenaire/structure"),
    # -- médecin-conseil
    Ecran("medecin_dossiers", "medecin_conseil", "/medecin"),
    Ecran("medecin_dossiers_orienter", "medecin_conseil", "/medecin", (("ouvrir", "table details"),)),
    Ecran("medecin_dossier", "medecin_conseil", "/medecin", (("clic", "tbody th a"),)),
    Ecran("medecin_dossier_medical", "medecin_conseil", "/medecin", (("clic", "tbody th a"), ("clic", "form[action$='/medical'] button"))),
    Ecran("medecin_pourquoi", "medecin_conseil", "/medecin", (("clic", "tbody th a"), ("clic", "main a[href$='/pourquoi']"))),
    Ecran("medecin_alertes", "medecin_conseil", "/medecin/alertes", extrait=1400),
    Ecran("medecin_alertes_suites", "medecin_conseil", "/medecin/alertes/suites"),
    Ecran("medecin_document_orientation", "medecin_conseil", "/medecin/document-orientation"),
    Ecran("medecin_document_version", "medecin_conseil", "/medecin/document-orientation/versions/1"),
    Ecran("medecin_document_dossiers", "medecin_conseil", "/medecin/document-orientation/dossiers"),
    Ecran(
        "medecin_document_brouillon",  # begun by the first round, found by the next ones
        "medecin_conseil",
        "/medecin/document-orientation",
        (("clic", "section[aria-labelledby=suite] .bouton:not(.secondaire)"),),
    ),
    Ecran("medecin_document_regle", "medecin_conseil", "/medecin/document-orientation/brouillon/regle"),
    Ecran("medecin_document_essai", "medecin_conseil", "/medecin/document-orientation/essai?mois=12"),
    Ecran("medecin_suivis", "medecin_conseil", "/medecin/suivis"),
    Ecran("medecin_groupes", "medecin_conseil", "/medecin/groupes"),
    Ecran("medecin_groupe", "medecin_conseil", "/medecin/groupes", (("clic", "tbody th a"),)),
    # -- responsable
    Ecran("responsable_equipe", "responsable", "/equipe"),
    Ecran("responsable_pilotage", "responsable", "/equipe/pilotage?mois=12"),
    Ecran("responsable_capacite", "responsable", "/equipe/capacite", (("ouvrir", "details.volet"),), facultatif=True),
    Ecran("responsable_capacite_essai", "responsable", "/equipe/capacite?arrivees=60&part=60"),
    Ecran("responsable_regles_automatiques", "responsable", "/regles-automatiques"),
    Ecran("responsable_organisation", "responsable", "/equipe/organisation", (("ouvrir", "main details"),)),
    Ecran("responsable_affectation", "responsable", "/equipe/affectation"),
    Ecran("responsable_blocages", "responsable", "/equipe/blocages"),
    Ecran("responsable_bloques", "responsable", "/equipe/blocages/S01"),
    Ecran(
        "responsable_retards",
        "responsable",
        "/equipe/blocages",
        (("clic", "main section[aria-labelledby=retards] a[href^='/equipe/blocages/']"),),
        facultatif=True,
    ),
    Ecran("responsable_parcours", "responsable", "/equipe/parcours/{reponse}"),
    Ecran("responsable_absences", "responsable", "/equipe/absences", (("ouvrir", "main details"),)),
    Ecran("responsable_agendas", "responsable", "/equipe/agendas"),
    Ecran("responsable_agenda", "responsable", "/equipe/agendas/{conseiller}"),
    Ecran("responsable_agenda_horaires", "responsable", "/equipe/agendas/{conseiller}/horaires"),
    Ecran("responsable_redistribution", "responsable", "/equipe/redistribution?agent={conseiller}&du=2026-01-01"),
    Ecran("responsable_partenaires", "responsable", "/equipe/partenaires"),
    Ecran("responsable_partenaire", "responsable", "/equipe/partenaires", (("clic", "tbody th a"),)),
    Ecran("responsable_partenaire_nouveau", "responsable", "/equipe/partenaires/nouveau"),
    Ecran("responsable_doublons", "responsable", "/equipe/doublons"),
    Ecran("responsable_transfert", "responsable", "/equipe/parcours/{entretien_realise}", (("ouvrir", "main details"),)),
    Ecran("responsable_traitements", "responsable", "/traitements"),
    Ecran("responsable_portes", "responsable", "/equipe/portes"),
    Ecran("responsable_sante", "responsable", "/equipe/sante"),
    Ecran("responsable_donnees", "responsable", "/equipe/donnees"),
    Ecran("responsable_depot", "responsable", "/equipe/donnees", (("deposer", "assures_essai-de-capture.csv"),)),
    Ecran("responsable_echanges", "responsable", "/equipe/echanges"),
    Ecran("responsable_quarantaine", "responsable", "/equipe/quarantaine"),
    Ecran(
        "responsable_quarantaine_raison",
        "responsable",
        "/equipe/quarantaine",
        (("clic", "section.filtres li a"), ("ouvrir", "details.volet")),
    ),
    Ecran("responsable_quarantaine_sans_plateforme", "responsable", "/equipe/quarantaine?etat=sans_plateforme"),
    Ecran("responsable_ligne", "responsable", "/equipe/quarantaine/{ligne}"),
    Ecran("responsable_ligne_ouverte", "responsable", "/equipe/quarantaine/{ligne}", (("clic", "form[action$='/ouverture'] button"),)),
    Ecran("responsable_regles", "responsable", "/equipe/regles"),
    Ecran("responsable_essai", "responsable", "/equipe/essai?cle=palier_signalement_j60&valeur=45"),
    Ecran("responsable_passages", "responsable", "/passages"),
    Ecran("responsable_passage", "responsable", "/passages", (("clic", "tbody th a"),)),
    # -- évaluateur
    Ecran("evaluateur_tables", "evaluateur", "/evaluation"),
    # -- Airflow, for the operators: pictured only
    Ecran("airflow_connexion", "airflow", "/auth/login/", connecte=False),
    Ecran("airflow_traitements", "airflow", "/dags?tags=pdp", (("attendre", "text=Réception des flux"),), extrait=900),
)
