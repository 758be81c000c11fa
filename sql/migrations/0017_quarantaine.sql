-- A manager corrects a refused line: what is asked is a row, applied by the next reception; what is opened leaves a trace; files sent by hand.

CREATE TABLE identite.correction_quarantaine (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL REFERENCES pdp.plateforme,
    quarantaine_id uuid NOT NULL REFERENCES identite.quarantaine,
    decision text NOT NULL CHECK (decision IN ('corriger', 'rejouer', 'abandonner')),
    contenu_chiffre bytea,
    champs text[] NOT NULL DEFAULT '{}',
    motif text CHECK (motif IN ('doublon', 'renvoi_demande', 'hors_perimetre', 'inexploitable')),
    agent_id uuid NOT NULL,
    demandee_at timestamptz NOT NULL,
    annulee_at timestamptz,
    traitee_at timestamptz,
    resultat text CHECK (resultat IN ('pris', 'inchange', 'encore_refuse', 'abandonne')),
    resultat_champ text,
    resultat_code text,
    resultat_message text,
    contenu_avant_chiffre bytea,
    CHECK ((decision = 'corriger') = (contenu_chiffre IS NOT NULL)),
    CHECK ((decision = 'abandonner') = (motif IS NOT NULL)),
    CHECK ((traitee_at IS NULL) = (resultat IS NULL)),
    CHECK (annulee_at IS NULL OR traitee_at IS NULL),
    FOREIGN KEY (plateforme_id, agent_id) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE identite.correction_quarantaine IS 'What a manager decided about a refused line; the reception applies it under its own role';
COMMENT ON COLUMN identite.correction_quarantaine.id IS 'Opaque id';
COMMENT ON COLUMN identite.correction_quarantaine.plateforme_id IS 'Platform of the manager, and of the line when it was decided';
COMMENT ON COLUMN identite.correction_quarantaine.quarantaine_id IS 'Refused line';
COMMENT ON COLUMN identite.correction_quarantaine.decision IS 'corriger (corrected content, then replay), rejouer (as it is) or abandonner';
COMMENT ON COLUMN identite.correction_quarantaine.contenu_chiffre IS 'Header and corrected line, encrypted like the line itself';
COMMENT ON COLUMN identite.correction_quarantaine.champs IS 'Names of the columns changed, never their values';
COMMENT ON COLUMN identite.correction_quarantaine.motif IS 'Closed reason of an abandonment';
COMMENT ON COLUMN identite.correction_quarantaine.agent_id IS 'Who decided';
COMMENT ON COLUMN identite.correction_quarantaine.demandee_at IS 'When decided';
COMMENT ON COLUMN identite.correction_quarantaine.annulee_at IS 'When taken back, before any reception saw it';
COMMENT ON COLUMN identite.correction_quarantaine.traitee_at IS 'When a reception applied it';
COMMENT ON COLUMN identite.correction_quarantaine.resultat IS 'What came of it; encore_refuse leaves the line in quarantine with its new reason';
COMMENT ON COLUMN identite.correction_quarantaine.resultat_champ IS 'Field still refused';
COMMENT ON COLUMN identite.correction_quarantaine.resultat_code IS 'Code of the new refusal';
COMMENT ON COLUMN identite.correction_quarantaine.resultat_message IS 'French sentence of the new refusal, without the faulty value';
COMMENT ON COLUMN identite.correction_quarantaine.contenu_avant_chiffre IS 'Line as it was before the correction: nothing received is lost';
CREATE UNIQUE INDEX correction_une_en_attente ON identite.correction_quarantaine (quarantaine_id) WHERE traitee_at IS NULL AND annulee_at IS NULL;
CREATE INDEX ON identite.correction_quarantaine (quarantaine_id);

CREATE TABLE pdp.fichier_depose (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL REFERENCES pdp.plateforme,
    agent_id uuid NOT NULL,
    flux text NOT NULL,
    nom text NOT NULL,
    empreinte bytea NOT NULL CHECK (length(empreinte) = 32),
    taille_octets bigint NOT NULL CHECK (taille_octets > 0),
    depose_at timestamptz NOT NULL,
    deja_recu boolean NOT NULL,
    FOREIGN KEY (plateforme_id, agent_id) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.fichier_depose IS 'A file sent by hand from the portal: who and when; what became of it is in pdp.flux_fichier, under the same feed and content';
COMMENT ON COLUMN pdp.fichier_depose.id IS 'Opaque id';
COMMENT ON COLUMN pdp.fichier_depose.plateforme_id IS 'Platform of the sender';
COMMENT ON COLUMN pdp.fichier_depose.agent_id IS 'Who sent it';
COMMENT ON COLUMN pdp.fichier_depose.flux IS 'Feed named by the file';
COMMENT ON COLUMN pdp.fichier_depose.nom IS 'File name as sent';
COMMENT ON COLUMN pdp.fichier_depose.empreinte IS 'SHA-256 of the bytes';
COMMENT ON COLUMN pdp.fichier_depose.taille_octets IS 'Size in bytes';
COMMENT ON COLUMN pdp.fichier_depose.depose_at IS 'When';
COMMENT ON COLUMN pdp.fichier_depose.deja_recu IS 'The same content was already loaded: nothing was put in the drop folder';
CREATE INDEX ON pdp.fichier_depose (plateforme_id, depose_at);
CREATE INDEX ON pdp.fichier_depose (empreinte);

-- Row level security: the batch sees all; a manager sees and asks for his or her own platform, in his or her own name, about lines that
-- the same policy lets him or her see: the line of another platform is refused by the database itself.
DO $$
DECLARE
    nom text;
BEGIN
    FOREACH nom IN ARRAY ARRAY['identite.correction_quarantaine', 'pdp.fichier_depose'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', nom);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', nom);
        EXECUTE format('CREATE POLICY lot ON %s TO pdp_app USING (true) WITH CHECK (true)', nom);
        EXECUTE format('CREATE POLICY plateforme ON %s FOR SELECT TO pdp_role_responsable'
            ' USING (plateforme_id = (SELECT securite.plateforme_courante()))', nom);
        EXECUTE format('CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur()', nom);
    END LOOP;
END $$;
CREATE POLICY demande ON identite.correction_quarantaine FOR INSERT TO pdp_role_responsable
    WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()) AND agent_id = (SELECT securite.agent_courant())
        AND EXISTS (SELECT 1 FROM identite.quarantaine q WHERE q.id = quarantaine_id AND (q.resolue_at IS NULL OR q.resolution = 'abandonnee')));
CREATE POLICY retrait ON identite.correction_quarantaine FOR UPDATE TO pdp_role_responsable
    USING (plateforme_id = (SELECT securite.plateforme_courante()) AND traitee_at IS NULL)
    WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()) AND traitee_at IS NULL);
CREATE POLICY depot ON pdp.fichier_depose FOR INSERT TO pdp_role_responsable
    WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()) AND agent_id = (SELECT securite.agent_courant()));

GRANT SELECT, UPDATE ON identite.correction_quarantaine TO pdp_app;
GRANT SELECT ON pdp.fichier_depose TO pdp_app;
GRANT SELECT (id, plateforme_id, quarantaine_id, decision, champs, motif, agent_id, demandee_at, annulee_at, traitee_at, resultat, resultat_champ,
    resultat_code, resultat_message) ON identite.correction_quarantaine TO pdp_role_responsable;
GRANT INSERT (id, plateforme_id, quarantaine_id, decision, contenu_chiffre, champs, motif, agent_id, demandee_at)
    ON identite.correction_quarantaine TO pdp_role_responsable;
GRANT UPDATE (annulee_at) ON identite.correction_quarantaine TO pdp_role_responsable;
GRANT SELECT, INSERT ON pdp.fichier_depose TO pdp_role_responsable;

-- The only way for a manager to the content of a line: reading and its journal event are one act, whatever the code of the portal does.
CREATE POLICY ouverture ON identite.quarantaine FOR SELECT TO pdp_owner
    USING (plateforme_id = (SELECT (securite.contexte()).plateforme_id) AND (SELECT (securite.contexte()).role) = 'responsable');
CREATE FUNCTION identite.ouvrir_ligne(p_ligne uuid) RETURNS bytea
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    qui securite.identite_contexte := securite.contexte();
    contenu bytea;
BEGIN
    SELECT q.contenu_chiffre INTO contenu FROM identite.quarantaine q WHERE q.id = p_ligne;
    IF contenu IS NULL THEN RETURN NULL; END IF;
    PERFORM journal.consigner('quarantaine_ouverte', qui.plateforme_id, NULL, NULL, jsonb_build_object('quarantaine_id', p_ligne));
    RETURN contenu;
END $$;
COMMENT ON FUNCTION identite.ouvrir_ligne(uuid) IS 'Encrypted content of a refused line of the manager''s platform, NULL for any other; each call is journalled';
REVOKE EXECUTE ON FUNCTION identite.ouvrir_ligne(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identite.ouvrir_ligne(uuid) TO pdp_role_responsable;
