-- Document d'orientation local written on screen: one draft per platform, signed by a médecin-conseil of that platform and by nobody else,
-- never changed once signed; and what médecins-conseils changed afterwards of what it had decided.

CREATE TABLE pdp.dol_brouillon (
    plateforme_id text PRIMARY KEY REFERENCES pdp.plateforme,
    du date NOT NULL,
    regles jsonb NOT NULL CHECK (jsonb_typeof(regles) = 'array'),
    revision integer NOT NULL DEFAULT 1,
    version_de_depart uuid,
    ouvert_at timestamptz NOT NULL,
    modifie_par uuid NOT NULL,
    modifie_at timestamptz NOT NULL,
    FOREIGN KEY (plateforme_id, version_de_depart) REFERENCES pdp.dol_version (plateforme_id, id),
    FOREIGN KEY (plateforme_id, modifie_par) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.dol_brouillon IS 'Next document d''orientation local of a platform, being written: it delegates nothing; signed, it becomes a version and this row goes';
COMMENT ON COLUMN pdp.dol_brouillon.plateforme_id IS 'Platform: one draft each';
COMMENT ON COLUMN pdp.dol_brouillon.du IS 'First day in force that is wished';
COMMENT ON COLUMN pdp.dol_brouillon.regles IS 'Rules in order: id, libelle, conditions (closed vocabulary of domain/dol.py), cible';
COMMENT ON COLUMN pdp.dol_brouillon.revision IS 'Grows at each change: two people writing at once do not undo each other';
COMMENT ON COLUMN pdp.dol_brouillon.version_de_depart IS 'Version it was copied from; NULL = from nothing';
COMMENT ON COLUMN pdp.dol_brouillon.ouvert_at IS 'When begun';
COMMENT ON COLUMN pdp.dol_brouillon.modifie_par IS 'Médecin-conseil of the last change';
COMMENT ON COLUMN pdp.dol_brouillon.modifie_at IS 'When last changed';

ALTER TABLE pdp.dol_regle ADD CONSTRAINT dol_regle_de_sa_version UNIQUE (dol_version_id, id);

-- A delegated orientation names its version and the rule of that version; any other names none.
ALTER TABLE pdp.signalement
    ADD CONSTRAINT signalement_delegation_check CHECK ((coalesce(mode_decision, '') = 'delegue') = (dol_version_id IS NOT NULL)
        AND (dol_version_id IS NULL) = (dol_regle_id IS NULL)),
    ADD CONSTRAINT signalement_delegation_fkey FOREIGN KEY (dol_version_id, dol_regle_id) REFERENCES pdp.dol_regle (dol_version_id, id);
CREATE INDEX signalement_par_regle ON pdp.signalement (dol_regle_id, decide_at) WHERE dol_regle_id IS NOT NULL;

CREATE TABLE pdp.dol_derogation (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    assure_id uuid NOT NULL,
    signalement_id uuid NOT NULL,
    dol_version_id uuid NOT NULL,
    dol_regle_id uuid NOT NULL,
    cible_avant text NOT NULL CHECK (cible_avant IN ('oriente_csam', 'oriente_ism', 'convocation_mc', 'sans_suite')),
    cible_apres text NOT NULL CHECK (cible_apres IN ('oriente_csam', 'oriente_ism', 'convocation_mc', 'sans_suite')),
    motif text NOT NULL CHECK (length(motif) BETWEEN 1 AND 500),
    medecin_id uuid NOT NULL,
    fait_at timestamptz NOT NULL,
    annulee_at timestamptz,
    CHECK (cible_avant <> cible_apres),
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id),
    FOREIGN KEY (plateforme_id, signalement_id) REFERENCES pdp.signalement (plateforme_id, id),
    FOREIGN KEY (dol_version_id, dol_regle_id) REFERENCES pdp.dol_regle (dol_version_id, id),
    FOREIGN KEY (plateforme_id, medecin_id) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.dol_derogation IS 'A médecin-conseil changed what a rule of the delegation had decided: read by médecins-conseils only, to judge the rule';
COMMENT ON COLUMN pdp.dol_derogation.id IS 'Opaque id';
COMMENT ON COLUMN pdp.dol_derogation.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.dol_derogation.assure_id IS 'Insured person';
COMMENT ON COLUMN pdp.dol_derogation.signalement_id IS 'File';
COMMENT ON COLUMN pdp.dol_derogation.dol_version_id IS 'Version that had decided';
COMMENT ON COLUMN pdp.dol_derogation.dol_regle_id IS 'Rule that had decided';
COMMENT ON COLUMN pdp.dol_derogation.cible_avant IS 'Orientation given by the rule';
COMMENT ON COLUMN pdp.dol_derogation.cible_apres IS 'Orientation given by the médecin-conseil';
COMMENT ON COLUMN pdp.dol_derogation.motif IS 'Reason; nothing medical';
COMMENT ON COLUMN pdp.dol_derogation.medecin_id IS 'Médecin-conseil who decided';
COMMENT ON COLUMN pdp.dol_derogation.fait_at IS 'When';
COMMENT ON COLUMN pdp.dol_derogation.annulee_at IS 'When taken back by its author; NULL = stands';
CREATE UNIQUE INDEX dol_derogation_une_par_dossier ON pdp.dol_derogation (signalement_id) WHERE annulee_at IS NULL;
CREATE INDEX ON pdp.dol_derogation (dol_regle_id, fait_at);
CREATE INDEX ON pdp.dol_derogation (assure_id);

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['dol_brouillon', 'dol_derogation'] LOOP
        EXECUTE format('ALTER TABLE pdp.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE pdp.%I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY lot ON pdp.%I TO pdp_app USING (true) WITH CHECK (true)', t);
        EXECUTE format('CREATE POLICY plateforme ON pdp.%I TO pdp_role_medecin USING (plateforme_id = (SELECT securite.plateforme_courante()))'
            ' WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()))', t);
        EXECUTE format('CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON pdp.%I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur()', t);
    END LOOP;
END $$;
CREATE POLICY signe ON pdp.dol_derogation AS RESTRICTIVE FOR INSERT TO pdp_role_medecin
    WITH CHECK (medecin_id = (SELECT securite.agent_courant()));
GRANT SELECT, INSERT, DELETE ON pdp.dol_brouillon TO pdp_role_medecin;
GRANT UPDATE (du, regles, revision, modifie_par, modifie_at) ON pdp.dol_brouillon TO pdp_role_medecin;
GRANT SELECT, INSERT ON pdp.dol_derogation TO pdp_role_medecin;
GRANT UPDATE (annulee_at) ON pdp.dol_derogation TO pdp_role_medecin;
GRANT SELECT ON pdp.dol_derogation TO pdp_app;

-- Delegation is a medical act: no batch writes one, and what was signed stays as it was signed.
REVOKE INSERT, UPDATE ON pdp.dol_version, pdp.dol_regle FROM pdp_app;

CREATE FUNCTION pdp.garder_version_dol() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    qui securite.identite_contexte := securite.contexte();
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.signe_at IS NOT NULL THEN
            RAISE EXCEPTION 'a signed version is kept' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.signe_at IS NOT NULL THEN
        IF to_jsonb(NEW) - 'au' IS DISTINCT FROM to_jsonb(OLD) - 'au' OR NEW.au IS NULL OR NEW.au > OLD.au THEN
            RAISE EXCEPTION 'a signed version only ends sooner' USING ERRCODE = 'insufficient_privilege';
        END IF;
    ELSIF NEW.signe_at IS NOT NULL AND (current_user <> 'pdp_role_medecin' OR qui.role IS DISTINCT FROM 'medecin_conseil'
            OR qui.id IS DISTINCT FROM NEW.signe_par::text OR qui.plateforme_id IS DISTINCT FROM NEW.plateforme_id) THEN
        RAISE EXCEPTION 'a version is signed by a médecin-conseil of its platform, in person' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION pdp.garder_version_dol() IS 'A document d''orientation local is signed by the médecin-conseil who acts; signed, it only ends sooner';
CREATE TRIGGER garder_version_dol BEFORE INSERT OR UPDATE OR DELETE ON pdp.dol_version FOR EACH ROW EXECUTE FUNCTION pdp.garder_version_dol();

CREATE FUNCTION pdp.garder_regle_dol() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    la_version uuid := CASE TG_OP WHEN 'INSERT' THEN NEW.dol_version_id ELSE OLD.dol_version_id END;
BEGIN
    IF EXISTS (SELECT 1 FROM pdp.dol_version v WHERE v.id = la_version AND v.signe_at IS NOT NULL) THEN
        RAISE EXCEPTION 'the rules of a signed version are kept as signed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
COMMENT ON FUNCTION pdp.garder_regle_dol() IS 'No rule is added to, changed in or taken out of a signed version';
CREATE TRIGGER garder_regle_dol BEFORE INSERT OR UPDATE OR DELETE ON pdp.dol_regle FOR EACH ROW EXECUTE FUNCTION pdp.garder_regle_dol();
