-- One life cycle of a hand-over, several transports: how a partner is reached, since when, and what it may say beside a status.

ALTER TABLE pdp.partenaire
    DROP CONSTRAINT partenaire_canal_check,
    DROP CONSTRAINT partenaire_check,
    ADD COLUMN adresse_securisee text CHECK (length(adresse_securisee) <= 254),
    ADD CONSTRAINT partenaire_canal_check CHECK (canal IN ('api', 'portail', 'fhir', 'lien', 'messagerie', 'csv')),
    ADD CONSTRAINT partenaire_adresse_check CHECK (CASE canal WHEN 'api' THEN url IS NOT NULL WHEN 'fhir' THEN url IS NOT NULL
        WHEN 'lien' THEN courriel IS NOT NULL WHEN 'messagerie' THEN adresse_securisee IS NOT NULL ELSE true END);
COMMENT ON COLUMN pdp.partenaire.canal IS
    'How it is reached now: api (our JSON contract), fhir (FHIR R4), portail (inbox), lien (e-mailed link), messagerie (secure mail), csv (batch of files)';
COMMENT ON COLUMN pdp.partenaire.url IS 'Base address of its API or FHIR server';
COMMENT ON COLUMN pdp.partenaire.courriel IS 'Ordinary address: neutral notices and links only, never anything about a person';
COMMENT ON COLUMN pdp.partenaire.adresse_securisee IS 'Address in the secure mail of health professionals, the only one that may receive content';

CREATE TABLE pdp.partenaire_transport (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    partenaire_id uuid NOT NULL,
    canal text NOT NULL CHECK (canal IN ('api', 'portail', 'fhir', 'lien', 'messagerie', 'csv')),
    depuis_at timestamptz NOT NULL,
    jusqu_at timestamptz,
    FOREIGN KEY (plateforme_id, partenaire_id) REFERENCES pdp.partenaire (plateforme_id, id),
    CHECK (jusqu_at IS NULL OR jusqu_at >= depuis_at)
);
COMMENT ON TABLE pdp.partenaire_transport IS 'History of the transports of a partner, kept by a trigger: what left by a former one keeps its answers';
COMMENT ON COLUMN pdp.partenaire_transport.id IS 'Opaque id';
COMMENT ON COLUMN pdp.partenaire_transport.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.partenaire_transport.partenaire_id IS 'Partner';
COMMENT ON COLUMN pdp.partenaire_transport.canal IS 'Transport';
COMMENT ON COLUMN pdp.partenaire_transport.depuis_at IS 'From when';
COMMENT ON COLUMN pdp.partenaire_transport.jusqu_at IS 'Until when; NULL = now';
CREATE UNIQUE INDEX partenaire_transport_un_actif ON pdp.partenaire_transport (partenaire_id) WHERE jusqu_at IS NULL;
INSERT INTO pdp.partenaire_transport (plateforme_id, partenaire_id, canal, depuis_at) SELECT plateforme_id, id, canal, actif_du FROM pdp.partenaire;
ALTER TABLE pdp.partenaire_transport ENABLE ROW LEVEL SECURITY;
ALTER TABLE pdp.partenaire_transport FORCE ROW LEVEL SECURITY;
CREATE POLICY lot ON pdp.partenaire_transport TO pdp_app USING (true) WITH CHECK (true);
CREATE POLICY plateforme ON pdp.partenaire_transport TO pdp_role_csam, pdp_role_responsable
    USING (plateforme_id = (SELECT securite.plateforme_courante())) WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()));
CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON pdp.partenaire_transport
    FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur();
GRANT SELECT, INSERT ON pdp.partenaire_transport TO pdp_app, pdp_role_responsable;
GRANT UPDATE (jusqu_at) ON pdp.partenaire_transport TO pdp_app, pdp_role_responsable;
GRANT SELECT ON pdp.partenaire_transport TO pdp_role_csam;

CREATE FUNCTION pdp.suivre_transport() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    quand timestamptz := coalesce(nullif(current_setting('pdp.instant', true), '')::timestamptz, clock_timestamp());
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.canal = OLD.canal THEN RETURN NULL; END IF;
    UPDATE pdp.partenaire_transport SET jusqu_at = greatest(quand, depuis_at) WHERE partenaire_id = NEW.id AND jusqu_at IS NULL;
    INSERT INTO pdp.partenaire_transport (plateforme_id, partenaire_id, canal, depuis_at) VALUES (NEW.plateforme_id, NEW.id, NEW.canal, quand);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION pdp.suivre_transport() IS 'Writes the history of the transports of a partner';
CREATE TRIGGER suivre_transport AFTER INSERT OR UPDATE OF canal ON pdp.partenaire FOR EACH ROW EXECUTE FUNCTION pdp.suivre_transport();

ALTER TABLE pdp.outbox
    DROP CONSTRAINT outbox_canal_check,
    DROP CONSTRAINT outbox_type_check,
    ADD CONSTRAINT outbox_canal_check CHECK (canal IN ('api', 'portail', 'fhir', 'lien', 'messagerie', 'csv', 'courriel', 'sms', 'courrier')),
    ADD CONSTRAINT outbox_type_check CHECK (type IN ('orientation', 'annulation', 'invitation', 'avis_partenaire', 'rappel_partenaire', 'fin_partenaire',
        'reponse_question', 'invitation_rendez_vous', 'confirmation_rendez_vous', 'rappel_rendez_vous', 'annulation_rendez_vous', 'rendez_vous_manque',
        'injoignable', 'rappelez_nous'));

ALTER TABLE pdp.inbox
    ALTER COLUMN statut DROP NOT NULL,
    ADD COLUMN nature text NOT NULL DEFAULT 'statut' CHECK (nature IN ('statut', 'rendez_vous', 'rendez_vous_manque', 'nouvelles', 'question')),
    ADD COLUMN rendez_vous_at timestamptz,
    ADD COLUMN transport text NOT NULL DEFAULT 'portail' CHECK (transport IN ('api', 'portail', 'fhir', 'lien', 'messagerie', 'csv')),
    ADD CHECK ((nature = 'statut') = (statut IS NOT NULL)),
    ADD CHECK ((nature = 'rendez_vous') = (rendez_vous_at IS NOT NULL)),
    ADD CHECK (nature <> 'question' OR compte_rendu IS NOT NULL);
COMMENT ON COLUMN pdp.inbox.statut IS 'Status given; NULL when it says something else';
COMMENT ON COLUMN pdp.inbox.nature IS 'statut (a step), rendez_vous (a first meeting is set), rendez_vous_manque, nouvelles (how it goes), question (to the CSAM; stops the clock)';
COMMENT ON COLUMN pdp.inbox.rendez_vous_at IS 'Instant of the meeting set with the person';
COMMENT ON COLUMN pdp.inbox.transport IS 'By which transport it came';
COMMENT ON COLUMN pdp.inbox.compte_rendu IS 'Report, news or question: words of the partner, nothing medical';
GRANT INSERT (nature, rendez_vous_at, transport) ON pdp.inbox TO pdp_role_partenaire;

ALTER TABLE pdp.accord ADD COLUMN ordre bigint GENERATED ALWAYS AS IDENTITY;
COMMENT ON COLUMN pdp.accord.ordre IS 'Order of writing: the last word wins among those of the same instant';
