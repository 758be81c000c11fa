-- Ma liste: filters and named views kept for each coordinator, searches counted, and the indexes that serve one list among a million cases.

-- 1. A view is a set of filters with a name; deleted ones stay, so that a deletion can be taken back.
CREATE TABLE pdp.vue_liste (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    agent_id uuid NOT NULL,
    nom text NOT NULL CHECK (length(nom) BETWEEN 1 AND 40),
    filtres jsonb NOT NULL,
    par_defaut boolean NOT NULL DEFAULT false,
    creee_at timestamptz NOT NULL,
    modifiee_at timestamptz NOT NULL,
    supprimee_at timestamptz,
    UNIQUE (plateforme_id, id),
    CHECK (supprimee_at IS NULL OR NOT par_defaut),
    FOREIGN KEY (plateforme_id, agent_id) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.vue_liste IS 'Named filters of a coordinator''s list, seen by her alone';
COMMENT ON COLUMN pdp.vue_liste.id IS 'Opaque id';
COMMENT ON COLUMN pdp.vue_liste.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.vue_liste.agent_id IS 'Coordinator';
COMMENT ON COLUMN pdp.vue_liste.nom IS 'Name she gave';
COMMENT ON COLUMN pdp.vue_liste.filtres IS 'Filters and sort, as services/filtres_liste.py writes them; no name, no identity';
COMMENT ON COLUMN pdp.vue_liste.par_defaut IS 'The list opens on it, and resetting the filters comes back to it';
COMMENT ON COLUMN pdp.vue_liste.creee_at IS 'When created';
COMMENT ON COLUMN pdp.vue_liste.modifiee_at IS 'When last renamed or changed';
COMMENT ON COLUMN pdp.vue_liste.supprimee_at IS 'When deleted; NULL = in use';
CREATE UNIQUE INDEX vue_liste_un_nom ON pdp.vue_liste (agent_id, lower(nom)) WHERE supprimee_at IS NULL;
CREATE UNIQUE INDEX vue_liste_une_par_defaut ON pdp.vue_liste (agent_id) WHERE par_defaut;

CREATE TABLE pdp.filtre_liste (
    agent_id uuid PRIMARY KEY,
    plateforme_id text NOT NULL,
    filtres jsonb NOT NULL,
    vue_id uuid,
    modifie_at timestamptz NOT NULL,
    FOREIGN KEY (plateforme_id, agent_id) REFERENCES pdp.agent (plateforme_id, id),
    FOREIGN KEY (plateforme_id, vue_id) REFERENCES pdp.vue_liste (plateforme_id, id)
);
COMMENT ON TABLE pdp.filtre_liste IS 'Filters in use on a coordinator''s list: they survive signing out, other tabs and the night';
COMMENT ON COLUMN pdp.filtre_liste.agent_id IS 'Coordinator';
COMMENT ON COLUMN pdp.filtre_liste.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.filtre_liste.filtres IS 'Filters and sort, as services/filtres_liste.py writes them; no name, no identity';
COMMENT ON COLUMN pdp.filtre_liste.vue_id IS 'View they started from; NULL = none';
COMMENT ON COLUMN pdp.filtre_liste.modifie_at IS 'When last changed';

-- 2. A search names one person or nobody. What was looked for is never kept, how often is.
CREATE TABLE pdp.recherche_personne (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    agent_id uuid NOT NULL,
    mode text NOT NULL CHECK (mode IN ('nom', 'initiales', 'telephone')),
    resultats integer CHECK (resultats >= 0),
    faite_at timestamptz NOT NULL,
    FOREIGN KEY (plateforme_id, agent_id) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.recherche_personne IS 'Searches of a person by a coordinator, counted to refuse browsing; never the text looked for';
COMMENT ON COLUMN pdp.recherche_personne.id IS 'Opaque id';
COMMENT ON COLUMN pdp.recherche_personne.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.recherche_personne.agent_id IS 'Who looked';
COMMENT ON COLUMN pdp.recherche_personne.mode IS 'By name and birth date, initials and birth date, or telephone';
COMMENT ON COLUMN pdp.recherche_personne.resultats IS 'People found; NULL = refused, too many searches within the hour';
COMMENT ON COLUMN pdp.recherche_personne.faite_at IS 'When';
CREATE INDEX ON pdp.recherche_personne (agent_id, faite_at);

-- 3. A coordinator sees and writes her own rows only.
DO $$
DECLARE
    nom text;
BEGIN
    FOREACH nom IN ARRAY ARRAY['pdp.vue_liste', 'pdp.filtre_liste', 'pdp.recherche_personne'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', nom);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', nom);
        EXECUTE format('CREATE POLICY lot ON %s TO pdp_app, pdp_expediteur USING (true) WITH CHECK (true)', nom);
        EXECUTE format(
            'CREATE POLICY plateforme ON %s TO pdp_role_csam'
            ' USING (plateforme_id = (SELECT securite.plateforme_courante()) AND agent_id = (SELECT securite.agent_courant()))'
            ' WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()) AND agent_id = (SELECT securite.agent_courant()))', nom);
        EXECUTE format('CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur()', nom);
    END LOOP;
END $$;
GRANT SELECT, INSERT ON pdp.vue_liste, pdp.filtre_liste, pdp.recherche_personne TO pdp_role_csam;
GRANT UPDATE (nom, filtres, par_defaut, modifiee_at, supprimee_at) ON pdp.vue_liste TO pdp_role_csam;
GRANT UPDATE (filtres, vue_id, modifie_at) ON pdp.filtre_liste TO pdp_role_csam;
GRANT SELECT ON pdp.vue_liste, pdp.filtre_liste, pdp.recherche_personne TO pdp_app;

-- 4. Ways in: a closed case comes back on the list while a reason is open; a message that failed; a person who calls back; the last runs.
CREATE INDEX parcours_clos_par_csam ON pdp.parcours (csam_id) WHERE clos_at IS NOT NULL;
CREATE INDEX outbox_en_echec ON pdp.outbox (parcours_id) WHERE etat IN ('rebut', 'incertain');
CREATE INDEX ON identite.assure (date_naissance);
CREATE INDEX ON identite.assure (telephone) WHERE telephone IS NOT NULL;
CREATE INDEX passage_detections ON pdp.passage ((detail ->> 'plateforme'), instant_metier)
    WHERE dag = 'pdp_detection' AND tache = 'detecter' AND fin_at IS NOT NULL;
CREATE INDEX flux_fichier_charges ON pdp.flux_fichier (flux, recu_at) WHERE etat = 'charge';

COMMENT ON COLUMN securite.session.preferences IS 'Messages to show once and forms already sent; filters of lists are kept per account';
