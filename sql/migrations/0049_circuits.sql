-- A partner that fails is left alone between runs; a message whose sending breaks its worker is set aside; what nobody knows is looked up.

CREATE TABLE pdp.circuit_partenaire (
    partenaire_id uuid PRIMARY KEY,
    plateforme_id text NOT NULL,
    echecs integer NOT NULL DEFAULT 0 CHECK (echecs >= 0),
    coupures integer NOT NULL DEFAULT 0 CHECK (coupures >= 0),
    coupe_at timestamptz,
    reprise_at timestamptz,
    essai_jusqu_a timestamptz,
    dernier_code text CHECK (length(dernier_code) <= 60),
    dernier_echec_at timestamptz,
    dernier_succes_at timestamptz,
    FOREIGN KEY (plateforme_id, partenaire_id) REFERENCES pdp.partenaire (plateforme_id, id),
    CHECK ((coupe_at IS NULL) = (reprise_at IS NULL)),
    CHECK (coupe_at IS NOT NULL OR essai_jusqu_a IS NULL)
);
COMMENT ON TABLE pdp.circuit_partenaire IS 'Circuit breaker of a partner, kept between runs: after failures in a row nothing leaves until an instant, then one try at a time';
COMMENT ON COLUMN pdp.circuit_partenaire.partenaire_id IS 'Partner';
COMMENT ON COLUMN pdp.circuit_partenaire.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.circuit_partenaire.echecs IS 'Attempts without an answer since the last one';
COMMENT ON COLUMN pdp.circuit_partenaire.coupures IS 'Times it was cut in a row; each cut lasts longer, up to a limit';
COMMENT ON COLUMN pdp.circuit_partenaire.coupe_at IS 'Since when nothing leaves for it; NULL = everything leaves';
COMMENT ON COLUMN pdp.circuit_partenaire.reprise_at IS 'When one message may be tried, business instant; asked by the partner (Retry-After) or by policy';
COMMENT ON COLUMN pdp.circuit_partenaire.essai_jusqu_a IS 'A worker is trying one message until then, clock of the database; NULL = nobody';
COMMENT ON COLUMN pdp.circuit_partenaire.dernier_code IS 'Last failure, code only';
COMMENT ON COLUMN pdp.circuit_partenaire.dernier_echec_at IS 'Last attempt without an answer';
COMMENT ON COLUMN pdp.circuit_partenaire.dernier_succes_at IS 'Last answer, whatever it said of the message';
CREATE INDEX circuit_partenaire_coupe ON pdp.circuit_partenaire (plateforme_id) WHERE coupe_at IS NOT NULL;
ALTER TABLE pdp.circuit_partenaire ENABLE ROW LEVEL SECURITY;
ALTER TABLE pdp.circuit_partenaire FORCE ROW LEVEL SECURITY;
CREATE POLICY lot ON pdp.circuit_partenaire TO pdp_app, pdp_expediteur USING (true) WITH CHECK (true);
CREATE POLICY plateforme ON pdp.circuit_partenaire TO pdp_role_csam, pdp_role_responsable
    USING (plateforme_id = (SELECT securite.plateforme_courante())) WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()));
CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON pdp.circuit_partenaire
    FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur();
GRANT SELECT, INSERT, UPDATE ON pdp.circuit_partenaire TO pdp_expediteur;
GRANT SELECT ON pdp.circuit_partenaire TO pdp_app, pdp_role_csam, pdp_role_responsable;

ALTER TABLE pdp.outbox
    ADD COLUMN interruptions smallint NOT NULL DEFAULT 0 CHECK (interruptions >= 0),
    ADD COLUMN ambigu boolean NOT NULL DEFAULT false,
    ADD COLUMN rapproche_at timestamptz;
COMMENT ON COLUMN pdp.outbox.interruptions IS 'Attempts in a row whose worker never came back; after three the message is set aside, the others go on';
COMMENT ON COLUMN pdp.outbox.ambigu IS 'An attempt ended without anybody knowing whether the recipient has it';
COMMENT ON COLUMN pdp.outbox.rapproche_at IS 'When the recipient may be asked (again) whether it has it; NULL = at once';
CREATE INDEX outbox_a_rapprocher ON pdp.outbox (rapproche_at) WHERE etat IN ('incertain', 'rebut') AND partenaire_id IS NOT NULL;
GRANT UPDATE (interruptions, ambigu, rapproche_at) ON pdp.outbox TO pdp_expediteur;
-- What was asked of a person is closed when the partner is found to have it.
GRANT UPDATE (fermee_at, fermee_par, issue, retard_jours) ON pdp.tache TO pdp_expediteur;
-- A person says whether the partner has it, or sends it again: the content is not hers to change, the next attempt is.
GRANT UPDATE (prochain_essai_at, horizon_at, interruptions, ambigu) ON pdp.outbox TO pdp_role_csam;
GRANT UPDATE (envoyee_at) ON pdp.orientation TO pdp_role_csam;
GRANT SELECT (interruptions, ambigu, rapproche_at) ON pdp.outbox TO pdp_role_responsable;
