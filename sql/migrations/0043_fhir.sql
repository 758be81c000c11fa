-- Partners who speak FHIR: who may call our endpoint, calls already seen, what is kept of a partner's Task, when its server was last read.

ALTER TABLE pdp.partenaire ADD COLUMN jeton_url text CHECK (length(jeton_url) <= 300);
COMMENT ON COLUMN pdp.partenaire.jeton_url IS 'Where our token is asked for (client credentials); NULL = its server takes the token derived for it';

ALTER TABLE pdp.curseur_partenaire
    ADD COLUMN canal text NOT NULL DEFAULT 'api' CHECK (canal IN ('api', 'fhir')),
    ADD COLUMN tente_at timestamptz,
    ALTER COLUMN lu_at DROP NOT NULL,
    DROP CONSTRAINT curseur_partenaire_pkey,
    ADD PRIMARY KEY (partenaire_id, canal);
COMMENT ON COLUMN pdp.curseur_partenaire.canal IS 'Transport read: a partner that changes keeps a cursor for each';
COMMENT ON COLUMN pdp.curseur_partenaire.lu_at IS 'Business instant of the last reading; NULL = called, never read';
COMMENT ON COLUMN pdp.curseur_partenaire.tente_at IS 'Last time its server was called, answered or not: it is never called more often than the policy says';

-- 1. A client of our endpoint: its secret is random, shown once, and known here by its hash.
CREATE TABLE securite.client_fhir (
    id text PRIMARY KEY CHECK (id ~ '^pdp-[0-9a-f]{20}$'),
    plateforme_id text NOT NULL,
    partenaire_id uuid NOT NULL,
    empreinte bytea NOT NULL CHECK (length(empreinte) = 32),
    cree_at timestamptz NOT NULL,
    cree_par text NOT NULL CHECK (length(cree_par) <= 100),
    revoque_at timestamptz,
    revoque_par text CHECK (length(revoque_par) <= 100),
    CHECK ((revoque_at IS NULL) = (revoque_par IS NULL)),
    FOREIGN KEY (plateforme_id, partenaire_id) REFERENCES pdp.partenaire (plateforme_id, id)
);
COMMENT ON TABLE securite.client_fhir IS 'Software of a partner that may call our FHIR endpoint; revoked, never deleted';
COMMENT ON COLUMN securite.client_fhir.id IS 'Client id, no secret';
COMMENT ON COLUMN securite.client_fhir.plateforme_id IS 'Platform';
COMMENT ON COLUMN securite.client_fhir.partenaire_id IS 'Partner it acts for, and no other';
COMMENT ON COLUMN securite.client_fhir.empreinte IS 'SHA-256 of a secret of 256 random bits';
COMMENT ON COLUMN securite.client_fhir.cree_at IS 'When opened';
COMMENT ON COLUMN securite.client_fhir.cree_par IS 'Who opened it (opaque id)';
COMMENT ON COLUMN securite.client_fhir.revoque_at IS 'When revoked: its tokens stop at once';
COMMENT ON COLUMN securite.client_fhir.revoque_par IS 'Who revoked it (opaque id)';
CREATE INDEX ON securite.client_fhir (partenaire_id) WHERE revoque_at IS NULL;

CREATE TABLE securite.jeton_fhir (
    empreinte bytea PRIMARY KEY CHECK (length(empreinte) = 32),
    client_id text NOT NULL REFERENCES securite.client_fhir,
    cle_enveloppee bytea NOT NULL CHECK (length(cle_enveloppee) = 32),
    emis_at timestamptz NOT NULL,
    expire_at timestamptz NOT NULL,
    CHECK (emis_at < expire_at)
);
COMMENT ON TABLE securite.jeton_fhir IS 'Short-lived tokens of a client, by their hash; useless without the token itself';
COMMENT ON COLUMN securite.jeton_fhir.empreinte IS 'SHA-256 of the token';
COMMENT ON COLUMN securite.jeton_fhir.client_id IS 'Client';
COMMENT ON COLUMN securite.jeton_fhir.cle_enveloppee IS 'Key that signs the bodies sent with this token, masked by a value that only the token gives';
COMMENT ON COLUMN securite.jeton_fhir.emis_at IS 'When given';
COMMENT ON COLUMN securite.jeton_fhir.expire_at IS 'End';
CREATE INDEX ON securite.jeton_fhir (client_id);

CREATE TABLE securite.appel_fhir (
    client_id text NOT NULL REFERENCES securite.client_fhir,
    signature bytea NOT NULL CHECK (length(signature) = 32),
    vu_at timestamptz NOT NULL,
    PRIMARY KEY (client_id, signature)
);
COMMENT ON TABLE securite.appel_fhir IS 'Signed calls already taken: the same signature twice is a replay; rows older than the life of a signature are dropped';
COMMENT ON COLUMN securite.appel_fhir.client_id IS 'Client';
COMMENT ON COLUMN securite.appel_fhir.signature IS 'SHA-256 of the signature header';
COMMENT ON COLUMN securite.appel_fhir.vu_at IS 'When taken, on the clock of the database';

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['client_fhir', 'jeton_fhir', 'appel_fhir'] LOOP
        EXECUTE format('ALTER TABLE securite.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE securite.%I FORCE ROW LEVEL SECURITY', t);
        -- the portal itself, before anybody is known: a request of a person or of a partner carries a context and sees no row
        EXECUTE format('CREATE POLICY portail ON securite.%I TO pdp_portail USING ((SELECT (securite.contexte()).type) IS NULL)'
            ' WITH CHECK ((SELECT (securite.contexte()).type) IS NULL)', t);
    END LOOP;
END $$;
CREATE POLICY lot ON securite.client_fhir TO pdp_app USING (true) WITH CHECK (true);
CREATE POLICY plateforme ON securite.client_fhir TO pdp_role_responsable
    USING (plateforme_id = (SELECT securite.plateforme_courante())) WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()));
CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON securite.client_fhir
    FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur();
GRANT INSERT (id, plateforme_id, partenaire_id, empreinte, cree_at, cree_par), UPDATE (revoque_at, revoque_par),
    SELECT (id, plateforme_id, partenaire_id, cree_at, cree_par, revoque_at, revoque_par) ON securite.client_fhir TO pdp_app, pdp_role_responsable;
GRANT SELECT ON securite.client_fhir TO pdp_portail;
GRANT SELECT, INSERT, DELETE ON securite.jeton_fhir, securite.appel_fhir TO pdp_portail;

-- 2. What a partner wrote on its Task, so that only what is new is told, and what we do not understand is given back as it was.
CREATE TABLE pdp.tache_fhir (
    orientation_id uuid PRIMARY KEY,
    plateforme_id text NOT NULL,
    partenaire_id uuid NOT NULL,
    version integer NOT NULL,
    ressource jsonb NOT NULL CHECK (jsonb_typeof(ressource) = 'object' AND length(ressource::text) <= 65536),
    lue_at timestamptz NOT NULL,
    FOREIGN KEY (plateforme_id, orientation_id) REFERENCES pdp.orientation (plateforme_id, id),
    FOREIGN KEY (plateforme_id, partenaire_id) REFERENCES pdp.partenaire (plateforme_id, id)
);
COMMENT ON TABLE pdp.tache_fhir IS
    'The partner''s own part of the last Task it gave about a hand-over (status, words, identifiers, extensions): given back to it alone, nobody else reads it';
COMMENT ON COLUMN pdp.tache_fhir.orientation_id IS 'Hand-over';
COMMENT ON COLUMN pdp.tache_fhir.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.tache_fhir.partenaire_id IS 'Partner';
COMMENT ON COLUMN pdp.tache_fhir.version IS 'Highest version of the answers it carried';
COMMENT ON COLUMN pdp.tache_fhir.ressource IS 'Elements the partner sets, extensions included; never those of the platform (person, question, answers)';
COMMENT ON COLUMN pdp.tache_fhir.lue_at IS 'When kept';
ALTER TABLE pdp.tache_fhir ENABLE ROW LEVEL SECURITY;
ALTER TABLE pdp.tache_fhir FORCE ROW LEVEL SECURITY;
CREATE POLICY lot ON pdp.tache_fhir TO pdp_app USING (true) WITH CHECK (true);
CREATE POLICY partenaire ON pdp.tache_fhir TO pdp_role_partenaire
    USING (partenaire_id = (SELECT securite.partenaire_courant()))
    WITH CHECK (partenaire_id = (SELECT securite.partenaire_courant()) AND EXISTS (SELECT 1 FROM pdp.orientation o WHERE o.id = orientation_id));
CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON pdp.tache_fhir
    FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur();
GRANT SELECT, INSERT, UPDATE (version, ressource, lue_at) ON pdp.tache_fhir TO pdp_app, pdp_role_partenaire;
