-- The day an agreement ends, what was handed over under it is no longer shown to its partner, whatever the transport: its portal and its
-- software, as its link already does. Given again, it is shown again.

ALTER TABLE pdp.orientation ADD COLUMN accord_jusqu_au date;
COMMENT ON COLUMN pdp.orientation.accord_jusqu_au IS 'Last day of the agreement that covers it, copied from there; NULL = no end. The partner does not see it after';
ALTER TABLE pdp.orientation DISABLE TRIGGER USER, NO FORCE ROW LEVEL SECURITY;
ALTER TABLE pdp.accord NO FORCE ROW LEVEL SECURITY;
UPDATE pdp.orientation o SET accord_jusqu_au = a.expire_le FROM pdp.accord a WHERE a.id = o.accord_id AND a.expire_le IS NOT NULL;
ALTER TABLE pdp.accord FORCE ROW LEVEL SECURITY;
ALTER TABLE pdp.orientation ENABLE TRIGGER USER, FORCE ROW LEVEL SECURITY;

CREATE FUNCTION pdp.suivre_accord() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.accord_jusqu_au := (SELECT a.expire_le FROM pdp.accord a WHERE a.id = NEW.accord_id);
    RETURN NEW;
END $$;
COMMENT ON FUNCTION pdp.suivre_accord() IS 'A hand-over under another agreement has the end of that one; the role that writes it reads agreements';
CREATE TRIGGER suivre_accord BEFORE INSERT OR UPDATE OF accord_id, accord_jusqu_au ON pdp.orientation FOR EACH ROW EXECUTE FUNCTION pdp.suivre_accord();

GRANT EXECUTE ON FUNCTION journal.instant_metier() TO pdp_role_partenaire;
ALTER POLICY partenaire ON pdp.orientation
    USING (partenaire_id = (SELECT securite.partenaire_courant()) AND envoyee_at IS NOT NULL AND statut <> 'annulee'
        AND (accord_jusqu_au IS NULL OR accord_jusqu_au >= (SELECT (journal.instant_metier() AT TIME ZONE f.fuseau)::date
            FROM pdp.plateforme f WHERE f.id = (SELECT securite.plateforme_courante()))));

-- What a hand-over holds only shrinks: a coordinator may take data away from it, or give back what was first written to the partner when the
-- act is undone; nobody adds to it nor changes a word of it.
CREATE FUNCTION pdp.garder_contenu() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.contenu <@ OLD.contenu OR EXISTS (
        SELECT 1 FROM pdp.outbox m WHERE m.orientation_id = NEW.id AND m.type = 'orientation' AND NEW.contenu <@ (m.charge -> 'contenu'))
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'content_of_handover_changed' USING ERRCODE = 'insufficient_privilege';
END $$;
COMMENT ON FUNCTION pdp.garder_contenu() IS 'The content of a hand-over loses fields or gets back those first written; it never holds more, nor anything else';
CREATE TRIGGER garder_contenu BEFORE UPDATE OF contenu ON pdp.orientation FOR EACH ROW WHEN (NEW.contenu IS DISTINCT FROM OLD.contenu)
    EXECUTE FUNCTION pdp.garder_contenu();
