-- Waits with a reason and a day of return, reminders of the coordinator's own, acts on several people at once, hand-overs told to both sides.

-- 1. A wait is said on the reason itself: it ends by its date alone, no job has to wake anybody.
ALTER TABLE pdp.tache
    ADD COLUMN sujet text CHECK (sujet IN ('contacter_personne', 'contacter_employeur', 'contacter_medecin', 'preparer_rendez_vous',
        'obtenir_document', 'autre')),
    ADD COLUMN attente_raison text CHECK (attente_raison IN ('soins_en_cours', 'rendez_vous_medical', 'avis_medecin_conseil', 'decision_mdph',
        'reponse_employeur', 'reponse_partenaire', 'document_attendu', 'demande_de_la_personne', 'autre')),
    ADD COLUMN attente_du_at timestamptz,
    ADD COLUMN attente_jusqu_au date,
    ADD COLUMN attente_cumul_jours integer NOT NULL DEFAULT 0 CHECK (attente_cumul_jours >= 0),
    ADD COLUMN attente_balle text GENERATED ALWAYS AS (CASE
        WHEN attente_raison IN ('decision_mdph', 'reponse_partenaire') THEN 'partenaire'
        WHEN attente_raison = 'avis_medecin_conseil' THEN 'medecin_conseil'
        WHEN attente_raison = 'autre' THEN 'csam'
        WHEN attente_raison IS NOT NULL THEN 'assure' END) STORED,
    ADD CHECK (num_nulls(attente_raison, attente_du_at, attente_jusqu_au) IN (0, 3)),
    ADD CHECK (sujet IS NULL OR motif = 'tache_personnelle');
COMMENT ON COLUMN pdp.tache.sujet IS 'Closed reason of a reminder of the coordinator''s own; NULL = not such a reminder';
COMMENT ON COLUMN pdp.tache.attente_raison IS 'Why it waits, code of domain/attente.py; kept after the return, until somebody acts on it';
COMMENT ON COLUMN pdp.tache.attente_du_at IS 'When the current wait began; NULL = does not wait and has not come back';
COMMENT ON COLUMN pdp.tache.attente_jusqu_au IS 'Day it comes back; from that day on, it has come back';
COMMENT ON COLUMN pdp.tache.attente_cumul_jours IS 'Days of the waits before the current one';
COMMENT ON COLUMN pdp.tache.attente_balle IS 'Who holds the ball while attente_jusqu_au is to come, as domain/attente.py says; then balle is right again by itself';
CREATE INDEX ON pdp.tache (parcours_id) WHERE fermee_at IS NULL AND attente_jusqu_au IS NOT NULL;
GRANT UPDATE (attente_raison, attente_du_at, attente_jusqu_au, attente_cumul_jours) ON pdp.tache TO pdp_role_csam;

-- 2. One act on several people: chosen, rehearsed, confirmed, with a result for each; seen by its author alone.
CREATE TABLE pdp.lot (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    agent_id uuid NOT NULL,
    geste text NOT NULL CHECK (geste IN ('attente', 'echeance', 'invitation', 'passation', 'affectation')),
    raison text,
    jour date,
    vers_csam_id uuid,
    note text CHECK (length(note) <= 500),
    prepare_at timestamptz NOT NULL,
    repete_at timestamptz,
    confirme_at timestamptz,
    annule_at timestamptz,
    UNIQUE (plateforme_id, id),
    CHECK (confirme_at IS NULL OR repete_at IS NOT NULL),
    CHECK (annule_at IS NULL OR confirme_at IS NOT NULL),
    FOREIGN KEY (plateforme_id, agent_id) REFERENCES pdp.agent (plateforme_id, id),
    FOREIGN KEY (plateforme_id, vers_csam_id) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.lot IS 'One act on several people: rehearsed before it is confirmed, done once, each person apart';
COMMENT ON COLUMN pdp.lot.id IS 'Opaque id';
COMMENT ON COLUMN pdp.lot.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.lot.agent_id IS 'Author, the only one who sees it';
COMMENT ON COLUMN pdp.lot.geste IS 'attente, echeance, invitation, passation (to a colleague), affectation (by a manager)';
COMMENT ON COLUMN pdp.lot.raison IS 'Reason of the wait; NULL for the other acts';
COMMENT ON COLUMN pdp.lot.jour IS 'Day of return, or new deadline';
COMMENT ON COLUMN pdp.lot.vers_csam_id IS 'Colleague who receives';
COMMENT ON COLUMN pdp.lot.note IS 'Words of the giver to the colleague; the person may ask to read them';
COMMENT ON COLUMN pdp.lot.prepare_at IS 'When the people were chosen';
COMMENT ON COLUMN pdp.lot.repete_at IS 'When the rehearsal that was shown was made; NULL = not yet';
COMMENT ON COLUMN pdp.lot.confirme_at IS 'When confirmed: a second confirmation does nothing';
COMMENT ON COLUMN pdp.lot.annule_at IS 'When taken back';

CREATE TABLE pdp.lot_ligne (
    lot_id uuid NOT NULL,
    parcours_id uuid NOT NULL,
    plateforme_id text NOT NULL,
    rang integer NOT NULL,
    etat text NOT NULL DEFAULT 'choisie' CHECK (etat IN ('choisie', 'prevue', 'refusee', 'faite', 'echouee', 'annulee')),
    phrase text,
    empreinte text,
    acte_id uuid,
    change_at timestamptz NOT NULL,
    PRIMARY KEY (lot_id, parcours_id),
    FOREIGN KEY (plateforme_id, lot_id) REFERENCES pdp.lot (plateforme_id, id),
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id)
);
COMMENT ON TABLE pdp.lot_ligne IS 'One person of a lot: what was rehearsed, then what became of it';
COMMENT ON COLUMN pdp.lot_ligne.lot_id IS 'Lot';
COMMENT ON COLUMN pdp.lot_ligne.parcours_id IS 'Parcours';
COMMENT ON COLUMN pdp.lot_ligne.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.lot_ligne.rang IS 'Order in which they were chosen';
COMMENT ON COLUMN pdp.lot_ligne.etat IS 'choisie, prevue or refusee by the rehearsal, faite, echouee, annulee';
COMMENT ON COLUMN pdp.lot_ligne.phrase IS 'French sentence: what will be done, was done, or why not; no name, no health';
COMMENT ON COLUMN pdp.lot_ligne.empreinte IS 'Digest of what the rehearsal saw: another one at confirmation means that somebody acted meanwhile';
COMMENT ON COLUMN pdp.lot_ligne.acte_id IS 'Act that undoes it (pdp.acte); NULL = none';
COMMENT ON COLUMN pdp.lot_ligne.change_at IS 'When it came to this state';

-- 3. Hand-overs: from whom, the giver's words, and who has read. A manager reads the sheet, not the words.
ALTER TABLE pdp.affectation
    ADD COLUMN de_csam_id uuid,
    ADD COLUMN note text CHECK (length(note) <= 500),
    ADD COLUMN lue_at timestamptz,
    ADD COLUMN depart_lu_at timestamptz,
    ADD FOREIGN KEY (plateforme_id, de_csam_id) REFERENCES pdp.agent (plateforme_id, id);
COMMENT ON COLUMN pdp.affectation.de_csam_id IS 'Coordinator before; NULL = the first one';
COMMENT ON COLUMN pdp.affectation.note IS 'Words of the giver to who receives; the person may ask to read them';
COMMENT ON COLUMN pdp.affectation.lue_at IS 'When who receives said to have read the sheet';
COMMENT ON COLUMN pdp.affectation.depart_lu_at IS 'When who gave said to have seen it leave';
CREATE INDEX affectation_recues_non_lues ON pdp.affectation (csam_id) WHERE de_csam_id IS NOT NULL AND lue_at IS NULL;
CREATE INDEX affectation_parties_non_lues ON pdp.affectation (de_csam_id) WHERE de_csam_id IS NOT NULL AND depart_lu_at IS NULL;
CREATE INDEX ON pdp.affectation (parcours_id, du);
REVOKE SELECT ON pdp.affectation FROM pdp_role_responsable;
GRANT SELECT (id, plateforme_id, parcours_id, csam_id, de_csam_id, du, au, motif, par_type, par_id, retour_le, relais)
    ON pdp.affectation TO pdp_role_responsable;

-- Hands change through functions alone: a coordinator passes on what is hers and takes back what she passed on; a manager gives what nobody
-- has and takes that back. Neither may write the columns.
GRANT SELECT (plateforme_id, agent_id, du, au, annulee_at) ON pdp.redistribution TO pdp_role_csam; -- who is present, and may receive
GRANT INSERT ON pdp.affectation TO pdp_role_csam;
GRANT UPDATE (au, lue_at, depart_lu_at) ON pdp.affectation TO pdp_role_csam;
GRANT UPDATE (csam_id, csam_numero) ON pdp.tele_echange TO pdp_role_csam;
CREATE POLICY csam_signe ON pdp.affectation AS RESTRICTIVE FOR INSERT TO pdp_role_csam
    WITH CHECK (par_type = 'agent' AND par_id = (SELECT securite.agent_courant())::text);
-- A line of history is ended by who holds it or wrote it: who could end another's could write a false one, and take the case back by it.
CREATE POLICY csam_les_siennes ON pdp.affectation AS RESTRICTIVE FOR UPDATE TO pdp_role_csam
    USING ((SELECT securite.agent_courant()) IN (csam_id, de_csam_id) OR par_type = 'agent' AND par_id = (SELECT securite.agent_courant())::text);
CREATE POLICY mains ON pdp.parcours TO pdp_owner
    USING (plateforme_id = (SELECT (securite.contexte()).plateforme_id)) WITH CHECK (plateforme_id = (SELECT (securite.contexte()).plateforme_id));
CREATE POLICY mains ON pdp.affectation FOR SELECT TO pdp_owner USING (plateforme_id = (SELECT (securite.contexte()).plateforme_id));

CREATE FUNCTION pdp.passer_de_mains(p_parcours uuid[], p_de uuid[], p_vers uuid[]) RETURNS SETOF uuid
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE pdp.parcours AS p SET csam_id = c.vers, version = p.version + 1
    FROM unnest(p_parcours, p_de, p_vers) AS c (parcours_id, de, vers), securite.contexte() AS qui
    WHERE p.id = c.parcours_id AND p.csam_id = c.de AND p.clos_at IS NULL AND qui.role = 'csam' AND p.plateforme_id = qui.plateforme_id
        AND (c.de::text = qui.id OR c.vers::text = qui.id AND EXISTS (
            SELECT 1 FROM pdp.affectation AS a
            WHERE a.parcours_id = p.id AND a.au IS NULL AND a.csam_id = c.de AND a.par_type = 'agent' AND a.par_id = qui.id))
    RETURNING p.id
$$;
COMMENT ON FUNCTION pdp.passer_de_mains(uuid[], uuid[], uuid[]) IS 'Cases that the coordinator of the verified context passes on, or takes back from whom she passed them to; the others are left alone';

CREATE FUNCTION pdp.affecter_a_la_main(p_parcours uuid, p_vers uuid, p_instant timestamptz)
RETURNS TABLE (id uuid, plateforme_id text, assure_id uuid, signalement_id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE pdp.parcours AS p
    SET csam_id = p_vers, statut = 'affecte', version = p.version + 1, dernier_evenement_at = greatest(p.dernier_evenement_at, p_instant)
    FROM securite.contexte() AS qui
    WHERE p.id = p_parcours AND p.csam_id IS NULL AND p.statut = 'a_affecter' AND qui.role = 'responsable' AND p.plateforme_id = qui.plateforme_id
    RETURNING p.id, p.plateforme_id, p.assure_id, p.signalement_id
$$;
COMMENT ON FUNCTION pdp.affecter_a_la_main(uuid, uuid, timestamptz) IS 'The manager of the verified context gives a case that nobody has; no row when somebody has it';

CREATE FUNCTION pdp.remettre_a_affecter(p_parcours uuid, p_csam uuid) RETURNS SETOF uuid
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE pdp.parcours AS p SET csam_id = NULL, statut = 'a_affecter', version = p.version + 1
    FROM securite.contexte() AS qui
    WHERE p.id = p_parcours AND p.csam_id = p_csam AND p.statut = 'affecte' AND p.clos_at IS NULL AND qui.role = 'responsable'
        AND p.plateforme_id = qui.plateforme_id
        AND EXISTS (SELECT 1 FROM pdp.affectation AS a
            WHERE a.parcours_id = p.id AND a.csam_id = p_csam AND a.par_type = 'agent' AND a.par_id = qui.id)
    RETURNING p.id
$$;
COMMENT ON FUNCTION pdp.remettre_a_affecter(uuid, uuid) IS 'The manager of the verified context takes back a case given by hand and not begun';
GRANT EXECUTE ON FUNCTION pdp.passer_de_mains(uuid[], uuid[], uuid[]) TO pdp_role_csam;
GRANT EXECUTE ON FUNCTION pdp.affecter_a_la_main(uuid, uuid, timestamptz), pdp.remettre_a_affecter(uuid, uuid) TO pdp_role_responsable;

-- Row level security: the batch sees all, people what they wrote themselves.
DO $$
DECLARE
    nom text;
BEGIN
    FOREACH nom IN ARRAY ARRAY['pdp.lot', 'pdp.lot_ligne'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', nom);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', nom);
        EXECUTE format('CREATE POLICY lot ON %s TO pdp_app, pdp_expediteur USING (true) WITH CHECK (true)', nom);
        EXECUTE format('CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur()', nom);
    END LOOP;
END $$;
CREATE POLICY plateforme ON pdp.lot TO pdp_role_csam, pdp_role_responsable
    USING (plateforme_id = (SELECT securite.plateforme_courante()) AND agent_id = (SELECT securite.agent_courant()))
    WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()) AND agent_id = (SELECT securite.agent_courant()));
CREATE POLICY plateforme ON pdp.lot_ligne TO pdp_role_csam, pdp_role_responsable
    USING (plateforme_id = (SELECT securite.plateforme_courante()) AND EXISTS (SELECT 1 FROM pdp.lot l WHERE l.id = lot_id))
    WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()) AND EXISTS (SELECT 1 FROM pdp.lot l WHERE l.id = lot_id));
GRANT SELECT ON pdp.lot, pdp.lot_ligne TO pdp_app;
GRANT SELECT, INSERT ON pdp.lot, pdp.lot_ligne TO pdp_role_csam, pdp_role_responsable;
GRANT UPDATE (raison, jour, vers_csam_id, note, repete_at, confirme_at, annule_at) ON pdp.lot TO pdp_role_csam, pdp_role_responsable;
GRANT UPDATE (etat, phrase, empreinte, acte_id, change_at) ON pdp.lot_ligne TO pdp_role_csam, pdp_role_responsable;
