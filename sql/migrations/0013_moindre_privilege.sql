-- Least privilege, column by column: what was promised may not be rewritten, and a borrowed function shows nothing.

-- A signed context counts only under the database role of its own function: changing role inside a request opens nothing.
CREATE FUNCTION securite.role_tenu() RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT CASE (securite.contexte()).role
        WHEN 'csam' THEN current_user = 'pdp_role_csam'
        WHEN 'medecin_conseil' THEN current_user = 'pdp_role_medecin'
        WHEN 'responsable' THEN current_user = 'pdp_role_responsable'
        WHEN 'partenaire' THEN current_user = 'pdp_role_partenaire'
        ELSE false END
$$;
COMMENT ON FUNCTION securite.role_tenu() IS 'True when the transaction runs under the role of the function that the verified context names';
REVOKE EXECUTE ON FUNCTION securite.role_tenu() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION securite.role_tenu() TO
    pdp_app, pdp_expediteur, pdp_portail, pdp_role_csam, pdp_role_medecin, pdp_role_responsable, pdp_role_partenaire, pdp_role_evaluateur;

CREATE OR REPLACE FUNCTION securite.plateforme_courante() RETURNS text
LANGUAGE sql STABLE AS $$ SELECT CASE WHEN securite.role_tenu() THEN (securite.contexte()).plateforme_id END $$;
CREATE OR REPLACE FUNCTION securite.partenaire_courant() RETURNS uuid
LANGUAGE sql STABLE AS $$ SELECT CASE WHEN securite.role_tenu() THEN (securite.contexte()).partenaire_id::uuid END $$;
CREATE OR REPLACE FUNCTION securite.agent_courant() RETURNS uuid
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN (securite.contexte()).type = 'agent' AND securite.role_tenu() THEN (securite.contexte()).id::uuid END
$$;

-- Functions to come are closed until granted.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- An agreement, the content handed over, a message, an attempt: written once. Only what the acts change may be updated.
REVOKE UPDATE ON pdp.parcours, pdp.tache, pdp.contact, pdp.tele_echange, pdp.accord, pdp.soutien_psy, pdp.issue, pdp.orientation, pdp.outbox
    FROM pdp_role_csam, pdp_role_medecin;
GRANT UPDATE (statut, version, dernier_evenement_at, clos_at, cloture_motif) ON pdp.parcours TO pdp_role_csam, pdp_role_medecin;
GRANT UPDATE (echeance_at, balle, fermee_at, fermee_par, issue, retard_jours) ON pdp.tache TO pdp_role_csam, pdp_role_medecin;
GRANT UPDATE (statut, renseigne_at) ON pdp.tele_echange TO pdp_role_csam, pdp_role_medecin;
GRANT UPDATE (retire_at, retrait_canal) ON pdp.accord TO pdp_role_csam, pdp_role_medecin;
GRANT UPDATE (annule_at) ON pdp.issue TO pdp_role_csam, pdp_role_medecin;
GRANT UPDATE (statut, repondue_at) ON pdp.orientation TO pdp_role_csam, pdp_role_medecin;
GRANT UPDATE (etat, dernier_code) ON pdp.outbox TO pdp_role_csam, pdp_role_medecin;

-- What the coordinator alone collects from the person.
REVOKE INSERT ON pdp.contact, pdp.tele_echange, pdp.accord, pdp.soutien_psy FROM pdp_role_medecin;
GRANT UPDATE (saisie_par_erreur_at) ON pdp.contact TO pdp_role_csam;
GRANT UPDATE (emploi, social, synthese) ON pdp.tele_echange TO pdp_role_csam;
GRANT UPDATE (resultat, eligibilite, motifs, fenetre_au, enregistre_par, enregistre_at) ON pdp.soutien_psy TO pdp_role_csam;
REVOKE UPDATE ON medical.sante_declaree FROM pdp_role_csam;
GRANT UPDATE (reponses, recueilli_at) ON medical.sante_declaree TO pdp_role_csam;

-- What the médecin-conseil decides: a rule once written is never edited, a signature never moved to another text.
REVOKE UPDATE ON pdp.signalement, pdp.alerte, pdp.dol_version, pdp.dol_regle, pdp.affectation FROM pdp_role_medecin;
REVOKE INSERT ON pdp.affectation FROM pdp_role_medecin;
GRANT UPDATE (statut, mode_decision, decide_par, decide_at, dol_version_id, dol_regle_id, motif_decision) ON pdp.signalement TO pdp_role_medecin;
GRANT UPDATE (decide_at, decide_par, decision, decision_note) ON pdp.alerte TO pdp_role_medecin;
GRANT UPDATE (au, signe_par, signe_at, empreinte) ON pdp.dol_version TO pdp_role_medecin;

-- The manager follows what happened and when, not what it said.
REVOKE SELECT ON journal.evenement FROM pdp_role_responsable;
GRANT SELECT (id, survenu_at, plateforme_id, parcours_id, auteur_type, auteur_role, evenement, passage_id) ON journal.evenement TO pdp_role_responsable;

-- A partner deposits an answer; the platform alone says what was done of it.
REVOKE INSERT ON pdp.inbox FROM pdp_role_partenaire;
GRANT INSERT (id, plateforme_id, partenaire_id, evenement_id, orientation_id, version, statut, motif, compte_rendu, survenu_at, empreinte, recu_at)
    ON pdp.inbox TO pdp_role_partenaire;

-- The sender marks deliveries; what it carries is not its own to change.
REVOKE UPDATE ON pdp.outbox, pdp.orientation, pdp.tache FROM pdp_expediteur;
GRANT UPDATE (etat, jeton, essais, bail_jusqu_a, dernier_code, prochain_essai_at, livre_at) ON pdp.outbox TO pdp_expediteur;
GRANT UPDATE (envoyee_at) ON pdp.orientation TO pdp_expediteur;
