-- Alerts to the médecin-conseil, DAG runs as the platform sees them, and the journal.

CREATE TABLE pdp.alerte (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    assure_id uuid NOT NULL,
    parcours_id uuid,
    type text NOT NULL CHECK (type IN ('parcours_interrompu', 'parcours_termine', 'enlisement', 'seuil_ij_270', 'seuil_ij_330', 'j180_approche',
        'accord_retire', 'partenaire_sans_reponse', 'risque_suicidaire', 'reprise_echec', 'consolidation_proche')),
    cause text NOT NULL,
    phrase text NOT NULL,
    faits jsonb NOT NULL DEFAULT '{}',
    survenu_at timestamptz NOT NULL,
    connu_at timestamptz NOT NULL,
    decide_at timestamptz,
    decide_par uuid,
    decision text CHECK (decision IN ('prise_en_compte', 'convoquer', 'contacter_medecin_traitant', 'relancer_parcours', 'cloturer', 'sans_objet')),
    decision_note text CHECK (length(decision_note) <= 500),
    UNIQUE (plateforme_id, id),
    UNIQUE (assure_id, type, cause),
    CHECK ((decide_at IS NULL) = (decision IS NULL)),
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id),
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id),
    FOREIGN KEY (plateforme_id, decide_par) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.alerte IS 'What the médecin-conseil must decide; one per person, type and cause, for ever';
COMMENT ON COLUMN pdp.alerte.id IS 'Opaque id';
COMMENT ON COLUMN pdp.alerte.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.alerte.assure_id IS 'Insured person';
COMMENT ON COLUMN pdp.alerte.parcours_id IS 'Parcours, when there is one';
COMMENT ON COLUMN pdp.alerte.type IS 'Kind';
COMMENT ON COLUMN pdp.alerte.cause IS 'Key of the cause: the same cause never alerts twice';
COMMENT ON COLUMN pdp.alerte.phrase IS 'One French sentence';
COMMENT ON COLUMN pdp.alerte.faits IS 'Facts behind the sentence';
COMMENT ON COLUMN pdp.alerte.survenu_at IS 'When true';
COMMENT ON COLUMN pdp.alerte.connu_at IS 'When raised';
COMMENT ON COLUMN pdp.alerte.decide_at IS 'When decided; NULL = open';
COMMENT ON COLUMN pdp.alerte.decide_par IS 'Médecin-conseil';
COMMENT ON COLUMN pdp.alerte.decision IS 'Decision';
COMMENT ON COLUMN pdp.alerte.decision_note IS 'Note';
CREATE INDEX ON pdp.alerte (plateforme_id, connu_at) WHERE decide_at IS NULL;
CREATE UNIQUE INDEX alerte_une_ouverte_par_type ON pdp.alerte (assure_id, type) WHERE decide_at IS NULL;

CREATE TABLE pdp.passage (
    id text PRIMARY KEY,
    dag text NOT NULL,
    tache text NOT NULL,
    instant_metier timestamptz NOT NULL,
    debut_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    fin_at timestamptz,
    traites integer,
    ignores integer,
    echoues integer,
    detail jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE pdp.passage IS 'One task of one DAG run; journal rows point to it, so a run leads to the people it touched';
COMMENT ON COLUMN pdp.passage.id IS 'dag/run/task, opaque';
COMMENT ON COLUMN pdp.passage.dag IS 'DAG';
COMMENT ON COLUMN pdp.passage.tache IS 'Task';
COMMENT ON COLUMN pdp.passage.instant_metier IS 'Business instant of the sweep';
COMMENT ON COLUMN pdp.passage.debut_at IS 'Start';
COMMENT ON COLUMN pdp.passage.fin_at IS 'End; NULL = running or killed';
COMMENT ON COLUMN pdp.passage.traites IS 'Rows treated';
COMMENT ON COLUMN pdp.passage.ignores IS 'Rows already done';
COMMENT ON COLUMN pdp.passage.echoues IS 'Rows failed, left for the next run';
COMMENT ON COLUMN pdp.passage.detail IS 'Other counts';
CREATE INDEX ON pdp.passage (debut_at);

CREATE TABLE journal.evenement (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    survenu_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    plateforme_id text,
    assure_id uuid,
    parcours_id uuid,
    auteur_type text NOT NULL,
    auteur_id text NOT NULL,
    auteur_role text NOT NULL,
    evenement text NOT NULL,
    donnees jsonb NOT NULL DEFAULT '{}',
    passage_id text
);
COMMENT ON TABLE journal.evenement IS 'Append-only: what happened, to which case, by whom, in which run';
COMMENT ON COLUMN journal.evenement.id IS 'Order of writing';
COMMENT ON COLUMN journal.evenement.survenu_at IS 'Instant of the write, database clock';
COMMENT ON COLUMN journal.evenement.plateforme_id IS 'Platform';
COMMENT ON COLUMN journal.evenement.assure_id IS 'Insured person';
COMMENT ON COLUMN journal.evenement.parcours_id IS 'Parcours';
COMMENT ON COLUMN journal.evenement.auteur_type IS 'agent, partenaire or systeme';
COMMENT ON COLUMN journal.evenement.auteur_id IS 'Opaque id of the author, or the name of the service';
COMMENT ON COLUMN journal.evenement.auteur_role IS 'Function of the author';
COMMENT ON COLUMN journal.evenement.evenement IS 'Code of domain/evenements.py';
COMMENT ON COLUMN journal.evenement.donnees IS 'Codes, counts and opaque ids';
COMMENT ON COLUMN journal.evenement.passage_id IS 'DAG run, when automatic';
CREATE INDEX ON journal.evenement (parcours_id, id);
CREATE INDEX ON journal.evenement (passage_id) WHERE passage_id IS NOT NULL;
CREATE INDEX ON journal.evenement (assure_id, id);

CREATE FUNCTION journal.consigner(p_evenement text, p_plateforme text, p_assure uuid, p_parcours uuid, p_donnees jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    qui securite.identite_contexte := securite.contexte();
BEGIN
    IF qui IS NULL THEN
        RAISE EXCEPTION 'event_without_author' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO journal.evenement (plateforme_id, assure_id, parcours_id, auteur_type, auteur_id, auteur_role, evenement, donnees, passage_id)
    VALUES (coalesce(qui.plateforme_id, p_plateforme), p_assure, p_parcours, qui.type, qui.id, qui.role, p_evenement, coalesce(p_donnees, '{}'),
            nullif(current_setting('pdp.passage', true), ''));
END $$;
COMMENT ON FUNCTION journal.consigner IS 'The only way to write an event; the author is the verified context';

CREATE FUNCTION journal.consigner_lot(p_evenement text, p_lignes jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    qui securite.identite_contexte := securite.contexte();
    nombre integer;
BEGIN
    IF qui IS NULL THEN
        RAISE EXCEPTION 'event_without_author' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO journal.evenement (plateforme_id, assure_id, parcours_id, auteur_type, auteur_id, auteur_role, evenement, donnees, passage_id)
    SELECT coalesce(qui.plateforme_id, l.plateforme_id), l.assure_id, l.parcours_id, qui.type, qui.id, qui.role, p_evenement,
           coalesce(l.donnees, '{}'), nullif(current_setting('pdp.passage', true), '')
    FROM jsonb_to_recordset(p_lignes) AS l (plateforme_id text, assure_id uuid, parcours_id uuid, donnees jsonb);
    GET DIAGNOSTICS nombre = ROW_COUNT;
    RETURN nombre;
END $$;
COMMENT ON FUNCTION journal.consigner_lot IS 'Same as consigner for the rows of a set-based statement: jsonb array of {plateforme_id, assure_id, parcours_id, donnees}';
