-- Identity of what the feeds say: keys found without naming a platform, former pivot ids, shared NIR, lines repaired by a later delivery.

-- 1. A fact keeps its key when its person moves: it is looked up by the key alone. Same constraints, columns in the useful order.
ALTER TABLE pdp.arret_prescrit DROP CONSTRAINT arret_prescrit_plateforme_id_id_avis_key, ADD UNIQUE (id_avis, plateforme_id);
ALTER TABLE pdp.ij_versee DROP CONSTRAINT ij_versee_plateforme_id_id_versement_key, ADD UNIQUE (id_versement, plateforme_id);
ALTER TABLE pdp.affection DROP CONSTRAINT affection_plateforme_id_id_droit_key, ADD UNIQUE (id_droit, plateforme_id);
ALTER TABLE identite.assure DROP CONSTRAINT assure_plateforme_id_id_source_key, ADD UNIQUE (id_source, plateforme_id);

-- 2. Same affection of the same person, whatever happens to her pivot id: the secret half stays in the medical class.
ALTER TABLE medical.affection ADD COLUMN empreinte bytea;
COMMENT ON COLUMN medical.affection.empreinte IS 'Keyed hash of number and code; with the pivot id of the person it gives pdp.affection.affection';
GRANT SELECT (empreinte) ON medical.affection TO pdp_app;

-- 3. Former pivot ids: a late file that cites one still finds the person.
CREATE TABLE identite.id_source_ancien (
    ancien text PRIMARY KEY,
    actuel text NOT NULL,
    plateforme_id text NOT NULL REFERENCES pdp.plateforme,
    connu_at timestamptz NOT NULL,
    CHECK (ancien <> actuel)
);
COMMENT ON TABLE identite.id_source_ancien IS 'A pivot id replaced by another (assures.id_source_precedent); the person stays the same; never rewritten';
COMMENT ON COLUMN identite.id_source_ancien.ancien IS 'Former pivot id';
COMMENT ON COLUMN identite.id_source_ancien.actuel IS 'Pivot id that replaced it, itself perhaps replaced since';
COMMENT ON COLUMN identite.id_source_ancien.plateforme_id IS 'Platform of the line that said so';
COMMENT ON COLUMN identite.id_source_ancien.connu_at IS 'When the platform knew';

-- 4. Several people under one NIR are never merged: they are counted, so that somebody asks the caisse.
CREATE TABLE identite.nir_partage (
    assure_id uuid PRIMARY KEY,
    plateforme_id text NOT NULL,
    constate_at timestamptz NOT NULL,
    leve_at timestamptz,
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id)
);
COMMENT ON TABLE identite.nir_partage IS 'People whose NIR another person also bears; never merged by the machine';
COMMENT ON COLUMN identite.nir_partage.assure_id IS 'Insured person';
COMMENT ON COLUMN identite.nir_partage.plateforme_id IS 'Platform';
COMMENT ON COLUMN identite.nir_partage.constate_at IS 'When seen';
COMMENT ON COLUMN identite.nir_partage.leve_at IS 'When the source gave each her own; NULL = still shared';
CREATE INDEX ON identite.nir_partage (plateforme_id) WHERE leve_at IS NULL;

-- 5. A refused line knows its key: the right line that comes later closes it.
ALTER TABLE identite.quarantaine ADD COLUMN cle_ligne text, ADD COLUMN version_ligne timestamptz;
COMMENT ON COLUMN identite.quarantaine.cle_ligne IS 'Key of the line in its feed (id of the avis, of the person…) when it could be read';
COMMENT ON COLUMN identite.quarantaine.version_ligne IS 'Version date of the line when it could be read; the same or a newer version taken later closes it';
CREATE INDEX ON identite.quarantaine (cle_ligne) WHERE resolue_at IS NULL AND cle_ligne IS NOT NULL;

DO $$
DECLARE
    nom text;
BEGIN
    FOREACH nom IN ARRAY ARRAY['identite.id_source_ancien', 'identite.nir_partage'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', nom);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', nom);
        EXECUTE format('CREATE POLICY lot ON %s TO pdp_app, pdp_expediteur USING (true) WITH CHECK (true)', nom);
        EXECUTE format('CREATE POLICY plateforme ON %s TO pdp_role_csam, pdp_role_medecin, pdp_role_responsable'
            ' USING (plateforme_id = (SELECT securite.plateforme_courante())) WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()))', nom);
        EXECUTE format('CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur()', nom);
    END LOOP;
END $$;
GRANT SELECT, INSERT ON identite.id_source_ancien TO pdp_app;
GRANT SELECT, INSERT, UPDATE ON identite.nir_partage TO pdp_app;
GRANT SELECT (plateforme_id, constate_at, leve_at) ON identite.nir_partage TO pdp_role_responsable;
