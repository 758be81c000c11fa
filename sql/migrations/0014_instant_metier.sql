-- An event says when it was true and when it was written. Both are the same on an ordinary day; a file read late, a run caught up or a
-- demonstration that plays its past make them differ.

ALTER TABLE journal.evenement ADD COLUMN consigne_at timestamptz NOT NULL DEFAULT clock_timestamp();
COMMENT ON COLUMN journal.evenement.survenu_at IS 'When true: business instant of the act';
COMMENT ON COLUMN journal.evenement.consigne_at IS 'When known: instant of the write, database clock, never given by the caller';

CREATE FUNCTION journal.instant_metier() RETURNS timestamptz
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(nullif(current_setting('pdp.instant', true), '')::timestamptz, clock_timestamp())
$$;
COMMENT ON FUNCTION journal.instant_metier() IS 'Business instant of the transaction, its own clock when none was given';
REVOKE EXECUTE ON FUNCTION journal.instant_metier() FROM PUBLIC;

CREATE OR REPLACE FUNCTION journal.consigner(p_evenement text, p_plateforme text, p_assure uuid, p_parcours uuid, p_donnees jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    qui securite.identite_contexte := securite.contexte();
BEGIN
    IF qui IS NULL THEN
        RAISE EXCEPTION 'event_without_author' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO journal.evenement (survenu_at, plateforme_id, assure_id, parcours_id, auteur_type, auteur_id, auteur_role, evenement, donnees, passage_id)
    VALUES (journal.instant_metier(), coalesce(qui.plateforme_id, p_plateforme), p_assure, p_parcours, qui.type, qui.id, qui.role, p_evenement,
            coalesce(p_donnees, '{}'), nullif(current_setting('pdp.passage', true), ''));
END $$;

CREATE OR REPLACE FUNCTION journal.consigner_lot(p_evenement text, p_lignes jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    qui securite.identite_contexte := securite.contexte();
    nombre integer;
BEGIN
    IF qui IS NULL THEN
        RAISE EXCEPTION 'event_without_author' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO journal.evenement (survenu_at, plateforme_id, assure_id, parcours_id, auteur_type, auteur_id, auteur_role, evenement, donnees, passage_id)
    SELECT journal.instant_metier(), coalesce(qui.plateforme_id, l.plateforme_id), l.assure_id, l.parcours_id, qui.type, qui.id, qui.role, p_evenement,
           coalesce(l.donnees, '{}'), nullif(current_setting('pdp.passage', true), '')
    FROM jsonb_to_recordset(p_lignes) AS l (plateforme_id text, assure_id uuid, parcours_id uuid, donnees jsonb);
    GET DIAGNOSTICS nombre = ROW_COUNT;
    RETURN nombre;
END $$;
