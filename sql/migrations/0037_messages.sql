-- Messages to the insured through the outbox: SMS and letters, what became of them after they left, coordinates that no longer work.

ALTER TABLE pdp.outbox
    DROP CONSTRAINT outbox_canal_check,
    DROP CONSTRAINT outbox_type_check,
    ADD COLUMN cause text CHECK (length(cause) BETWEEN 1 AND 200),
    ADD COLUMN remplace_id uuid,
    ADD COLUMN trop_tard_at timestamptz,
    ADD COLUMN adresse_empreinte bytea,
    ADD COLUMN imprime_at timestamptz,
    ADD COLUMN remise text CHECK (remise IN ('echec_temporaire', 'remis', 'echec_definitif', 'lu')),
    ADD COLUMN remise_at timestamptz,
    ADD COLUMN remise_code text CHECK (length(remise_code) <= 60),
    ADD CONSTRAINT outbox_canal_check CHECK (canal IN ('api', 'portail', 'courriel', 'sms', 'courrier')),
    ADD CONSTRAINT outbox_type_check CHECK (type IN ('orientation', 'annulation', 'invitation', 'avis_partenaire', 'invitation_rendez_vous',
        'confirmation_rendez_vous', 'rappel_rendez_vous', 'annulation_rendez_vous', 'rendez_vous_manque', 'injoignable', 'rappelez_nous')),
    ADD CONSTRAINT outbox_personne_check CHECK (
        (cause IS NOT NULL) = (type IN ('invitation_rendez_vous', 'confirmation_rendez_vous', 'rappel_rendez_vous', 'annulation_rendez_vous',
            'rendez_vous_manque', 'injoignable', 'rappelez_nous'))
        AND (cause IS NULL OR (partenaire_id IS NULL AND orientation_id IS NULL AND canal IN ('sms', 'courriel', 'courrier')))
        AND (canal NOT IN ('sms', 'courrier') OR cause IS NOT NULL)),
    ADD CHECK ((remise IS NULL) = (remise_at IS NULL)),
    ADD UNIQUE (plateforme_id, id),
    ADD FOREIGN KEY (plateforme_id, remplace_id) REFERENCES pdp.outbox (plateforme_id, id);
COMMENT ON COLUMN pdp.outbox.cause IS 'Why this message to the person: opaque id of the appointment, link or task; one message per parcours, type and cause';
COMMENT ON COLUMN pdp.outbox.remplace_id IS 'Message it repeats by another channel; NULL = none';
COMMENT ON COLUMN pdp.outbox.trop_tard_at IS 'From this instant on it would be useless: dropped and said; NULL = never';
COMMENT ON COLUMN pdp.outbox.adresse_empreinte IS 'SHA-256 of the number or address it left for; a late receipt says nothing of another one';
COMMENT ON COLUMN pdp.outbox.imprime_at IS 'Letters: when printed; posted is livre_at';
COMMENT ON COLUMN pdp.outbox.remise IS 'What the provider said after it took it, forward only; NULL = nothing yet';
COMMENT ON COLUMN pdp.outbox.remise_at IS 'When that happened, as the provider says; a returned letter: when recorded';
COMMENT ON COLUMN pdp.outbox.remise_code IS 'Reason given with it, code only';
CREATE INDEX outbox_courriers ON pdp.outbox (plateforme_id, cree_at) WHERE canal = 'courrier' AND etat IN ('a_envoyer', 'en_cours');
CREATE INDEX outbox_sms_attendus ON pdp.outbox (plateforme_id, prochain_essai_at) WHERE canal = 'sms' AND essais > 0;

CREATE TABLE identite.coordonnee_morte (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    assure_id uuid NOT NULL,
    canal text NOT NULL CHECK (canal IN ('sms', 'courriel', 'courrier')),
    empreinte bytea NOT NULL,
    code text NOT NULL CHECK (length(code) <= 60),
    outbox_id uuid,
    constatee_at timestamptz NOT NULL,
    levee_at timestamptz,
    UNIQUE (assure_id, canal, empreinte),
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id),
    FOREIGN KEY (plateforme_id, outbox_id) REFERENCES pdp.outbox (plateforme_id, id)
);
COMMENT ON TABLE identite.coordonnee_morte IS 'Numbers and addresses that failed for good: not tried again until another value is known';
COMMENT ON COLUMN identite.coordonnee_morte.id IS 'Opaque id';
COMMENT ON COLUMN identite.coordonnee_morte.plateforme_id IS 'Platform';
COMMENT ON COLUMN identite.coordonnee_morte.assure_id IS 'Insured person';
COMMENT ON COLUMN identite.coordonnee_morte.canal IS 'Channel that failed; a number without SMS may still be called';
COMMENT ON COLUMN identite.coordonnee_morte.empreinte IS 'SHA-256 of the value, lower case and single spaces';
COMMENT ON COLUMN identite.coordonnee_morte.code IS 'What the provider answered, code only';
COMMENT ON COLUMN identite.coordonnee_morte.outbox_id IS 'Message that found it';
COMMENT ON COLUMN identite.coordonnee_morte.constatee_at IS 'When found';
COMMENT ON COLUMN identite.coordonnee_morte.levee_at IS 'When a person said that it works again; NULL = dead';

CREATE TABLE identite.adresse_postale (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    assure_id uuid NOT NULL,
    lignes text NOT NULL CHECK (length(lignes) BETWEEN 1 AND 160),
    code_postal text NOT NULL CHECK (code_postal ~ '^[0-9]{5}$'),
    ville text NOT NULL CHECK (length(ville) BETWEEN 1 AND 38),
    saisie_par uuid NOT NULL,
    saisie_at timestamptz NOT NULL,
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id),
    FOREIGN KEY (plateforme_id, saisie_par) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE identite.adresse_postale IS 'Postal addresses as the person gave them: no feed brings one. Never edited, the last one is used';
COMMENT ON COLUMN identite.adresse_postale.id IS 'Opaque id';
COMMENT ON COLUMN identite.adresse_postale.plateforme_id IS 'Platform';
COMMENT ON COLUMN identite.adresse_postale.assure_id IS 'Insured person';
COMMENT ON COLUMN identite.adresse_postale.lignes IS 'One to four lines: building, number and street, hamlet';
COMMENT ON COLUMN identite.adresse_postale.code_postal IS 'Postal code, five digits';
COMMENT ON COLUMN identite.adresse_postale.ville IS 'Town';
COMMENT ON COLUMN identite.adresse_postale.saisie_par IS 'Who wrote it down';
COMMENT ON COLUMN identite.adresse_postale.saisie_at IS 'When';
CREATE INDEX ON identite.adresse_postale (assure_id, saisie_at DESC);

CREATE TABLE pdp.passerelle (
    plateforme_id text NOT NULL REFERENCES pdp.plateforme,
    canal text NOT NULL CHECK (canal IN ('sms', 'courriel')),
    curseur text CHECK (length(curseur) <= 200),
    lu_at timestamptz,
    echecs_suite integer NOT NULL DEFAULT 0,
    dernier_echec_at timestamptz,
    dernier_succes_at timestamptz,
    dernier_code text CHECK (length(dernier_code) <= 60),
    PRIMARY KEY (plateforme_id, canal)
);
COMMENT ON TABLE pdp.passerelle IS 'What carries messages out, per platform: where its receipts were read up to, and whether it answers';
COMMENT ON COLUMN pdp.passerelle.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.passerelle.canal IS 'sms or courriel';
COMMENT ON COLUMN pdp.passerelle.curseur IS 'Cursor of the receipts, opaque, moved in the transaction that stores those read; NULL = never read';
COMMENT ON COLUMN pdp.passerelle.lu_at IS 'Last reading of the receipts';
COMMENT ON COLUMN pdp.passerelle.echecs_suite IS 'Attempts without an answer since the last one';
COMMENT ON COLUMN pdp.passerelle.dernier_echec_at IS 'Last attempt without an answer';
COMMENT ON COLUMN pdp.passerelle.dernier_succes_at IS 'Last answer, whatever it said of the message';
COMMENT ON COLUMN pdp.passerelle.dernier_code IS 'Last failure, code only';

CREATE TABLE pdp.accuse (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL REFERENCES pdp.plateforme,
    evenement_id text NOT NULL CHECK (length(evenement_id) <= 100),
    cle uuid NOT NULL,
    outbox_id uuid,
    etat text NOT NULL CHECK (etat IN ('echec_temporaire', 'remis', 'echec_definitif', 'lu')),
    code text CHECK (length(code) <= 60),
    survenu_at timestamptz NOT NULL,
    recu_at timestamptz NOT NULL,
    empreinte bytea NOT NULL,
    resultat text NOT NULL CHECK (resultat IN ('applique', 'ancien', 'inconnu', 'quarantaine')),
    UNIQUE (plateforme_id, evenement_id),
    FOREIGN KEY (plateforme_id, outbox_id) REFERENCES pdp.outbox (plateforme_id, id)
);
COMMENT ON TABLE pdp.accuse IS 'Receipts of the SMS gateway, each kept and applied once whatever is repeated or late';
COMMENT ON COLUMN pdp.accuse.id IS 'Opaque id';
COMMENT ON COLUMN pdp.accuse.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.accuse.evenement_id IS 'Id of the receipt at the gateway; a repeat is ignored, another content under the same id is set aside';
COMMENT ON COLUMN pdp.accuse.cle IS 'Key of the message, as we gave it';
COMMENT ON COLUMN pdp.accuse.outbox_id IS 'Message it speaks of; NULL = unknown here';
COMMENT ON COLUMN pdp.accuse.etat IS 'What happened';
COMMENT ON COLUMN pdp.accuse.code IS 'Reason, code only';
COMMENT ON COLUMN pdp.accuse.survenu_at IS 'When, as the gateway says';
COMMENT ON COLUMN pdp.accuse.recu_at IS 'When read';
COMMENT ON COLUMN pdp.accuse.empreinte IS 'SHA-256 of the content';
COMMENT ON COLUMN pdp.accuse.resultat IS 'applique, ancien (says nothing new), inconnu (no such message), quarantaine (contradicts another)';
CREATE INDEX ON pdp.accuse (outbox_id);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['identite.coordonnee_morte', 'identite.adresse_postale', 'pdp.passerelle', 'pdp.accuse'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY lot ON %s TO pdp_app, pdp_expediteur USING (true) WITH CHECK (true)', t);
        EXECUTE format('CREATE POLICY plateforme ON %s TO pdp_role_csam, pdp_role_medecin, pdp_role_responsable'
            ' USING (plateforme_id = (SELECT securite.plateforme_courante()))'
            ' WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()))', t);
        EXECUTE format('CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON %s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur()', t);
    END LOOP;
END $$;

GRANT SELECT, INSERT ON identite.coordonnee_morte, identite.adresse_postale TO pdp_role_csam;
GRANT UPDATE (code, outbox_id, constatee_at, levee_at) ON identite.coordonnee_morte TO pdp_role_csam;
GRANT SELECT ON identite.coordonnee_morte TO pdp_app, pdp_role_medecin;
GRANT SELECT ON identite.adresse_postale TO pdp_app, pdp_role_medecin;
GRANT SELECT ON pdp.passerelle TO pdp_app, pdp_role_csam, pdp_role_responsable;
GRANT SELECT (id, plateforme_id, outbox_id, etat, code, survenu_at, recu_at, resultat) ON pdp.accuse TO pdp_app, pdp_role_csam, pdp_role_responsable;
GRANT SELECT (cause, remplace_id, trop_tard_at, imprime_at, remise, remise_at, remise_code) ON pdp.outbox TO pdp_role_responsable;
-- Letters are printed, posted and returned by people.
GRANT UPDATE (imprime_at, livre_at, remise, remise_at, remise_code, adresse_empreinte) ON pdp.outbox TO pdp_role_csam;

-- The sender reads where to write at the instant it writes, and records what came of it.
GRANT USAGE ON SCHEMA identite TO pdp_expediteur;
GRANT SELECT (id, plateforme_id, telephone, courriel, contact_prefere, contact_refus, mis_a_jour_source_at) ON identite.assure TO pdp_expediteur;
GRANT SELECT ON identite.coordonnee_dite TO pdp_expediteur;
GRANT SELECT (cle_saisie, saisie_par_erreur_at) ON pdp.contact TO pdp_expediteur; -- a number found wrong by a call since taken back is good
GRANT EXECUTE ON FUNCTION identite.coordonnees(uuid), pdp.preference_du(uuid) TO pdp_expediteur;
GRANT SELECT, INSERT ON identite.coordonnee_morte, pdp.accuse TO pdp_expediteur;
GRANT UPDATE (code, outbox_id, constatee_at, levee_at) ON identite.coordonnee_morte TO pdp_expediteur;
GRANT SELECT, INSERT, UPDATE ON pdp.passerelle TO pdp_expediteur;
GRANT UPDATE (adresse_empreinte, remise, remise_at, remise_code) ON pdp.outbox TO pdp_expediteur;
