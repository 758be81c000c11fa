-- Through their link, insured people are offered no hour of a coordinator who will have left: until somebody takes the parcours over, they
-- read that no hour is free, and ask to be called. Read inside the functions of the link only, so nobody else is given the view.

CREATE VIEW pdp.indisponibilite WITH (security_invoker = true) AS
SELECT agent_id, du, au FROM pdp.absence_agent
UNION ALL
SELECT agent_id, du, DATE '2999-12-31' FROM pdp.redistribution WHERE au IS NULL AND annulee_at IS NULL
UNION ALL
SELECT id, actif_au + 1, DATE '2999-12-31' FROM pdp.agent WHERE actif_au IS NOT NULL;
COMMENT ON VIEW pdp.indisponibilite IS 'Days on which an agent is not there: absences, confirmed departure, end of presence in the team';
COMMENT ON COLUMN pdp.indisponibilite.agent_id IS 'Agent';
COMMENT ON COLUMN pdp.indisponibilite.du IS 'First day away';
COMMENT ON COLUMN pdp.indisponibilite.au IS 'Last day away; 2999-12-31 = for good';

DO $$
DECLARE
    fonction regprocedure;
    avant text;
BEGIN
    FOREACH fonction IN ARRAY ARRAY[
        'pdp.lire_lien(bytea, timestamptz, timestamptz)'::regprocedure,
        'pdp.decider_lien(bytea, text, timestamptz, timestamptz, text, timestamptz, timestamptz)'::regprocedure]
    LOOP
        avant := pg_get_functiondef(fonction);
        IF avant NOT LIKE '%pdp.absence_agent b%' THEN RAISE EXCEPTION '% reads no absence', fonction; END IF;
        EXECUTE replace(avant, 'pdp.absence_agent b', 'pdp.indisponibilite b');
    END LOOP;
END $$;

CREATE POLICY lien ON pdp.redistribution FOR SELECT TO pdp_owner USING (agent_id = (SELECT pdp.lien('csam')));
