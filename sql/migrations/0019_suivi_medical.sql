-- A file given to the infirmier or to a convocation comes back: each has a deadline, a list, and an end with its reason.

CREATE TABLE pdp.suivi_medical (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    assure_id uuid NOT NULL,
    signalement_id uuid NOT NULL UNIQUE,
    cible text NOT NULL CHECK (cible IN ('oriente_ism', 'convocation_mc')),
    ouvert_at timestamptz NOT NULL,
    echeance_at timestamptz NOT NULL,
    reports integer NOT NULL DEFAULT 0,
    clos_at timestamptz,
    clos_par uuid,
    issue text CHECK (issue IN ('oriente_csam', 'sans_suite')),
    note text,
    CHECK ((clos_at IS NULL) = (issue IS NULL)),
    CHECK ((clos_at IS NULL) = (clos_par IS NULL)),
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id),
    FOREIGN KEY (plateforme_id, signalement_id) REFERENCES pdp.signalement (plateforme_id, id),
    FOREIGN KEY (plateforme_id, clos_par) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.suivi_medical IS 'What became of a file oriented to the infirmier or convoked: open until somebody says so';
COMMENT ON COLUMN pdp.suivi_medical.id IS 'Opaque id';
COMMENT ON COLUMN pdp.suivi_medical.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.suivi_medical.assure_id IS 'Insured person';
COMMENT ON COLUMN pdp.suivi_medical.signalement_id IS 'File oriented';
COMMENT ON COLUMN pdp.suivi_medical.cible IS 'Who has it: oriente_ism or convocation_mc';
COMMENT ON COLUMN pdp.suivi_medical.ouvert_at IS 'When it was oriented';
COMMENT ON COLUMN pdp.suivi_medical.echeance_at IS 'When news is due';
COMMENT ON COLUMN pdp.suivi_medical.reports IS 'How many times the deadline was put off';
COMMENT ON COLUMN pdp.suivi_medical.clos_at IS 'When it ended';
COMMENT ON COLUMN pdp.suivi_medical.clos_par IS 'Médecin-conseil who ended it';
COMMENT ON COLUMN pdp.suivi_medical.issue IS 'oriente_csam (a parcours opens) or sans_suite';
COMMENT ON COLUMN pdp.suivi_medical.note IS 'Reason of the end or of the last postponement; nothing medical';
CREATE INDEX ON pdp.suivi_medical (plateforme_id, echeance_at) WHERE clos_at IS NULL;

ALTER TABLE pdp.suivi_medical ENABLE ROW LEVEL SECURITY;
ALTER TABLE pdp.suivi_medical FORCE ROW LEVEL SECURITY;
CREATE POLICY lot ON pdp.suivi_medical TO pdp_app, pdp_expediteur USING (true) WITH CHECK (true);
CREATE POLICY plateforme ON pdp.suivi_medical TO pdp_role_csam, pdp_role_medecin, pdp_role_responsable
    USING (plateforme_id = (SELECT securite.plateforme_courante())) WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()));
CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON pdp.suivi_medical
    FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur();

GRANT SELECT, INSERT ON pdp.suivi_medical TO pdp_app, pdp_role_medecin;
GRANT UPDATE (echeance_at, reports, clos_at, clos_par, issue, note) ON pdp.suivi_medical TO pdp_role_medecin;
GRANT SELECT (id, plateforme_id, cible, ouvert_at, echeance_at, reports, clos_at, issue) ON pdp.suivi_medical TO pdp_role_responsable;
