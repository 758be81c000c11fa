-- Who may touch what. Row level security is forced on every business table; the database refuses, not only the screen.

-- 1. Row level security: batch roles see all platforms, people see theirs, machines and people without a verified context see nothing.
DO $$
DECLARE
    t record;
BEGIN
    FOR t IN
        SELECT n.nspname AS schema, c.relname AS nom
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'plateforme_id' AND NOT a.attisdropped
        WHERE n.nspname IN ('pdp', 'identite', 'medical', 'journal') AND c.relkind = 'r'
    LOOP
        EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', t.schema, t.nom);
        EXECUTE format('ALTER TABLE %I.%I FORCE ROW LEVEL SECURITY', t.schema, t.nom);
        EXECUTE format('CREATE POLICY lot ON %I.%I TO pdp_app, pdp_expediteur USING (true) WITH CHECK (true)', t.schema, t.nom);
        EXECUTE format(
            'CREATE POLICY plateforme ON %I.%I TO pdp_role_csam, pdp_role_medecin, pdp_role_responsable'
            ' USING (plateforme_id = (SELECT securite.plateforme_courante()))'
            ' WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()))', t.schema, t.nom);
        IF t.schema <> 'journal' THEN
            EXECUTE format(
                'CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON %I.%I'
                ' FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur()', t.schema, t.nom);
        END IF;
    END LOOP;
END $$;

CREATE POLICY ecriture ON journal.evenement FOR INSERT TO pdp_owner WITH CHECK (true);

DROP POLICY plateforme ON medical.sante_declaree;
CREATE POLICY medecin ON medical.sante_declaree TO pdp_role_medecin
    USING (plateforme_id = (SELECT securite.plateforme_courante()))
    WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()));
CREATE POLICY csam_les_siens ON medical.sante_declaree TO pdp_role_csam
    USING (plateforme_id = (SELECT securite.plateforme_courante()) AND csam_id = (SELECT securite.agent_courant()))
    WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()) AND csam_id = (SELECT securite.agent_courant()));

CREATE POLICY partenaire ON pdp.orientation FOR SELECT TO pdp_role_partenaire
    USING (partenaire_id = (SELECT securite.partenaire_courant()) AND envoyee_at IS NOT NULL AND statut <> 'annulee');
CREATE POLICY partenaire ON pdp.inbox TO pdp_role_partenaire
    USING (partenaire_id = (SELECT securite.partenaire_courant()))
    WITH CHECK (partenaire_id = (SELECT securite.partenaire_courant())
        AND EXISTS (SELECT 1 FROM pdp.orientation o WHERE o.id = orientation_id));
CREATE POLICY partenaire ON pdp.partenaire FOR SELECT TO pdp_role_partenaire
    USING (id = (SELECT securite.partenaire_courant()));

-- 2. Privileges.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA securite, journal FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA securite TO
    pdp_app, pdp_expediteur, pdp_portail, pdp_role_csam, pdp_role_medecin, pdp_role_responsable, pdp_role_partenaire, pdp_role_evaluateur;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA journal TO
    pdp_app, pdp_expediteur, pdp_role_csam, pdp_role_medecin, pdp_role_responsable, pdp_role_partenaire, pdp_role_evaluateur;

GRANT SELECT ON referentiel.parametre TO pdp_app, pdp_expediteur, pdp_portail, pdp_role_csam, pdp_role_medecin, pdp_role_responsable;
GRANT INSERT, UPDATE, DELETE ON referentiel.parametre TO pdp_app;
GRANT SELECT ON pdp.plateforme TO PUBLIC;
GRANT SELECT ON public.migration TO pdp_app, pdp_portail;

-- Batch: everything but reading the medical class and the passwords.
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA pdp, identite TO pdp_app;
GRANT SELECT ON journal.evenement TO pdp_app;
GRANT INSERT, UPDATE ON medical.motif_arret TO pdp_app;
GRANT SELECT (plateforme_id, arret_id, assure_id, connu_at) ON medical.motif_arret TO pdp_app;
GRANT INSERT ON securite.compte TO pdp_app;
GRANT SELECT (id, login, role, plateforme_id, agent_id, partenaire_id, nom_affiche, actif) ON securite.compte TO pdp_app;
GRANT UPDATE (mot_de_passe, nom_affiche, actif) ON securite.compte TO pdp_app;
GRANT CREATE ON SCHEMA evaluation TO pdp_app;

-- Sender: the outbox, and what it must check or update.
GRANT SELECT, UPDATE ON pdp.outbox TO pdp_expediteur;
GRANT SELECT ON pdp.accord, pdp.partenaire, pdp.parcours TO pdp_expediteur;
GRANT SELECT, UPDATE ON pdp.orientation TO pdp_expediteur;
GRANT SELECT, INSERT, UPDATE ON pdp.tache TO pdp_expediteur;
GRANT SELECT, INSERT, UPDATE ON pdp.passage TO pdp_expediteur;

-- Portal itself: sign-in and sessions only.
GRANT SELECT ON securite.compte TO pdp_portail;
GRANT UPDATE (echecs, bloque_jusqu_a) ON securite.compte TO pdp_portail;
GRANT SELECT, INSERT, UPDATE ON securite.session TO pdp_portail;

-- CSAM and médecin-conseil: identity without the NIR, the parcours, and for the médecin-conseil alone the medical class.
GRANT SELECT (id, plateforme_id, id_source, nom, prenom, date_naissance, sexe, commune_insee, telephone, courriel, contact_prefere, contact_refus,
    langue, contrat, mis_a_jour_source_at, connu_at) ON identite.assure TO pdp_role_csam, pdp_role_medecin;
GRANT SELECT ON pdp.agent, pdp.absence_agent, pdp.partenaire, pdp.arret_prescrit, pdp.episode, pdp.compteur_ij, pdp.signalement, pdp.signalement_motif,
    pdp.dol_version, pdp.dol_regle, pdp.affectation, pdp.inbox, pdp.flux_fichier, pdp.passage, journal.evenement TO pdp_role_csam, pdp_role_medecin;
GRANT SELECT, UPDATE ON pdp.parcours TO pdp_role_csam, pdp_role_medecin;
GRANT SELECT, INSERT, UPDATE ON pdp.tache, pdp.contact, pdp.tele_echange, pdp.accord, pdp.soutien_psy, pdp.issue, pdp.orientation, pdp.outbox
    TO pdp_role_csam, pdp_role_medecin;
GRANT SELECT, INSERT ON pdp.alerte TO pdp_role_csam, pdp_role_medecin;
GRANT SELECT, INSERT, UPDATE ON medical.sante_declaree TO pdp_role_csam;

GRANT INSERT ON pdp.parcours TO pdp_role_medecin;
GRANT INSERT, UPDATE ON pdp.affectation TO pdp_role_medecin;
GRANT UPDATE ON pdp.alerte, pdp.signalement TO pdp_role_medecin;
GRANT INSERT, UPDATE ON pdp.dol_version, pdp.dol_regle TO pdp_role_medecin;
GRANT SELECT ON medical.motif_arret, medical.sante_declaree, medical.avis TO pdp_role_medecin;
GRANT INSERT ON medical.avis TO pdp_role_medecin;

-- Manager: work and counts, no identity, no content, no opinion.
GRANT SELECT ON pdp.agent, pdp.absence_agent, pdp.partenaire, pdp.parcours, pdp.affectation, pdp.flux_fichier, pdp.passage, journal.evenement
    TO pdp_role_responsable;
GRANT INSERT, UPDATE ON pdp.absence_agent TO pdp_role_responsable;
GRANT SELECT (id, plateforme_id, parcours_id, motif, balle, echeance_at, cause, origine, ouverte_at, ouverte_par, fermee_at, fermee_par, issue, retard_jours)
    ON pdp.tache TO pdp_role_responsable;
GRANT SELECT (id, plateforme_id, assure_id, episode_id, source, palier, survenu_le, connu_at, decide_at, priorite, statut, mode_decision)
    ON pdp.signalement TO pdp_role_responsable;
GRANT SELECT (id, plateforme_id, parcours_id, partenaire_id, dispositif, statut, proposee_at, envoyee_at, repondue_at, reponse_attendue_le)
    ON pdp.orientation TO pdp_role_responsable;
GRANT SELECT (id, plateforme_id, type, survenu_at, connu_at, decide_at) ON pdp.alerte TO pdp_role_responsable;
GRANT SELECT (id, plateforme_id, parcours_id, canal, type, etat, essais, prochain_essai_at, dernier_code, cree_at, livre_at) ON pdp.outbox TO pdp_role_responsable;
GRANT SELECT (id, plateforme_id, parcours_id, csam_id, debut_at, fin_at, canal, statut, planifie_at, renseigne_at) ON pdp.tele_echange TO pdp_role_responsable;
GRANT SELECT (id, plateforme_id, fichier_id, numero_ligne, champ, code, message, connu_at, resolue_at, resolution)
    ON identite.quarantaine TO pdp_role_responsable;

-- Partner: what was handed over to it, and its own answers. Never the parcours.
GRANT SELECT (id, plateforme_id, partenaire_id, dispositif, statut, motif, contenu, proposee_at, envoyee_at, repondue_at, reponse_attendue_le, refus_motif,
    compte_rendu, version_partenaire) ON pdp.orientation TO pdp_role_partenaire;
GRANT SELECT, INSERT ON pdp.inbox TO pdp_role_partenaire;
GRANT SELECT ON pdp.partenaire TO pdp_role_partenaire;
