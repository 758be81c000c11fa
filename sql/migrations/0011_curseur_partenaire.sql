-- Where each partner's event feed was read up to, and the sender's right to follow a delivery with a neutral notice.

CREATE TABLE pdp.curseur_partenaire (
    partenaire_id uuid PRIMARY KEY,
    plateforme_id text NOT NULL,
    curseur text NOT NULL CHECK (length(curseur) <= 200),
    lu_at timestamptz NOT NULL,
    FOREIGN KEY (plateforme_id, partenaire_id) REFERENCES pdp.partenaire (plateforme_id, id)
);
COMMENT ON TABLE pdp.curseur_partenaire IS 'Last cursor given by a partner; moved in the transaction that stores the events read';
COMMENT ON COLUMN pdp.curseur_partenaire.partenaire_id IS 'Partner';
COMMENT ON COLUMN pdp.curseur_partenaire.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.curseur_partenaire.curseur IS 'Opaque value, given back as it is at the next reading';
COMMENT ON COLUMN pdp.curseur_partenaire.lu_at IS 'Business instant of the last reading';

ALTER TABLE pdp.curseur_partenaire ENABLE ROW LEVEL SECURITY;
ALTER TABLE pdp.curseur_partenaire FORCE ROW LEVEL SECURITY;
CREATE POLICY lot ON pdp.curseur_partenaire TO pdp_app USING (true) WITH CHECK (true);
CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON pdp.curseur_partenaire
    FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur();
GRANT SELECT, INSERT, UPDATE ON pdp.curseur_partenaire TO pdp_app;

GRANT INSERT ON pdp.outbox TO pdp_expediteur;
