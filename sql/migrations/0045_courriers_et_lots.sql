-- What comes back by mail, and files exchanged with partners: read once, applied once, refused with a reason.

CREATE TABLE pdp.boite (
    nom text PRIMARY KEY CHECK (nom IN ('messagerie', 'courriel')),
    uidvalidity bigint NOT NULL,
    uid bigint NOT NULL CHECK (uid >= 0),
    lu_at timestamptz NOT NULL,
    dernier_code text CHECK (length(dernier_code) <= 60),
    uid_echec bigint,
    echecs integer NOT NULL DEFAULT 0 CHECK (echecs >= 0)
);
COMMENT ON TABLE pdp.boite IS 'Mailboxes of the platform: how far each was read; the mails themselves stay at the operator';
COMMENT ON COLUMN pdp.boite.nom IS 'messagerie (secure mail of health professionals) or courriel (where ordinary mail bounces)';
COMMENT ON COLUMN pdp.boite.uidvalidity IS 'Numbering of the operator; another value means that every number changed and the box is read again from its beginning';
COMMENT ON COLUMN pdp.boite.uid IS 'Last message whose reading is recorded';
COMMENT ON COLUMN pdp.boite.lu_at IS 'Last reading, business instant';
COMMENT ON COLUMN pdp.boite.dernier_code IS 'Why the last reading failed, code only; NULL = it did not';
COMMENT ON COLUMN pdp.boite.uid_echec IS 'Message that could not be recorded at the last readings; NULL = none';
COMMENT ON COLUMN pdp.boite.echecs IS 'How many readings in a row failed on it';

CREATE TABLE pdp.boite_message (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    boite text NOT NULL REFERENCES pdp.boite,
    uidvalidity bigint NOT NULL,
    uid bigint NOT NULL,
    empreinte bytea NOT NULL,
    plateforme_id text REFERENCES pdp.plateforme,
    outbox_id uuid,
    nature text NOT NULL CHECK (nature IN ('accuse', 'rebond', 'erreur_operateur', 'automatique', 'humaine', 'inconnue')),
    etat text CHECK (etat IN ('echec_temporaire', 'remis', 'echec_definitif', 'lu')),
    code text CHECK (length(code) <= 60),
    resultat text NOT NULL CHECK (resultat IN ('applique', 'ancien', 'a_lire', 'sans_effet', 'quarantaine')),
    raison text CHECK (length(raison) <= 60),
    recu_at timestamptz NOT NULL,
    a_marquer boolean NOT NULL,
    marque_at timestamptz,
    vu_par uuid,
    vu_at timestamptz,
    UNIQUE (boite, empreinte),
    FOREIGN KEY (plateforme_id, outbox_id) REFERENCES pdp.outbox (plateforme_id, id),
    FOREIGN KEY (plateforme_id, vu_par) REFERENCES pdp.agent (plateforme_id, id),
    CHECK ((resultat = 'quarantaine') = (raison IS NOT NULL)),
    CHECK ((vu_par IS NULL) = (vu_at IS NULL))
);
COMMENT ON TABLE pdp.boite_message IS 'What was understood of each mail that came back, and what was done of it; never its text: a letter of a health professional may hold medical data, and stays in the mailbox, which has its own access and its own purge';
COMMENT ON COLUMN pdp.boite_message.id IS 'Opaque id';
COMMENT ON COLUMN pdp.boite_message.boite IS 'Mailbox';
COMMENT ON COLUMN pdp.boite_message.uidvalidity IS 'Numbering of the operator when it was read';
COMMENT ON COLUMN pdp.boite_message.uid IS 'Number in the mailbox: how a person finds it there';
COMMENT ON COLUMN pdp.boite_message.empreinte IS 'SHA-256 of the bytes read: the same mail is applied once, whatever its number becomes';
COMMENT ON COLUMN pdp.boite_message.plateforme_id IS 'Platform of the message it answers; NULL = unknown';
COMMENT ON COLUMN pdp.boite_message.outbox_id IS 'Message it answers; NULL = unknown';
COMMENT ON COLUMN pdp.boite_message.nature IS 'accuse (receipt), rebond (bounce), erreur_operateur (the software of the recipient could not file it), automatique (absence), humaine (somebody wrote), inconnue';
COMMENT ON COLUMN pdp.boite_message.etat IS 'What it says of the message; NULL = nothing';
COMMENT ON COLUMN pdp.boite_message.code IS 'Reason given, code only';
COMMENT ON COLUMN pdp.boite_message.resultat IS 'applique, ancien (says nothing new), a_lire (a person was asked to read it in the mailbox), sans_effet, quarantaine';
COMMENT ON COLUMN pdp.boite_message.raison IS 'Why it was set aside, code';
COMMENT ON COLUMN pdp.boite_message.recu_at IS 'When read, business instant';
COMMENT ON COLUMN pdp.boite_message.a_marquer IS 'To be marked as seen in the mailbox; what a person must read stays unseen there';
COMMENT ON COLUMN pdp.boite_message.marque_at IS 'When it was marked as seen';
COMMENT ON COLUMN pdp.boite_message.vu_par IS 'Manager who looked at a mail set aside';
COMMENT ON COLUMN pdp.boite_message.vu_at IS 'When';
CREATE INDEX ON pdp.boite_message (outbox_id);
CREATE INDEX boite_message_a_voir ON pdp.boite_message (plateforme_id, recu_at) WHERE resultat = 'quarantaine' AND vu_at IS NULL;
CREATE INDEX boite_message_a_marquer ON pdp.boite_message (boite) WHERE a_marquer AND marque_at IS NULL;

CREATE TABLE pdp.echange_fichier (
    id uuid PRIMARY KEY,
    plateforme_id text NOT NULL,
    partenaire_id uuid NOT NULL,
    sens text NOT NULL CHECK (sens IN ('envoi', 'reponse')),
    nom text NOT NULL CHECK (length(nom) BETWEEN 1 AND 160),
    etat text NOT NULL CHECK (CASE sens WHEN 'envoi' THEN etat IN ('prepare', 'ecrit') ELSE etat IN ('depose', 'lu', 'refuse') END),
    empreinte bytea,
    taille_octets integer,
    lignes integer NOT NULL DEFAULT 0,
    appliquees integer NOT NULL DEFAULT 0,
    inchangees integer NOT NULL DEFAULT 0,
    rejetees integer NOT NULL DEFAULT 0,
    motif_code text CHECK (length(motif_code) <= 60),
    motif text CHECK (length(motif) <= 400),
    cree_at timestamptz NOT NULL,
    fini_at timestamptz,
    depose_par uuid,
    UNIQUE (plateforme_id, id),
    FOREIGN KEY (plateforme_id, partenaire_id) REFERENCES pdp.partenaire (plateforme_id, id),
    FOREIGN KEY (plateforme_id, depose_par) REFERENCES pdp.agent (plateforme_id, id),
    CHECK ((etat = 'refuse') = (motif_code IS NOT NULL)),
    CHECK ((sens = 'reponse') <= (empreinte IS NOT NULL))
);
COMMENT ON TABLE pdp.echange_fichier IS 'Files exchanged with a partner: batches of hand-overs sent, files of answers received';
COMMENT ON COLUMN pdp.echange_fichier.id IS 'Opaque id; a batch: UUIDv5 of the keys it carries';
COMMENT ON COLUMN pdp.echange_fichier.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.echange_fichier.partenaire_id IS 'Partner';
COMMENT ON COLUMN pdp.echange_fichier.sens IS 'envoi (to the partner) or reponse (from it)';
COMMENT ON COLUMN pdp.echange_fichier.nom IS 'File name; a batch keeps its name however often it is written';
COMMENT ON COLUMN pdp.echange_fichier.etat IS 'envoi: prepare (claimed, perhaps written), ecrit; reponse: depose (waits), lu, refuse (the whole file)';
COMMENT ON COLUMN pdp.echange_fichier.empreinte IS 'SHA-256 of the bytes';
COMMENT ON COLUMN pdp.echange_fichier.taille_octets IS 'Size, bytes';
COMMENT ON COLUMN pdp.echange_fichier.lignes IS 'Lines of the file';
COMMENT ON COLUMN pdp.echange_fichier.appliquees IS 'Answers taken';
COMMENT ON COLUMN pdp.echange_fichier.inchangees IS 'Answers already known';
COMMENT ON COLUMN pdp.echange_fichier.rejetees IS 'Lines refused, with their reasons in echange_ligne';
COMMENT ON COLUMN pdp.echange_fichier.motif_code IS 'Why the whole file was refused, code';
COMMENT ON COLUMN pdp.echange_fichier.motif IS 'The same in words, in French';
COMMENT ON COLUMN pdp.echange_fichier.cree_at IS 'When prepared or received, business instant';
COMMENT ON COLUMN pdp.echange_fichier.fini_at IS 'When written or read';
COMMENT ON COLUMN pdp.echange_fichier.depose_par IS 'Manager who sent the file by the portal; NULL = the partner, or the drop folder';
CREATE UNIQUE INDEX echange_fichier_un_contenu ON pdp.echange_fichier (partenaire_id, empreinte) WHERE sens = 'reponse';
CREATE INDEX ON pdp.echange_fichier (partenaire_id, cree_at);

CREATE TABLE pdp.echange_ligne (
    fichier_id uuid NOT NULL,
    plateforme_id text NOT NULL,
    numero integer NOT NULL CHECK (numero > 0),
    outbox_id uuid,
    orientation_id uuid,
    code text CHECK (length(code) <= 60),
    message text CHECK (length(message) <= 400),
    resolue_at timestamptz,
    PRIMARY KEY (fichier_id, numero),
    FOREIGN KEY (plateforme_id, fichier_id) REFERENCES pdp.echange_fichier (plateforme_id, id),
    FOREIGN KEY (plateforme_id, outbox_id) REFERENCES pdp.outbox (plateforme_id, id),
    CHECK ((outbox_id IS NULL) = (code IS NOT NULL))
);
COMMENT ON TABLE pdp.echange_ligne IS 'Lines of a batch sent, and lines refused of an answer with the reason; never what they held';
COMMENT ON COLUMN pdp.echange_ligne.fichier_id IS 'File';
COMMENT ON COLUMN pdp.echange_ligne.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.echange_ligne.numero IS 'Line of the file, the header is 1';
COMMENT ON COLUMN pdp.echange_ligne.outbox_id IS 'Message carried; NULL = a line refused';
COMMENT ON COLUMN pdp.echange_ligne.orientation_id IS 'Hand-over named by the line; NULL = unreadable';
COMMENT ON COLUMN pdp.echange_ligne.code IS 'Why it was refused, code';
COMMENT ON COLUMN pdp.echange_ligne.message IS 'The same in words, in French';
COMMENT ON COLUMN pdp.echange_ligne.resolue_at IS 'When a later file said the same hand-over correctly; NULL = still to be corrected';
CREATE INDEX ON pdp.echange_ligne (outbox_id);
CREATE INDEX ON pdp.echange_ligne (orientation_id) WHERE code IS NOT NULL AND resolue_at IS NULL;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['pdp.boite', 'pdp.boite_message', 'pdp.echange_fichier', 'pdp.echange_ligne'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY lot ON %s TO pdp_app, pdp_expediteur USING (true) WITH CHECK (true)', t);
        EXECUTE format('CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON %s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur()', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['pdp.echange_fichier', 'pdp.echange_ligne'] LOOP
        EXECUTE format('CREATE POLICY plateforme ON %s TO pdp_role_csam, pdp_role_responsable'
            ' USING (plateforme_id = (SELECT securite.plateforme_courante())) WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()))', t);
    END LOOP;
END $$;
-- A mailbox serves several platforms: a manager of any of them sees whether it is read; a mail that names nothing known is everybody's.
CREATE POLICY plateforme ON pdp.boite TO pdp_role_responsable USING ((SELECT securite.plateforme_courante()) IS NOT NULL);
CREATE POLICY plateforme ON pdp.boite_message TO pdp_role_csam, pdp_role_responsable
    USING (plateforme_id = (SELECT securite.plateforme_courante())
        OR (plateforme_id IS NULL AND (SELECT securite.plateforme_courante()) IS NOT NULL))
    WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()));
CREATE POLICY partenaire ON pdp.echange_fichier TO pdp_role_partenaire
    USING (partenaire_id = (SELECT securite.partenaire_courant())) WITH CHECK (partenaire_id = (SELECT securite.partenaire_courant()) AND sens = 'reponse');
CREATE POLICY partenaire ON pdp.echange_ligne FOR SELECT TO pdp_role_partenaire
    USING (EXISTS (SELECT 1 FROM pdp.echange_fichier l WHERE l.id = fichier_id));

GRANT SELECT, INSERT, UPDATE ON pdp.boite TO pdp_expediteur;
GRANT SELECT, INSERT ON pdp.boite_message TO pdp_expediteur;
GRANT UPDATE (marque_at) ON pdp.boite_message TO pdp_expediteur;
GRANT SELECT ON pdp.boite, pdp.boite_message TO pdp_app;
GRANT SELECT ON pdp.boite TO pdp_role_responsable;
GRANT SELECT (id, boite, uid, plateforme_id, outbox_id, nature, etat, code, resultat, raison, recu_at, vu_par, vu_at) ON pdp.boite_message
    TO pdp_role_csam, pdp_role_responsable;
GRANT UPDATE (vu_par, vu_at) ON pdp.boite_message TO pdp_role_responsable;

GRANT SELECT, INSERT ON pdp.echange_fichier, pdp.echange_ligne TO pdp_expediteur, pdp_app;
GRANT UPDATE (etat, empreinte, taille_octets, lignes, appliquees, inchangees, rejetees, motif_code, motif, fini_at) ON pdp.echange_fichier TO pdp_expediteur, pdp_app;
GRANT UPDATE (resolue_at) ON pdp.echange_ligne TO pdp_app;
GRANT SELECT ON pdp.echange_fichier, pdp.echange_ligne TO pdp_role_csam, pdp_role_responsable;
GRANT INSERT (id, plateforme_id, partenaire_id, sens, nom, etat, empreinte, taille_octets, cree_at, depose_par) ON pdp.echange_fichier TO pdp_role_responsable;
GRANT SELECT ON pdp.echange_fichier TO pdp_role_partenaire;
GRANT SELECT (fichier_id, numero, orientation_id, code, message, resolue_at) ON pdp.echange_ligne TO pdp_role_partenaire;
GRANT INSERT (id, plateforme_id, partenaire_id, sens, nom, etat, empreinte, taille_octets, cree_at) ON pdp.echange_fichier TO pdp_role_partenaire;

-- A receipt read in the mailbox enters by the same door as any other answer.
GRANT SELECT, INSERT ON pdp.inbox TO pdp_expediteur;
-- What a partner answers by letter or by phone is noted by the coordinator who read or heard it.
GRANT INSERT (id, plateforme_id, partenaire_id, evenement_id, orientation_id, version, nature, statut, motif, compte_rendu, rendez_vous_at, transport,
    survenu_at, empreinte, recu_at) ON pdp.inbox TO pdp_role_csam;
