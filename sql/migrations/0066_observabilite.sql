-- What the platform sees of itself: incidents that a watch opens and closes, and a role that measures counts without reading a case.

CREATE TABLE pdp.incident (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL REFERENCES pdp.plateforme,
    sonde text NOT NULL CHECK (sonde IN ('flux_absent', 'envoi_en_retard', 'file_d_envoi', 'envois_en_echec', 'traitement_en_retard', 'quarantaine')),
    cible text NOT NULL CHECK (length(cible) BETWEEN 1 AND 60),
    nombre integer NOT NULL CHECK (nombre >= 0),
    depuis_at timestamptz,
    limite_at timestamptz,
    ouvert_at timestamptz NOT NULL,
    vu_at timestamptz NOT NULL,
    ferme_at timestamptz,
    UNIQUE (plateforme_id, id),
    CHECK (ferme_at IS NULL OR ferme_at >= ouvert_at)
);
COMMENT ON TABLE pdp.incident IS 'Something of the platform itself does not go as expected: opened once by the watch, closed by the first watch that finds it right again';
COMMENT ON COLUMN pdp.incident.id IS 'Opaque id';
COMMENT ON COLUMN pdp.incident.plateforme_id IS 'Platform whose managers are told';
COMMENT ON COLUMN pdp.incident.sonde IS 'Probe; sentences in domain/sonde.py';
COMMENT ON COLUMN pdp.incident.cible IS 'What it looked at: a feed, a transport, a DAG';
COMMENT ON COLUMN pdp.incident.nombre IS 'How many rows, at the last look; 0 where nothing is counted';
COMMENT ON COLUMN pdp.incident.depuis_at IS 'Last time it was right, or oldest row that waits; NULL = never seen';
COMMENT ON COLUMN pdp.incident.limite_at IS 'Deadline of the policy that was missed; NULL where the limit is a count';
COMMENT ON COLUMN pdp.incident.ouvert_at IS 'When the watch found it';
COMMENT ON COLUMN pdp.incident.vu_at IS 'When the watch last found it still there';
COMMENT ON COLUMN pdp.incident.ferme_at IS 'When the watch found it right again; NULL = open';
CREATE UNIQUE INDEX incident_un_ouvert ON pdp.incident (plateforme_id, sonde, cible) WHERE ferme_at IS NULL;
CREATE INDEX incident_recents ON pdp.incident (plateforme_id, ouvert_at);

ALTER TABLE pdp.incident ENABLE ROW LEVEL SECURITY;
ALTER TABLE pdp.incident FORCE ROW LEVEL SECURITY;
CREATE POLICY lot ON pdp.incident TO pdp_app USING (true) WITH CHECK (true);
CREATE POLICY plateforme ON pdp.incident FOR SELECT TO pdp_role_responsable
    USING (plateforme_id = (SELECT securite.plateforme_courante()));
CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON pdp.incident FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur();
GRANT SELECT, INSERT ON pdp.incident TO pdp_app;
GRANT UPDATE (nombre, depuis_at, limite_at, vu_at, ferme_at) ON pdp.incident TO pdp_app;
GRANT SELECT ON pdp.incident TO pdp_role_responsable;

-- Measures: the columns that are counted, no id of a person, no content; rows only to a context signed for this role.
GRANT USAGE ON SCHEMA pdp, identite, securite TO pdp_role_mesure;
GRANT EXECUTE ON FUNCTION securite.contexte() TO pdp_role_mesure;
GRANT SELECT (plateforme_id, partenaire_id, canal, type, etat, prochain_essai_at) ON pdp.outbox TO pdp_role_mesure;
GRANT SELECT (partenaire_id, plateforme_id, coupe_at) ON pdp.circuit_partenaire TO pdp_role_mesure;
GRANT SELECT (plateforme_id, recu_at, traite_at) ON pdp.inbox TO pdp_role_mesure;
GRANT SELECT (flux, etat, recu_at) ON pdp.flux_fichier TO pdp_role_mesure;
GRANT SELECT (dag, tache, instant_metier, debut_at, fin_at, echoues) ON pdp.passage TO pdp_role_mesure;
GRANT SELECT (plateforme_id, resolue_at, connu_at) ON identite.quarantaine TO pdp_role_mesure;
GRANT SELECT (plateforme_id, motif, echeance_at, fermee_at) ON pdp.tache TO pdp_role_mesure;
GRANT SELECT (plateforme_id, statut, clos_at) ON pdp.parcours TO pdp_role_mesure;
GRANT SELECT (plateforme_id, type, connu_at, decide_at) ON pdp.alerte TO pdp_role_mesure;
GRANT SELECT (plateforme_id, code, leve_at) ON pdp.blocage TO pdp_role_mesure;
GRANT SELECT (plateforme_id, sonde, cible, ferme_at) ON pdp.incident TO pdp_role_mesure;
DO $$
DECLARE
    cible text;
BEGIN
    FOREACH cible IN ARRAY ARRAY['pdp.outbox', 'pdp.circuit_partenaire', 'pdp.inbox', 'identite.quarantaine', 'pdp.tache', 'pdp.parcours',
        'pdp.alerte', 'pdp.blocage', 'pdp.incident']
    LOOP
        EXECUTE format('CREATE POLICY mesure ON %s FOR SELECT TO pdp_role_mesure USING ((SELECT (securite.contexte()).role) = ''mesure'')', cible);
    END LOOP;
END $$;
