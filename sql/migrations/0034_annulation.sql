-- Every act of a person on a case can be taken back: what it changed is written as ids and codes, and put back as it was.

CREATE TABLE pdp.acte (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    rang bigint GENERATED ALWAYS AS IDENTITY,
    plateforme_id text NOT NULL,
    assure_id uuid NOT NULL,
    parcours_id uuid,
    agent_id uuid NOT NULL,
    genre text NOT NULL,
    fait_at timestamptz NOT NULL,
    evenement_avant bigint NOT NULL,
    evenement_apres bigint NOT NULL,
    statut_avant text,
    statut_apres text,
    lignes jsonb NOT NULL,
    annule_at timestamptz,
    annule_par uuid,
    erreur_motif text,
    UNIQUE (plateforme_id, id),
    CHECK ((annule_at IS NULL) = (annule_par IS NULL)),
    CHECK (erreur_motif IS NULL OR annule_at IS NOT NULL),
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id),
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id),
    FOREIGN KEY (plateforme_id, agent_id) REFERENCES pdp.agent (plateforme_id, id),
    FOREIGN KEY (plateforme_id, annule_par) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.acte IS 'One act of a person on one case and what it changed, so that it can be taken back; an act that changed nothing has no row';
COMMENT ON COLUMN pdp.acte.id IS 'Opaque id';
COMMENT ON COLUMN pdp.acte.rang IS 'Order of the acts of a case, which are made one at a time';
COMMENT ON COLUMN pdp.acte.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.acte.assure_id IS 'Insured person';
COMMENT ON COLUMN pdp.acte.parcours_id IS 'Parcours; NULL for a tri that opened none';
COMMENT ON COLUMN pdp.acte.agent_id IS 'Who acted';
COMMENT ON COLUMN pdp.acte.genre IS 'Kind of act, a code of domain/acte.py';
COMMENT ON COLUMN pdp.acte.fait_at IS 'When';
COMMENT ON COLUMN pdp.acte.evenement_avant IS 'Last event of the person in the journal before the act';
COMMENT ON COLUMN pdp.acte.evenement_apres IS 'Last event of the person in the journal once done: those in between tell this act';
COMMENT ON COLUMN pdp.acte.statut_avant IS 'Status of the parcours before';
COMMENT ON COLUMN pdp.acte.statut_apres IS 'Status of the parcours after';
COMMENT ON COLUMN pdp.acte.lignes IS 'Rows written, changed or created: table, id, codes and dates before (absent = created) and after; no words of anybody, nothing of health';
COMMENT ON COLUMN pdp.acte.annule_at IS 'When taken back; NULL = stands';
COMMENT ON COLUMN pdp.acte.annule_par IS 'Who took it back';
COMMENT ON COLUMN pdp.acte.erreur_motif IS 'Reason of a « saisie par erreur » declared after the undo window; NULL = undone within it';
CREATE INDEX ON pdp.acte (assure_id, rang);
CREATE INDEX ON pdp.acte (agent_id, fait_at);
-- Around each act the whole case is read, closed reasons and withdrawn rows included.
CREATE INDEX ON pdp.tache (parcours_id);
CREATE INDEX ON pdp.issue (parcours_id);
CREATE INDEX ON pdp.mise_en_silence (assure_id, posee_at);
CREATE INDEX ON pdp.verdict_detection (signalement_id);
CREATE INDEX ON pdp.suivi_medical (assure_id);

ALTER TABLE pdp.acte ENABLE ROW LEVEL SECURITY;
ALTER TABLE pdp.acte FORCE ROW LEVEL SECURITY;
CREATE POLICY lot ON pdp.acte TO pdp_app, pdp_expediteur USING (true) WITH CHECK (true);
CREATE POLICY plateforme ON pdp.acte TO pdp_role_csam, pdp_role_medecin
    USING (plateforme_id = (SELECT securite.plateforme_courante())) WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()));
CREATE POLICY les_siens ON pdp.acte TO pdp_role_responsable
    USING (plateforme_id = (SELECT securite.plateforme_courante()) AND agent_id = (SELECT securite.agent_courant()))
    WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()) AND agent_id = (SELECT securite.agent_courant()));
CREATE POLICY signe ON pdp.acte AS RESTRICTIVE FOR INSERT TO pdp_role_csam, pdp_role_medecin, pdp_role_responsable
    WITH CHECK (agent_id = (SELECT securite.agent_courant()));
CREATE POLICY retrait ON pdp.acte FOR SELECT TO pdp_owner
    USING (plateforme_id = (SELECT (securite.contexte()).plateforme_id) AND agent_id::text = (SELECT (securite.contexte()).id));
CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON pdp.acte
    FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur();
GRANT SELECT, INSERT, UPDATE ON pdp.acte TO pdp_app;
GRANT SELECT, INSERT ON pdp.acte TO pdp_role_csam, pdp_role_medecin, pdp_role_responsable;
GRANT UPDATE (annule_at, annule_par, erreur_motif) ON pdp.acte TO pdp_role_csam, pdp_role_medecin, pdp_role_responsable;

-- What was entered in error stays, marked: contact and issue already have their column.
ALTER TABLE pdp.tele_echange ADD COLUMN saisie_par_erreur_at timestamptz;
ALTER TABLE pdp.accord ADD COLUMN saisie_par_erreur_at timestamptz;
ALTER TABLE pdp.orientation ADD COLUMN saisie_par_erreur_at timestamptz;
ALTER TABLE pdp.soutien_psy ADD COLUMN saisie_par_erreur_at timestamptz;
ALTER TABLE pdp.mise_en_silence ADD COLUMN saisie_par_erreur_at timestamptz;
ALTER TABLE pdp.suivi_medical ADD COLUMN saisie_par_erreur_at timestamptz;
COMMENT ON COLUMN pdp.tele_echange.saisie_par_erreur_at IS 'Set when planned in error; the row stays, cancelled';
COMMENT ON COLUMN pdp.accord.saisie_par_erreur_at IS 'Set when entered in error: never was the word of the person; the row stays, withdrawn';
COMMENT ON COLUMN pdp.orientation.saisie_par_erreur_at IS 'Set when proposed in error; the row stays, taken back';
COMMENT ON COLUMN pdp.soutien_psy.saisie_par_erreur_at IS 'Set when entered in error; NULL again once recorded anew';
COMMENT ON COLUMN pdp.mise_en_silence.saisie_par_erreur_at IS 'Set when asked for in error; the row stays, lifted';
COMMENT ON COLUMN pdp.suivi_medical.saisie_par_erreur_at IS 'Set when opened by a tri taken back; the row stays, closed';
ALTER TABLE pdp.suivi_medical DROP CONSTRAINT suivi_medical_signalement_id_key;
CREATE UNIQUE INDEX suivi_medical_un_par_dossier ON pdp.suivi_medical (signalement_id) WHERE saisie_par_erreur_at IS NULL;

GRANT UPDATE (saisie_par_erreur_at) ON pdp.tele_echange, pdp.accord, pdp.orientation, pdp.mise_en_silence TO pdp_role_csam, pdp_role_medecin;
GRANT UPDATE (saisie_par_erreur_at) ON pdp.soutien_psy TO pdp_role_csam;
GRANT UPDATE (saisie_par_erreur_at) ON pdp.suivi_medical TO pdp_role_medecin;
-- Declared health written in a télé-échange taken back is not kept; row level security leaves a coordinator her own.
GRANT DELETE ON medical.sante_declaree TO pdp_role_csam;

-- An alert whose cause is taken back is taken back with it, by whoever takes that act back and by nobody else; once decided it stays.
ALTER TABLE pdp.alerte ADD COLUMN retiree_at timestamptz;
COMMENT ON COLUMN pdp.alerte.retiree_at IS 'Set when the act that raised it was taken back: nobody has anything to decide';
CREATE POLICY retrait ON pdp.alerte TO pdp_owner
    USING (plateforme_id = (SELECT (securite.contexte()).plateforme_id)) WITH CHECK (plateforme_id = (SELECT (securite.contexte()).plateforme_id));
CREATE FUNCTION pdp.retirer_alertes(p_acte uuid, p_instant timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    nombre integer;
    qui securite.identite_contexte := securite.contexte();
BEGIN
    UPDATE pdp.alerte AS a
    SET retiree_at = p_instant, decide_at = p_instant, decision = 'sans_objet'
    FROM pdp.acte AS c, jsonb_array_elements(c.lignes) AS l
    WHERE c.id = p_acte AND c.agent_id::text = qui.id AND c.plateforme_id = qui.plateforme_id AND c.annule_at IS NULL
        AND l ->> 'table' = 'alerte' AND l -> 'avant' = 'null' AND a.id = (l ->> 'id')::uuid AND a.assure_id = c.assure_id AND a.decide_at IS NULL;
    GET DIAGNOSTICS nombre = ROW_COUNT;
    RETURN nombre;
END $$;
COMMENT ON FUNCTION pdp.retirer_alertes(uuid, timestamptz) IS 'Takes back the undecided alerts that an act of the verified author raised; a borrowed or forged author takes back none';
GRANT EXECUTE ON FUNCTION pdp.retirer_alertes(uuid, timestamptz) TO pdp_role_csam, pdp_role_medecin;
