-- Quiet mode of one person: no call, no message, no new signalement while it runs; one at a time, and everybody comes back when it ends.

CREATE TABLE pdp.mise_en_silence (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    assure_id uuid NOT NULL,
    motif text NOT NULL CHECK (motif IN ('hospitalisation', 'deuil', 'deces', 'refus', 'demande')),
    du date NOT NULL,
    au date,
    note text CHECK (length(note) <= 500),
    posee_par uuid NOT NULL,
    posee_at timestamptz NOT NULL,
    courante boolean NOT NULL DEFAULT true,
    levee_at timestamptz,
    levee_par uuid,
    UNIQUE (plateforme_id, id),
    CHECK (du <= au),
    CHECK (au IS NOT NULL OR motif IN ('deces', 'refus')),
    CHECK (motif <> 'deces' OR au IS NULL),
    CHECK ((levee_at IS NULL) = (levee_par IS NULL)),
    CHECK (levee_at IS NULL OR NOT courante),
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id),
    FOREIGN KEY (plateforme_id, posee_par) REFERENCES pdp.agent (plateforme_id, id),
    FOREIGN KEY (plateforme_id, levee_par) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.mise_en_silence IS 'Quiet mode of a person: whoever calls, writes or signals asks pdp.silence_du_jour first; a row is lifted, never edited';
COMMENT ON COLUMN pdp.mise_en_silence.id IS 'Opaque id';
COMMENT ON COLUMN pdp.mise_en_silence.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.mise_en_silence.assure_id IS 'Insured person';
COMMENT ON COLUMN pdp.mise_en_silence.motif IS 'Closed reason: hospitalisation, deuil, deces, refus (of any contact), demande (of the person)';
COMMENT ON COLUMN pdp.mise_en_silence.du IS 'First day of silence';
COMMENT ON COLUMN pdp.mise_en_silence.au IS 'Last day of silence; NULL = no end, for a death or a refusal only';
COMMENT ON COLUMN pdp.mise_en_silence.note IS 'Free words without health; the person may ask to read them';
COMMENT ON COLUMN pdp.mise_en_silence.posee_par IS 'Who asked for silence';
COMMENT ON COLUMN pdp.mise_en_silence.posee_at IS 'When asked for';
COMMENT ON COLUMN pdp.mise_en_silence.courante IS 'The last word about this person: false once lifted, or once another silence followed one that had ended';
COMMENT ON COLUMN pdp.mise_en_silence.levee_at IS 'When lifted before its end; NULL = never';
COMMENT ON COLUMN pdp.mise_en_silence.levee_par IS 'Who lifted it';
CREATE UNIQUE INDEX mise_en_silence_une_courante ON pdp.mise_en_silence (assure_id) WHERE courante;
CREATE INDEX ON pdp.mise_en_silence (assure_id) WHERE levee_at IS NULL;
CREATE INDEX ON pdp.mise_en_silence (plateforme_id) WHERE courante;

-- One answer for everybody: detection, tasks, calls, messages, screens.
CREATE FUNCTION pdp.silence_du_jour(p_assure uuid, p_jour date) RETURNS TABLE (id uuid, motif text, du date, au date)
LANGUAGE sql STABLE AS $$
    SELECT s.id, s.motif, s.du, s.au
    FROM pdp.mise_en_silence AS s
    WHERE s.assure_id = p_assure AND s.levee_at IS NULL AND s.du <= p_jour AND (s.au IS NULL OR p_jour <= s.au)
    ORDER BY s.courante DESC, s.posee_at DESC
    LIMIT 1
$$;
COMMENT ON FUNCTION pdp.silence_du_jour(uuid, date) IS 'The silence of a person on a day, both ends included; no row when she may be contacted';

-- Setting, lifting or moving the end of a silence: the person is looked at again by the next detection.
CREATE FUNCTION pdp.signaler_silence_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO pdp.fait_nouveau (plateforme_id, assure_id)
    SELECT apres.plateforme_id, apres.assure_id FROM apres JOIN avant ON avant.id = apres.id
    WHERE (avant.levee_at, avant.au) IS DISTINCT FROM (apres.levee_at, apres.au);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION pdp.signaler_silence_change() IS 'Queues people whose silence is lifted or ends on another day';
CREATE TRIGGER signaler_ajout AFTER INSERT ON pdp.mise_en_silence
    REFERENCING NEW TABLE AS apres FOR EACH STATEMENT EXECUTE FUNCTION pdp.signaler_fait_ajoute();
CREATE TRIGGER signaler_changement AFTER UPDATE ON pdp.mise_en_silence
    REFERENCING OLD TABLE AS avant NEW TABLE AS apres FOR EACH STATEMENT EXECUTE FUNCTION pdp.signaler_silence_change();

-- What silence put off or closed is known, and put back when it is lifted.
ALTER TABLE pdp.tache ADD COLUMN silence_id uuid, ADD COLUMN echeance_avant_at timestamptz,
    ADD FOREIGN KEY (plateforme_id, silence_id) REFERENCES pdp.mise_en_silence (plateforme_id, id),
    ADD CHECK (echeance_avant_at IS NULL OR silence_id IS NOT NULL);
COMMENT ON COLUMN pdp.tache.silence_id IS 'Silence of the person that put it off or closed it; NULL = none';
COMMENT ON COLUMN pdp.tache.echeance_avant_at IS 'Deadline before the silence put it off; NULL = not put off';
CREATE INDEX ON pdp.tache (silence_id) WHERE silence_id IS NOT NULL;

ALTER TABLE pdp.contact ADD COLUMN entrant boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN pdp.contact.entrant IS 'The person came to us: the only contact that a silence lets in';

ALTER TABLE pdp.mise_en_silence ENABLE ROW LEVEL SECURITY;
ALTER TABLE pdp.mise_en_silence FORCE ROW LEVEL SECURITY;
CREATE POLICY lot ON pdp.mise_en_silence TO pdp_app, pdp_expediteur USING (true) WITH CHECK (true);
CREATE POLICY plateforme ON pdp.mise_en_silence TO pdp_role_csam, pdp_role_medecin
    USING (plateforme_id = (SELECT securite.plateforme_courante())) WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()));
CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON pdp.mise_en_silence
    FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur();

GRANT SELECT, INSERT ON pdp.mise_en_silence TO pdp_app, pdp_role_csam, pdp_role_medecin;
GRANT UPDATE (courante, levee_at, levee_par) ON pdp.mise_en_silence TO pdp_app, pdp_role_csam, pdp_role_medecin;
GRANT SELECT (id, assure_id, motif, du, au, posee_at, courante, levee_at) ON pdp.mise_en_silence TO pdp_expediteur;
GRANT UPDATE (silence_id, echeance_avant_at) ON pdp.tache TO pdp_role_csam, pdp_role_medecin;
GRANT EXECUTE ON FUNCTION pdp.silence_du_jour(uuid, date) TO pdp_app, pdp_expediteur, pdp_role_csam, pdp_role_medecin;
GRANT EXECUTE ON FUNCTION pdp.signaler_silence_change() TO pdp_app, pdp_role_csam, pdp_role_medecin;
