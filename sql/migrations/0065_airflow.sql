-- Runs and people: late runs, what a run would do again, and the rare mass acts that wait for a person.

-- 1. A run that is late, once per platform that waits for it. Written by Airflow's callback or found in the passages: the same row.
CREATE TABLE pdp.retard_traitement (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL REFERENCES pdp.plateforme,
    dag text NOT NULL CHECK (length(dag) <= 100),
    run text NOT NULL CHECK (length(run) <= 250),
    echeance_at timestamptz NOT NULL,
    constate_at timestamptz NOT NULL,
    constate_par text NOT NULL CHECK (constate_par IN ('airflow', 'passages')),
    prevenu_at timestamptz,
    fini_at timestamptz,
    UNIQUE (plateforme_id, dag, run)
);
COMMENT ON TABLE pdp.retard_traitement IS 'Runs that did not end in time; managers are told once each, when it is found and never again';
COMMENT ON COLUMN pdp.retard_traitement.id IS 'Opaque id';
COMMENT ON COLUMN pdp.retard_traitement.plateforme_id IS 'Platform that waits for it';
COMMENT ON COLUMN pdp.retard_traitement.dag IS 'DAG';
COMMENT ON COLUMN pdp.retard_traitement.run IS 'Run of Airflow';
COMMENT ON COLUMN pdp.retard_traitement.echeance_at IS 'When it should have ended';
COMMENT ON COLUMN pdp.retard_traitement.constate_at IS 'When found late';
COMMENT ON COLUMN pdp.retard_traitement.constate_par IS 'airflow (its callback) or passages (a task opened and not closed): the first one to see';
COMMENT ON COLUMN pdp.retard_traitement.prevenu_at IS 'When the mail to managers was written in the outbox; NULL = to be written';
COMMENT ON COLUMN pdp.retard_traitement.fini_at IS 'When seen to have caught up; NULL = still late';
CREATE INDEX retard_traitement_a_dire ON pdp.retard_traitement (constate_at) WHERE prevenu_at IS NULL;

-- 2. What a passage would do if it ran again: asked for by a manager, or by the platform after a failure; computed by a sweep that rolls back.
CREATE TABLE pdp.apercu_passage (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL REFERENCES pdp.plateforme,
    passage_id text NOT NULL REFERENCES pdp.passage,
    demande_at timestamptz NOT NULL,
    demande_par text NOT NULL CHECK (length(demande_par) <= 60),
    calcule_at timestamptz,
    etat text NOT NULL DEFAULT 'demande' CHECK (etat IN ('demande', 'calcule', 'impossible')),
    comptes jsonb NOT NULL DEFAULT '{}',
    parcours jsonb NOT NULL DEFAULT '[]',
    code text CHECK (length(code) <= 80),
    UNIQUE (plateforme_id, id),
    CHECK ((etat = 'demande') = (calcule_at IS NULL))
);
COMMENT ON TABLE pdp.apercu_passage IS 'What a passage would do if it ran again, found by running it in a transaction that is rolled back';
COMMENT ON COLUMN pdp.apercu_passage.id IS 'Opaque id';
COMMENT ON COLUMN pdp.apercu_passage.plateforme_id IS 'Platform it is computed for';
COMMENT ON COLUMN pdp.apercu_passage.passage_id IS 'Passage';
COMMENT ON COLUMN pdp.apercu_passage.demande_at IS 'When asked';
COMMENT ON COLUMN pdp.apercu_passage.demande_par IS 'Manager who asked, or the service that saw the failure';
COMMENT ON COLUMN pdp.apercu_passage.calcule_at IS 'When computed; NULL = waiting';
COMMENT ON COLUMN pdp.apercu_passage.etat IS 'demande, calcule, impossible (the treatment would fail again, or cannot be tried without calling a partner)';
COMMENT ON COLUMN pdp.apercu_passage.comptes IS 'Counts only';
COMMENT ON COLUMN pdp.apercu_passage.parcours IS 'Opaque ids of the parcours that would be touched, with the codes of the events';
COMMENT ON COLUMN pdp.apercu_passage.code IS 'Why it is impossible, code only';
CREATE INDEX ON pdp.apercu_passage (passage_id, demande_at);
CREATE UNIQUE INDEX apercu_passage_un_en_attente ON pdp.apercu_passage (plateforme_id, passage_id) WHERE calcule_at IS NULL;

-- 3. Gates: the first send to a new partner, a mass re-assignment, an unusual purge, a publication that lost much. The service refuses without.
CREATE TABLE pdp.porte (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text REFERENCES pdp.plateforme,
    genre text NOT NULL CHECK (genre IN ('premier_envoi', 'reaffectation', 'purge', 'publication')),
    objet text NOT NULL CHECK (length(objet) BETWEEN 1 AND 100),
    detail jsonb NOT NULL DEFAULT '{}',
    demandee_at timestamptz NOT NULL,
    demandee_par text NOT NULL CHECK (length(demandee_par) <= 100),
    decision text CHECK (decision IN ('acceptee', 'refusee')),
    decidee_at timestamptz,
    decidee_par text CHECK (length(decidee_par) <= 100),
    decidee_ou text CHECK (decidee_ou IN ('portail', 'airflow')),
    utilisee_at timestamptz,
    CHECK ((decision IS NULL) = (decidee_at IS NULL) AND (decision IS NULL) = (decidee_par IS NULL) AND (decision IS NULL) = (decidee_ou IS NULL)),
    CHECK (utilisee_at IS NULL OR decision = 'acceptee'),
    CHECK (genre <> 'reaffectation' OR decision IS DISTINCT FROM 'acceptee' OR decidee_par <> demandee_par),
    CHECK ((plateforme_id IS NULL) = (genre IN ('purge', 'publication')))
);
COMMENT ON TABLE pdp.porte IS 'Rare mass acts that wait for the decision of a person, given in the portal or in Airflow: the row is the decision';
COMMENT ON COLUMN pdp.porte.id IS 'Opaque id';
COMMENT ON COLUMN pdp.porte.plateforme_id IS 'Platform; NULL = the whole installation, decided by its operators in Airflow';
COMMENT ON COLUMN pdp.porte.genre IS 'premier_envoi, reaffectation, purge or publication';
COMMENT ON COLUMN pdp.porte.objet IS 'What it is about: opaque id of the partner or of the redistribution, name of the folder or of the study';
COMMENT ON COLUMN pdp.porte.detail IS 'Counts to decide on';
COMMENT ON COLUMN pdp.porte.demandee_at IS 'When the act was stopped';
COMMENT ON COLUMN pdp.porte.demandee_par IS 'Who wanted it: opaque id of the manager, or the service';
COMMENT ON COLUMN pdp.porte.decision IS 'acceptee or refusee; NULL = waiting, the act does not happen';
COMMENT ON COLUMN pdp.porte.decidee_at IS 'When decided';
COMMENT ON COLUMN pdp.porte.decidee_par IS 'Who decided: opaque id of the manager, or the account of Airflow';
COMMENT ON COLUMN pdp.porte.decidee_ou IS 'portail or airflow';
COMMENT ON COLUMN pdp.porte.utilisee_at IS 'When the act was done; the next one of the same kind asks again';
CREATE UNIQUE INDEX porte_une_par_objet ON pdp.porte (genre, objet) WHERE utilisee_at IS NULL;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['pdp.retard_traitement', 'pdp.apercu_passage', 'pdp.porte'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY lot ON %s TO pdp_app, pdp_expediteur USING (true) WITH CHECK (true)', t);
        EXECUTE format('CREATE POLICY plateforme ON %s TO pdp_role_responsable USING (plateforme_id = (SELECT securite.plateforme_courante()))'
            ' WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()))', t);
        EXECUTE format('CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON %s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur()', t);
    END LOOP;
END $$;
-- Acts of the whole installation: a manager sees that they wait, and decides nothing of them.
CREATE POLICY installation ON pdp.porte FOR SELECT TO pdp_role_responsable USING (plateforme_id IS NULL);
-- A manager who decides signs with his own name, from the portal; a decision used is a fact.
CREATE POLICY signature ON pdp.porte AS RESTRICTIVE FOR UPDATE TO pdp_role_responsable
    USING (utilisee_at IS NULL)
    WITH CHECK (decidee_par = (SELECT securite.agent_courant())::text AND decidee_ou = 'portail');
CREATE POLICY demande ON pdp.porte AS RESTRICTIVE FOR INSERT TO pdp_role_responsable
    WITH CHECK (decision IS NULL AND utilisee_at IS NULL AND demandee_par = (SELECT securite.agent_courant())::text);

GRANT SELECT, INSERT ON pdp.retard_traitement TO pdp_app;
GRANT UPDATE (prevenu_at, fini_at) ON pdp.retard_traitement TO pdp_app;
GRANT SELECT ON pdp.retard_traitement TO pdp_role_responsable;
GRANT SELECT, INSERT ON pdp.apercu_passage TO pdp_app;
GRANT UPDATE (calcule_at, etat, comptes, parcours, code) ON pdp.apercu_passage TO pdp_app;
GRANT SELECT, INSERT (plateforme_id, passage_id, demande_at, demande_par) ON pdp.apercu_passage TO pdp_role_responsable;
GRANT SELECT, INSERT ON pdp.porte TO pdp_app;
GRANT UPDATE (decision, decidee_at, decidee_par, decidee_ou, utilisee_at) ON pdp.porte TO pdp_app;
GRANT SELECT (genre, objet, decision, utilisee_at) ON pdp.porte TO pdp_expediteur;
GRANT SELECT, INSERT (plateforme_id, genre, objet, detail, demandee_at, demandee_par) ON pdp.porte TO pdp_role_responsable;
GRANT UPDATE (decision, decidee_at, decidee_par, decidee_ou) ON pdp.porte TO pdp_role_responsable;
