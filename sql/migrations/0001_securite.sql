-- Who is acting, as the database itself believes it.
-- A transaction carries pdp.contexte = 'type|id|role|plateforme|partenaire|signature'; the signature is an HMAC whose key no
-- role can read through SQL. A forged or absent context yields NULL everywhere, hence no row.
-- Roles are made by the bootstrap (they belong to the cluster, not to this database).

CREATE SCHEMA securite;
CREATE SCHEMA referentiel;
CREATE SCHEMA identite;
CREATE SCHEMA medical;
CREATE SCHEMA pdp;
CREATE SCHEMA journal;
CREATE SCHEMA evaluation;
COMMENT ON SCHEMA securite IS 'Accounts, sessions and the verification of who acts';
COMMENT ON SCHEMA referentiel IS 'Law and policy as dated data with their source';
COMMENT ON SCHEMA identite IS 'Identity class: names, contact, encrypted NIR, refused lines of feeds';
COMMENT ON SCHEMA medical IS 'Medical class: motif, declared health, opinions; médecin-conseil only';
COMMENT ON SCHEMA pdp IS 'The parcours and all that is needed to run it, under opaque ids';
COMMENT ON SCHEMA journal IS 'Append-only events with their author';
COMMENT ON SCHEMA evaluation IS 'Tables des évaluateurs : pseudonymisées, petites cases supprimées';

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA referentiel, identite, pdp, journal, securite TO
    pdp_app, pdp_portail, pdp_role_csam, pdp_role_medecin, pdp_role_responsable;
GRANT USAGE ON SCHEMA pdp, journal, securite, referentiel TO pdp_expediteur, pdp_role_partenaire;
GRANT USAGE ON SCHEMA medical TO pdp_app, pdp_role_medecin, pdp_role_csam;
GRANT USAGE ON SCHEMA securite, journal TO pdp_role_evaluateur;
GRANT USAGE ON SCHEMA evaluation TO pdp_app, pdp_role_evaluateur;
GRANT USAGE ON SCHEMA public TO pdp_app, pdp_portail;

CREATE TABLE securite.cle_contexte (
    unique_ligne boolean PRIMARY KEY DEFAULT true CHECK (unique_ligne),
    interne bytea NOT NULL CHECK (length(interne) = 64),
    externe bytea NOT NULL CHECK (length(externe) = 64)
);
COMMENT ON TABLE securite.cle_contexte IS 'HMAC pads of the key that signs contexts; granted to nobody';
COMMENT ON COLUMN securite.cle_contexte.unique_ligne IS 'Always true: one key at a time';
COMMENT ON COLUMN securite.cle_contexte.interne IS 'Key xor 0x36, 64 bytes';
COMMENT ON COLUMN securite.cle_contexte.externe IS 'Key xor 0x5c, 64 bytes';

CREATE TYPE securite.identite_contexte AS (type text, id text, role text, plateforme_id text, partenaire_id text);

CREATE FUNCTION securite.contexte() RETURNS securite.identite_contexte
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    brut text := current_setting('pdp.contexte', true);
    parties text[];
    cle securite.cle_contexte;
BEGIN
    IF brut IS NULL OR brut = '' THEN RETURN NULL; END IF;
    parties := string_to_array(brut, '|');
    IF array_length(parties, 1) <> 6 THEN RETURN NULL; END IF;
    SELECT * INTO cle FROM securite.cle_contexte;
    IF encode(sha256(cle.externe || sha256(cle.interne || convert_to(array_to_string(parties[1:5], '|'), 'UTF8'))), 'hex') <> parties[6] THEN
        RETURN NULL;
    END IF;
    RETURN (parties[1], parties[2], parties[3], nullif(parties[4], ''), nullif(parties[5], ''))::securite.identite_contexte;
END $$;
COMMENT ON FUNCTION securite.contexte() IS 'Verified author of the transaction, NULL when absent or forged';

CREATE FUNCTION securite.plateforme_courante() RETURNS text
LANGUAGE sql STABLE AS $$ SELECT (securite.contexte()).plateforme_id $$;
CREATE FUNCTION securite.partenaire_courant() RETURNS uuid
LANGUAGE sql STABLE AS $$ SELECT (securite.contexte()).partenaire_id::uuid $$;
CREATE FUNCTION securite.agent_courant() RETURNS uuid
LANGUAGE sql STABLE AS $$ SELECT CASE WHEN (securite.contexte()).type = 'agent' THEN (securite.contexte()).id::uuid END $$;
COMMENT ON FUNCTION securite.plateforme_courante() IS 'Platform of the verified context; row level security compares it';
COMMENT ON FUNCTION securite.partenaire_courant() IS 'Partner of the verified context; row level security compares it';
COMMENT ON FUNCTION securite.agent_courant() IS 'Agent of the verified context; NULL for machines and partners';

CREATE FUNCTION securite.exiger_auteur() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF securite.contexte() IS NULL THEN
        RAISE EXCEPTION 'write_without_author on %.%', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION securite.exiger_auteur() IS 'Statement trigger of every business table: no write without a verified author';
