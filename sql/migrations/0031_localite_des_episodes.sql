-- Absences of one person lie together in the index, and one index does the work of three: a night over a large stock reads fewer pages.

CREATE FUNCTION pdp.episode_id(assure uuid, premiere text) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (left(assure::text, 18) || right(md5(assure || '/' || premiere), 16))::uuid
$$;
COMMENT ON FUNCTION pdp.episode_id(uuid, text) IS 'Id of an absence: the first half of the person''s, then what follows from the first prescription; a rebuild gives the same';
GRANT EXECUTE ON FUNCTION pdp.episode_id(uuid, text) TO pdp_app;

-- Renaming what is stored is no act of anybody: the guards of acts are lifted for these statements.
ALTER TABLE pdp.signalement DROP CONSTRAINT signalement_plateforme_id_episode_id_fkey;
ALTER TABLE pdp.episode DISABLE TRIGGER USER, NO FORCE ROW LEVEL SECURITY;
ALTER TABLE pdp.signalement DISABLE TRIGGER USER, NO FORCE ROW LEVEL SECURITY;
UPDATE pdp.signalement AS s SET episode_id = pdp.episode_id(e.assure_id, e.premiere_prescription) FROM pdp.episode AS e WHERE e.id = s.episode_id;
UPDATE pdp.episode SET id = pdp.episode_id(assure_id, premiere_prescription);
ALTER TABLE pdp.episode ENABLE TRIGGER USER, FORCE ROW LEVEL SECURITY;
ALTER TABLE pdp.signalement ENABLE TRIGGER USER, FORCE ROW LEVEL SECURITY;

ALTER TABLE pdp.episode DROP CONSTRAINT episode_pkey, DROP CONSTRAINT episode_plateforme_id_id_key, ADD PRIMARY KEY (id, plateforme_id);
DROP INDEX pdp.episode_plateforme_id_fin_idx; -- nobody asks for the absences of a whole platform by their end: the people touched are the way in
ALTER TABLE pdp.signalement ADD FOREIGN KEY (plateforme_id, episode_id) REFERENCES pdp.episode (plateforme_id, id);
COMMENT ON COLUMN pdp.episode.id IS 'pdp.episode_id of person and first prescription, so that a rebuild gives the same id';

-- States computed for many people at once are checked once per statement, not row by row: the person exists on that platform. Their person
-- is part of their key and never changes; nobody may delete a person.
CREATE FUNCTION pdp.exiger_personne() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT assure_id, plateforme_id FROM apres) AS ecrit
        WHERE NOT EXISTS (SELECT FROM identite.assure AS a WHERE a.id = ecrit.assure_id AND a.plateforme_id = ecrit.plateforme_id)
    ) THEN
        RAISE foreign_key_violation USING MESSAGE = format('%s: unknown person on this platform', TG_TABLE_NAME);
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION pdp.exiger_personne() IS 'Refuses a statement that writes the state of somebody who is not on the platform';
GRANT EXECUTE ON FUNCTION pdp.exiger_personne() TO pdp_app;
DO $$
DECLARE
    nom text;
BEGIN
    FOREACH nom IN ARRAY ARRAY['episode', 'droits_ij', 'echeance_detection'] LOOP
        EXECUTE format('ALTER TABLE pdp.%I DROP CONSTRAINT %I', nom, nom || '_plateforme_id_assure_id_fkey');
        EXECUTE format('CREATE TRIGGER exiger_personne AFTER INSERT ON pdp.%I REFERENCING NEW TABLE AS apres'
            ' FOR EACH STATEMENT EXECUTE FUNCTION pdp.exiger_personne()', nom);
        EXECUTE format('REVOKE UPDATE ON pdp.%I FROM pdp_app', nom);
    END LOOP;
END $$;
GRANT UPDATE (debut, fin, jours_prescrits, nb_prescriptions, risque, risque_mixte, motif_categorie, ald, temps_partiel, etat, connu_at, calcule_at)
    ON pdp.episode TO pdp_app;
GRANT UPDATE (carence, comptees, refusees, l324, atmp, verse_jusqu_au, epuisement_le, seuil_1_le, seuil_2_le, calcule_at) ON pdp.droits_ij TO pdp_app;
GRANT UPDATE (le, cause) ON pdp.echeance_detection TO pdp_app;
