-- Probable duplicates of one platform: compared by the coordinator of either case, merged by the sweep, taken back within the undo window.

ALTER TABLE identite.assure ADD COLUMN fusionne_vers uuid, ADD FOREIGN KEY (plateforme_id, fusionne_vers) REFERENCES identite.assure (plateforme_id, id),
    ADD CHECK (fusionne_vers <> id);
COMMENT ON COLUMN identite.assure.fusionne_vers IS 'The row that goes on for this person; facts that come under this one follow it. NULL = stands by itself';
CREATE INDEX ON identite.assure (fusionne_vers) WHERE fusionne_vers IS NOT NULL;
CREATE INDEX ON identite.assure (plateforme_id, date_naissance);
CREATE INDEX ON pdp.preference_contact (assure_id);
CREATE INDEX ON identite.coordonnee_dite (assure_id);
GRANT SELECT (fusionne_vers) ON identite.assure TO pdp_role_csam, pdp_role_medecin;

CREATE FUNCTION identite.nom_compare(nom text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT regexp_replace(translate(upper(nom), 'ÀÁÂÄÃÉÈÊËÍÎÏÌÓÔÖÒÕÚÙÛÜŸÇÑ', 'AAAAAEEEEIIIIOOOOOUUUUYCN'), '[^A-Z0-9]', '', 'g')
$$;
COMMENT ON FUNCTION identite.nom_compare(text) IS 'A name without accents, spaces nor hyphens, to compare two rows';
GRANT EXECUTE ON FUNCTION identite.nom_compare(text) TO pdp_app;

CREATE TABLE pdp.doublon (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    garde_id uuid NOT NULL,
    efface_id uuid NOT NULL,
    raisons text[] NOT NULL,
    constate_at timestamptz NOT NULL,
    etat text NOT NULL DEFAULT 'a_comparer' CHECK (etat IN ('a_comparer', 'ecarte', 'demande', 'fusionne', 'annulation_demandee', 'annule')),
    decide_par uuid,
    decide_at timestamptz,
    ecart_motif text CHECK (ecart_motif IN ('jumeaux', 'homonymes', 'autre')),
    applique_at timestamptz,
    parcours_garde_id uuid,
    parcours_clos_id uuid,
    statut_avant text,
    refus_code text CHECK (refus_code IN ('agi_depuis', 'fusionne_ailleurs')),
    UNIQUE (plateforme_id, id),
    CHECK (garde_id <> efface_id),
    CHECK ((decide_at IS NULL) = (decide_par IS NULL)),
    CHECK (etat <> 'fusionne' OR applique_at IS NOT NULL),
    FOREIGN KEY (plateforme_id, garde_id) REFERENCES identite.assure (plateforme_id, id),
    FOREIGN KEY (plateforme_id, efface_id) REFERENCES identite.assure (plateforme_id, id),
    FOREIGN KEY (plateforme_id, decide_par) REFERENCES pdp.agent (plateforme_id, id),
    FOREIGN KEY (plateforme_id, parcours_garde_id) REFERENCES pdp.parcours (plateforme_id, id),
    FOREIGN KEY (plateforme_id, parcours_clos_id) REFERENCES pdp.parcours (plateforme_id, id)
);
COMMENT ON TABLE pdp.doublon IS 'Two rows that may be one person, at least one of them followed; nothing is merged without the coordinator of either case';
COMMENT ON COLUMN pdp.doublon.id IS 'Opaque id';
COMMENT ON COLUMN pdp.doublon.plateforme_id IS 'Platform of both';
COMMENT ON COLUMN pdp.doublon.garde_id IS 'Row that goes on when they are merged: the one that the caisse keeps up to date';
COMMENT ON COLUMN pdp.doublon.efface_id IS 'Row that will point to the other';
COMMENT ON COLUMN pdp.doublon.raisons IS 'Why they look alike: meme_identite, noms_inverses, nir_partage, nir_provisoire, identifiant_remplace';
COMMENT ON COLUMN pdp.doublon.constate_at IS 'When seen';
COMMENT ON COLUMN pdp.doublon.etat IS 'a_comparer, ecarte (two people), demande (to merge), fusionne, annulation_demandee, annule';
COMMENT ON COLUMN pdp.doublon.decide_par IS 'Coordinator who compared';
COMMENT ON COLUMN pdp.doublon.decide_at IS 'When';
COMMENT ON COLUMN pdp.doublon.ecart_motif IS 'Why they are two people';
COMMENT ON COLUMN pdp.doublon.applique_at IS 'When the sweep merged them';
COMMENT ON COLUMN pdp.doublon.parcours_garde_id IS 'Case that goes on';
COMMENT ON COLUMN pdp.doublon.parcours_clos_id IS 'Case closed as « doublon »; NULL = one case only';
COMMENT ON COLUMN pdp.doublon.statut_avant IS 'Status of the closed case before';
COMMENT ON COLUMN pdp.doublon.refus_code IS 'Why the last request could not be done: agi_depuis, fusionne_ailleurs';
CREATE UNIQUE INDEX doublon_une_paire ON pdp.doublon (least(garde_id, efface_id), greatest(garde_id, efface_id));
CREATE INDEX ON pdp.doublon (plateforme_id, constate_at) WHERE etat IN ('a_comparer', 'demande', 'annulation_demandee');
CREATE INDEX ON pdp.doublon (garde_id);
CREATE INDEX ON pdp.doublon (efface_id);

CREATE TABLE pdp.doublon_ligne (
    doublon_id uuid NOT NULL,
    plateforme_id text NOT NULL,
    genre text NOT NULL,
    ligne_id uuid NOT NULL,
    PRIMARY KEY (doublon_id, genre, ligne_id),
    FOREIGN KEY (plateforme_id, doublon_id) REFERENCES pdp.doublon (plateforme_id, id)
);
COMMENT ON TABLE pdp.doublon_ligne IS 'What a merge moved, so that it can be put back; read by the sweep alone';
COMMENT ON COLUMN pdp.doublon_ligne.doublon_id IS 'Pair';
COMMENT ON COLUMN pdp.doublon_ligne.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.doublon_ligne.genre IS 'Table, or what was done to the row';
COMMENT ON COLUMN pdp.doublon_ligne.ligne_id IS 'Row';

DO $$
DECLARE
    nom text;
BEGIN
    FOREACH nom IN ARRAY ARRAY['pdp.doublon', 'pdp.doublon_ligne'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', nom);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', nom);
        EXECUTE format('CREATE POLICY lot ON %s TO pdp_app, pdp_expediteur USING (true) WITH CHECK (true)', nom);
        EXECUTE format('CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur()', nom);
    END LOOP;
END $$;
-- Comparing needs names: the coordinator of either case may, and decides in her own name. A manager follows pairs by their opaque cases.
CREATE POLICY des_siens ON pdp.doublon TO pdp_role_csam
    USING (plateforme_id = (SELECT securite.plateforme_courante()) AND EXISTS (
        SELECT 1 FROM pdp.parcours p WHERE p.assure_id IN (garde_id, efface_id) AND p.csam_id = (SELECT securite.agent_courant())))
    WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()) AND etat IN ('a_comparer', 'ecarte', 'demande', 'annulation_demandee', 'fusionne')
        AND decide_par = (SELECT securite.agent_courant()));
CREATE POLICY plateforme ON pdp.doublon FOR SELECT TO pdp_role_responsable USING (plateforme_id = (SELECT securite.plateforme_courante()));
GRANT SELECT, INSERT, UPDATE ON pdp.doublon TO pdp_app;
GRANT SELECT, INSERT, DELETE ON pdp.doublon_ligne TO pdp_app;
GRANT SELECT ON pdp.doublon TO pdp_role_csam;
GRANT UPDATE (etat, decide_par, decide_at, ecart_motif, refus_code) ON pdp.doublon TO pdp_role_csam;
GRANT SELECT (id, plateforme_id, garde_id, efface_id, raisons, constate_at, etat, decide_at, applique_at, parcours_garde_id, parcours_clos_id)
    ON pdp.doublon TO pdp_role_responsable;
-- The sweep alone moves what belongs to a case or to a person.
GRANT UPDATE (parcours_id) ON pdp.message_rendez_vous TO pdp_app;
GRANT UPDATE (assure_id) ON pdp.mise_en_silence, pdp.preference_contact, identite.coordonnee_dite TO pdp_app;
