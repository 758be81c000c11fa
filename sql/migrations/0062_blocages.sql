-- Nothing stalls unseen: the one next action of every open parcours, what is stuck and since when, and when each detector last looked.

-- 1. One row per open parcours. Either it has a next action, with who holds it and its date, or ``blocage`` says in which list of stalls it is.
CREATE FUNCTION pdp.suite_de_parcours(p_maintenant timestamptz) RETURNS TABLE (
    parcours_id uuid, plateforme_id text, csam_id uuid, statut text, tache_id uuid, motif text, balle text, echeance_at timestamptz, en_attente boolean,
    blocage text)
LANGUAGE sql STABLE AS $$
    SELECT p.id, p.plateforme_id, p.csam_id, p.statut, s.id, s.motif, s.balle, s.echeance_at, coalesce(s.en_attente, false),
        CASE
            WHEN p.csam_id IS NULL THEN 'S05'
            WHEN s.id IS NULL THEN 'S01'
            WHEN g.actif_au < j.jour THEN 'S04'
            WHEN s.balle = 'csam' AND EXISTS (
                SELECT 1 FROM pdp.absence_agent AS q
                WHERE q.agent_id = p.csam_id AND q.du <= j.jour AND q.au >= j.jour AND (s.echeance_at AT TIME ZONE f.fuseau)::date <= q.au) THEN 'S04'
            WHEN NOT EXISTS (
                SELECT 1 FROM pdp.tache AS v
                WHERE v.parcours_id = p.id AND v.fermee_at IS NULL AND (v.balle NOT IN ('assure', 'partenaire') OR v.echeance_at > p_maintenant)) THEN 'S03'
        END
    FROM pdp.parcours AS p
    JOIN pdp.plateforme AS f ON f.id = p.plateforme_id
    CROSS JOIN LATERAL (SELECT (p_maintenant AT TIME ZONE f.fuseau)::date AS jour) AS j
    LEFT JOIN pdp.agent AS g ON g.id = p.csam_id
    LEFT JOIN LATERAL (
        SELECT t.id, t.motif, CASE WHEN t.attente_jusqu_au > j.jour THEN t.attente_balle ELSE t.balle END AS balle, t.echeance_at,
            t.attente_jusqu_au > j.jour AS en_attente
        FROM pdp.tache AS t
        WHERE t.parcours_id = p.id AND t.fermee_at IS NULL
        ORDER BY t.echeance_at, t.ouverte_at, t.id
        LIMIT 1
    ) AS s ON true
    WHERE p.clos_at IS NULL
$$;
COMMENT ON FUNCTION pdp.suite_de_parcours(timestamptz) IS
    'What comes next in each open parcours: exactly one action with who holds it and its date, or the code of the list of stalls where it is';
GRANT EXECUTE ON FUNCTION pdp.suite_de_parcours(timestamptz) TO pdp_app, pdp_role_csam, pdp_role_medecin, pdp_role_responsable;
-- How long it waits and who holds it meanwhile; why it waits is not for the manager.
GRANT SELECT (attente_jusqu_au, attente_balle, attente_cumul_jours) ON pdp.tache TO pdp_role_responsable;

-- 2. What is stuck. A row is opened when found, ended when no longer found; what the sweep repairs at once is ended at once.
CREATE TABLE pdp.blocage (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    code text NOT NULL CHECK (code ~ '^S(0[1-9]|1[0-8])$'),
    parcours_id uuid NOT NULL,
    cause text NOT NULL,
    depuis_at timestamptz NOT NULL,
    constate_at timestamptz NOT NULL,
    repare_at timestamptz,
    repare_par uuid,
    leve_at timestamptz,
    UNIQUE (plateforme_id, id),
    CHECK (leve_at IS NOT NULL OR repare_at IS NULL),
    CHECK (repare_at IS NOT NULL OR repare_par IS NULL),
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id),
    FOREIGN KEY (plateforme_id, repare_par) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.blocage IS 'Stalls found by the detectors of domain/enlisement.py, by opaque parcours; a row is ended, never deleted';
COMMENT ON COLUMN pdp.blocage.id IS 'Opaque id';
COMMENT ON COLUMN pdp.blocage.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.blocage.code IS 'Code of the catalogue, S01 to S18';
COMMENT ON COLUMN pdp.blocage.parcours_id IS 'Parcours that is stuck';
COMMENT ON COLUMN pdp.blocage.cause IS 'What it is about, the same from look to look';
COMMENT ON COLUMN pdp.blocage.depuis_at IS 'Since when it is stuck';
COMMENT ON COLUMN pdp.blocage.constate_at IS 'Look that found it first';
COMMENT ON COLUMN pdp.blocage.repare_at IS 'When the repair was made; NULL = none, or it ended by itself';
COMMENT ON COLUMN pdp.blocage.repare_par IS 'Agent who asked for the repair; NULL = the sweep';
COMMENT ON COLUMN pdp.blocage.leve_at IS 'When it was over: repaired, or no longer found; NULL = stuck';
CREATE UNIQUE INDEX blocage_un_ouvert_par_cause ON pdp.blocage (parcours_id, code, cause) WHERE leve_at IS NULL;
CREATE INDEX ON pdp.blocage (plateforme_id, code) WHERE leve_at IS NULL;
CREATE INDEX ON pdp.blocage (plateforme_id, repare_at) WHERE repare_at IS NOT NULL;

-- 3. A detector that finds nothing says when it last looked.
CREATE TABLE pdp.regard (
    plateforme_id text NOT NULL REFERENCES pdp.plateforme,
    code text NOT NULL CHECK (code ~ '^S(0[1-9]|1[0-8])$'),
    cherche_at timestamptz NOT NULL,
    trouves integer NOT NULL CHECK (trouves >= 0),
    PRIMARY KEY (plateforme_id, code)
);
COMMENT ON TABLE pdp.regard IS 'Last look of each detector of stalls on each platform';
COMMENT ON COLUMN pdp.regard.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.regard.code IS 'Code of the catalogue, S01 to S18';
COMMENT ON COLUMN pdp.regard.cherche_at IS 'Business instant of the last complete look';
COMMENT ON COLUMN pdp.regard.trouves IS 'Parcours still stuck after the repairs of that look';

DO $$
DECLARE
    nom text;
BEGIN
    FOREACH nom IN ARRAY ARRAY['pdp.blocage', 'pdp.regard'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', nom);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', nom);
        EXECUTE format('CREATE POLICY lot ON %s TO pdp_app USING (true) WITH CHECK (true)', nom);
        EXECUTE format('CREATE POLICY plateforme ON %s TO pdp_role_csam, pdp_role_medecin, pdp_role_responsable'
            ' USING (plateforme_id = (SELECT securite.plateforme_courante())) WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()))', nom);
        EXECUTE format('CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur()', nom);
    END LOOP;
END $$;
GRANT SELECT, INSERT ON pdp.blocage, pdp.regard TO pdp_app;
GRANT UPDATE (leve_at, repare_at) ON pdp.blocage TO pdp_app;
GRANT UPDATE (cherche_at, trouves) ON pdp.regard TO pdp_app;
GRANT SELECT ON pdp.regard, pdp.blocage TO pdp_role_csam, pdp_role_medecin, pdp_role_responsable;
GRANT UPDATE (leve_at, repare_at, repare_par) ON pdp.blocage TO pdp_role_csam, pdp_role_responsable;
