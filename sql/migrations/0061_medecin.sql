-- The médecin-conseil: one card per person and theme, a daily digest with a budget, mail to staff, and no medical reading without its trace.

-- 1. Mail to a member of staff: counts and a link to the portal, nothing about a person; hence no parcours.
ALTER TABLE pdp.outbox
    ALTER COLUMN parcours_id DROP NOT NULL,
    ADD COLUMN agent_id uuid,
    DROP CONSTRAINT outbox_type_check,
    ADD CONSTRAINT outbox_type_check CHECK (type IN ('orientation', 'annulation', 'invitation', 'avis_partenaire', 'rappel_partenaire', 'fin_partenaire',
        'reponse_question', 'invitation_rendez_vous', 'confirmation_rendez_vous', 'rappel_rendez_vous', 'annulation_rendez_vous', 'rendez_vous_manque',
        'injoignable', 'rappelez_nous', 'avis_interne')),
    ADD CONSTRAINT outbox_interne_check CHECK (
        (type = 'avis_interne') = (agent_id IS NOT NULL) AND (agent_id IS NULL) = (parcours_id IS NOT NULL)
        AND (agent_id IS NULL OR (canal = 'courriel' AND partenaire_id IS NULL AND orientation_id IS NULL AND cause IS NULL))),
    ADD FOREIGN KEY (plateforme_id, agent_id) REFERENCES pdp.agent (plateforme_id, id);
COMMENT ON COLUMN pdp.outbox.parcours_id IS 'Parcours; NULL = a mail to a member of staff';
COMMENT ON COLUMN pdp.outbox.agent_id IS 'Member of staff written to (avis_interne): counts and links only';
GRANT SELECT (agent_id) ON pdp.outbox TO pdp_role_responsable;
GRANT SELECT (id, plateforme_id, courriel, actif_du, actif_au) ON pdp.agent TO pdp_expediteur;

-- 2. Alerts of one person that call for one decision make one card; a deadline set by law is never left for tomorrow.
ALTER TABLE pdp.alerte
    ADD COLUMN famille text GENERATED ALWAYS AS (CASE
        WHEN type = 'risque_suicidaire' THEN 'securite'
        WHEN type IN ('seuil_ij_270', 'seuil_ij_330', 'j180_approche', 'consolidation_proche') THEN 'droits'
        ELSE 'parcours' END) STORED,
    ADD COLUMN echeance_le date;
COMMENT ON COLUMN pdp.alerte.famille IS 'Theme: securite, droits or parcours; the open alerts of a person and theme are read and decided together';
COMMENT ON COLUMN pdp.alerte.echeance_le IS 'Day the law makes of it (J180, end of daily allowances), when known';
CREATE INDEX alerte_ouvertes_par_personne ON pdp.alerte (assure_id, famille) WHERE decide_at IS NULL;
CREATE INDEX alerte_par_connaissance ON pdp.alerte (plateforme_id, connu_at);
-- An alert is born undecided, and the batch decides none: the decision is the doctor's.
REVOKE INSERT ON pdp.alerte FROM pdp_app, pdp_role_csam, pdp_role_medecin;
GRANT INSERT (id, plateforme_id, assure_id, parcours_id, type, cause, phrase, faits, survenu_at, connu_at, echeance_le) ON pdp.alerte
    TO pdp_app, pdp_role_csam, pdp_role_medecin;
REVOKE UPDATE ON pdp.alerte FROM pdp_app;
GRANT UPDATE (assure_id) ON pdp.alerte TO pdp_app;

-- 3. What each doctor was told, when, and whether he or she read it.
CREATE TABLE pdp.releve (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    agent_id uuid NOT NULL,
    jour date NOT NULL,
    niveau text NOT NULL CHECK (niveau IN ('quotidien', 'urgent', 'responsable')),
    cause text NOT NULL CHECK (length(cause) BETWEEN 1 AND 60),
    a_decider integer NOT NULL CHECK (a_decider >= 0),
    urgentes integer NOT NULL CHECK (urgentes >= 0),
    echeances integer NOT NULL CHECK (echeances >= 0),
    relayees integer NOT NULL CHECK (relayees >= 0),
    en_attente integer NOT NULL CHECK (en_attente >= 0),
    compose_at timestamptz NOT NULL,
    lu_at timestamptz,
    UNIQUE (plateforme_id, id),
    UNIQUE (agent_id, jour, niveau, cause),
    CHECK (urgentes <= a_decider AND echeances <= a_decider AND relayees <= a_decider),
    CHECK (lu_at >= compose_at),
    FOREIGN KEY (plateforme_id, agent_id) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.releve IS 'Digest of alerts composed for one person of the staff and one day; a manager gets a count only';
COMMENT ON COLUMN pdp.releve.id IS 'Opaque id';
COMMENT ON COLUMN pdp.releve.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.releve.agent_id IS 'Médecin-conseil, or manager at the last level';
COMMENT ON COLUMN pdp.releve.jour IS 'Day it is for';
COMMENT ON COLUMN pdp.releve.niveau IS 'quotidien (each working day), urgent (safety, at once), responsable (nobody read: a count)';
COMMENT ON COLUMN pdp.releve.cause IS 'jour, or the alert that could not wait: the same is composed once';
COMMENT ON COLUMN pdp.releve.a_decider IS 'Cards in it';
COMMENT ON COLUMN pdp.releve.urgentes IS 'Of which about safety';
COMMENT ON COLUMN pdp.releve.echeances IS 'Of which with a deadline set by law that nears';
COMMENT ON COLUMN pdp.releve.relayees IS 'Of which told to a colleague first, who did not read';
COMMENT ON COLUMN pdp.releve.en_attente IS 'Cards over the budget of the day: they wait and are counted';
COMMENT ON COLUMN pdp.releve.compose_at IS 'When composed';
COMMENT ON COLUMN pdp.releve.lu_at IS 'When its reader said so, or decided one of its alerts; NULL = unread';
CREATE INDEX ON pdp.releve (plateforme_id, jour);

CREATE TABLE pdp.releve_alerte (
    releve_id uuid NOT NULL,
    alerte_id uuid NOT NULL,
    plateforme_id text NOT NULL,
    PRIMARY KEY (releve_id, alerte_id),
    FOREIGN KEY (plateforme_id, releve_id) REFERENCES pdp.releve (plateforme_id, id),
    FOREIGN KEY (plateforme_id, alerte_id) REFERENCES pdp.alerte (plateforme_id, id)
);
COMMENT ON TABLE pdp.releve_alerte IS 'Alerts told in a digest';
COMMENT ON COLUMN pdp.releve_alerte.releve_id IS 'Digest';
COMMENT ON COLUMN pdp.releve_alerte.alerte_id IS 'Alert';
COMMENT ON COLUMN pdp.releve_alerte.plateforme_id IS 'Platform';
CREATE INDEX ON pdp.releve_alerte (alerte_id);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['pdp.releve', 'pdp.releve_alerte'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY lot ON %s TO pdp_app USING (true) WITH CHECK (true)', t);
        EXECUTE format('CREATE POLICY plateforme ON %s TO pdp_role_medecin USING (plateforme_id = (SELECT securite.plateforme_courante()))'
            ' WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()))', t);
        EXECUTE format('CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON %s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur()', t);
    END LOOP;
END $$;
-- A doctor says for herself alone that she read.
CREATE POLICY soi ON pdp.releve AS RESTRICTIVE FOR UPDATE TO pdp_role_medecin USING (agent_id = (SELECT securite.agent_courant()));
-- A manager reads counts, her own level only: neither who was told what, nor which alerts.
CREATE POLICY responsable ON pdp.releve FOR SELECT TO pdp_role_responsable
    USING (plateforme_id = (SELECT securite.plateforme_courante()) AND niveau = 'responsable');
GRANT SELECT, INSERT ON pdp.releve, pdp.releve_alerte TO pdp_app;
GRANT SELECT ON pdp.releve, pdp.releve_alerte TO pdp_role_medecin;
GRANT UPDATE (lu_at) ON pdp.releve TO pdp_role_medecin;
GRANT SELECT (plateforme_id, jour, niveau, a_decider, urgentes, compose_at) ON pdp.releve TO pdp_role_responsable;

-- 4. The medical class shows itself to a médecin-conseil who wrote in the journal, in this very transaction, whose it opens.
CREATE FUNCTION medical.consultation_tracee(p_assure uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT 1 FROM journal.evenement e
        WHERE e.assure_id = p_assure AND e.evenement = 'medical_consulte' AND e.auteur_id = (securite.contexte()).id
            AND e.consigne_at >= transaction_timestamp())
$$;
COMMENT ON FUNCTION medical.consultation_tracee(uuid) IS 'True once the verified author has journalled, in the present transaction, that he or she opens the medical class of this person';
REVOKE EXECUTE ON FUNCTION medical.consultation_tracee(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION medical.consultation_tracee(uuid) TO pdp_role_medecin;
CREATE POLICY tracee ON medical.motif_arret AS RESTRICTIVE FOR SELECT TO pdp_role_medecin USING (medical.consultation_tracee(assure_id));
CREATE POLICY tracee ON medical.affection AS RESTRICTIVE FOR SELECT TO pdp_role_medecin USING (medical.consultation_tracee(assure_id));
CREATE POLICY tracee ON medical.sante_declaree AS RESTRICTIVE FOR SELECT TO pdp_role_medecin
    USING (medical.consultation_tracee((SELECT p.assure_id FROM pdp.parcours p WHERE p.id = parcours_id)));
CREATE POLICY tracee ON medical.avis AS RESTRICTIVE FOR SELECT TO pdp_role_medecin
    USING (medical.consultation_tracee((SELECT p.assure_id FROM pdp.parcours p WHERE p.id = parcours_id)));
