"""What the harness sees of the database by itself: triggers of its own, beside the product, on its own throw-away base."""

from __future__ import annotations

ORACLE = """
CREATE SCHEMA chaos;
CREATE TABLE chaos.changement (id bigint GENERATED ALWAYS AS IDENTITY, nature text, ligne uuid, avant text, apres text, code text);
CREATE TABLE chaos.reclamation (ligne uuid, jeton bigint, debut timestamptz, instant timestamptz);
CREATE FUNCTION chaos.voir_message() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF NEW.etat <> OLD.etat THEN
        INSERT INTO chaos.changement (nature, ligne, avant, apres, code) VALUES ('message', NEW.id, OLD.etat, NEW.etat, NEW.dernier_code);
    END IF;
    IF NEW.etat = 'en_cours' AND NEW.jeton <> OLD.jeton AND NEW.accord_destinataire IS NOT NULL THEN
        INSERT INTO chaos.reclamation VALUES (NEW.id, NEW.jeton, statement_timestamp(),
            coalesce(nullif(current_setting('pdp.instant', true), '')::timestamptz, clock_timestamp()));
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION chaos.voir_orientation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF NEW.statut <> OLD.statut THEN
        INSERT INTO chaos.changement (nature, ligne, avant, apres) VALUES ('orientation', NEW.id, OLD.statut, NEW.statut);
    END IF;
    IF NEW.version_partenaire < OLD.version_partenaire THEN
        INSERT INTO chaos.changement (nature, ligne, avant, apres)
        VALUES ('version', NEW.id, OLD.version_partenaire, NEW.version_partenaire);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER zz_chaos AFTER UPDATE ON pdp.outbox FOR EACH ROW EXECUTE FUNCTION chaos.voir_message();
CREATE TRIGGER zz_chaos AFTER UPDATE ON pdp.orientation FOR EACH ROW EXECUTE FUNCTION chaos.voir_orientation();
"""
