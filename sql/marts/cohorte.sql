-- name: creer
-- Working tables of one publication, gone with its transaction: they hold the link between people and codes.
CREATE TEMP TABLE cohorte_personne (
    assure_id uuid PRIMARY KEY,
    pseudonyme text NOT NULL UNIQUE,
    plateforme_id text NOT NULL,
    motif_reel text NOT NULL,
    j0 date NOT NULL,
    signal_le date NOT NULL,
    mois_entree text NOT NULL,
    plateforme text NOT NULL,
    tranche_age text NOT NULL,
    sexe text NOT NULL,
    motif_categorie text NOT NULL,
    regroupe boolean NOT NULL
) ON COMMIT DROP;
CREATE TEMP TABLE cohorte_code (id uuid PRIMARY KEY, code text NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE cohorte_parcours (
    parcours_id uuid PRIMARY KEY,
    parcours text NOT NULL,
    assure_id uuid NOT NULL,
    pseudonyme text NOT NULL,
    plateforme text NOT NULL,
    j0 date NOT NULL,
    fuseau text NOT NULL,
    detection_le date NOT NULL,
    mois_entree text NOT NULL,
    rang integer NOT NULL
) ON COMMIT DROP;
CREATE TEMP TABLE cohorte_suivi (
    assure_id uuid PRIMARY KEY,
    plateforme_id text NOT NULL,
    mois_entree text NOT NULL,
    signal_le date NOT NULL,
    motif_reel text NOT NULL,
    parcours text,
    detection_le date,
    detection_jour integer,
    mode_decision text,
    decision_jours integer,
    affectation_jours integer,
    premier_contact_jours integer,
    joint_jours integer,
    tele_echange_jours integer,
    tele_echanges_passes integer,
    tele_echanges_manques integer,
    accord_demande boolean,
    accord_jours integer,
    cloture_jours integer,
    suivi_jours integer,
    envoyee_jours integer,
    orientation_acceptee boolean,
    reponse_jours integer,
    alertes integer,
    alertes_a_temps integer,
    enlise boolean,
    psy_resultat text,
    psy_propose_jour integer,
    psy_premiere_seance_jour integer,
    situation_ou1 text
) ON COMMIT DROP;
