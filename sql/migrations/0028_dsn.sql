-- DSN: order of declarations of one day, and monthly declarations withdrawn or replaced as a whole.

ALTER TABLE pdp.fait_dsn ADD COLUMN ordre bigint NOT NULL DEFAULT 0, ADD COLUMN serie bytea,
    ADD COLUMN remplace_at timestamptz, ADD COLUMN remplace_ordre bigint, ADD COLUMN remplace_fin date;
COMMENT ON COLUMN pdp.fait_dsn.ordre IS 'Order number of the declaration (S20.G00.05.004): the newest of one day wins';
COMMENT ON COLUMN pdp.fait_dsn.serie IS 'Monthly declaration that said it last (hash of establishment, month, fraction); NULL = an event declaration';
COMMENT ON COLUMN pdp.fait_dsn.remplace_at IS 'Arrêt stated by a signalement that replaces another: what was declared before then and overlaps it no longer stands; NULL = never';
COMMENT ON COLUMN pdp.fait_dsn.remplace_ordre IS 'Order number of that signalement';
COMMENT ON COLUMN pdp.fait_dsn.remplace_fin IS 'Last day it stated';
CREATE INDEX ON pdp.fait_dsn (serie) WHERE serie IS NOT NULL;

CREATE TABLE pdp.annulation_dsn (
    serie bytea PRIMARY KEY,
    emis_at timestamptz NOT NULL,
    ordre bigint NOT NULL
);
COMMENT ON TABLE pdp.annulation_dsn IS 'Monthly declaration replaced or cancelled: what it said before that moment, and nobody repeated, no longer stands';
COMMENT ON COLUMN pdp.annulation_dsn.serie IS 'As in pdp.fait_dsn';
COMMENT ON COLUMN pdp.annulation_dsn.emis_at IS 'Newest replacing declaration';
COMMENT ON COLUMN pdp.annulation_dsn.ordre IS 'Its order number';

-- No person and no platform here: a hash, seen by the batch alone.
ALTER TABLE pdp.annulation_dsn ENABLE ROW LEVEL SECURITY;
ALTER TABLE pdp.annulation_dsn FORCE ROW LEVEL SECURITY;
CREATE POLICY lot ON pdp.annulation_dsn TO pdp_app USING (true) WITH CHECK (true);
CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON pdp.annulation_dsn FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur();
GRANT SELECT, INSERT, UPDATE ON pdp.annulation_dsn TO pdp_app;
