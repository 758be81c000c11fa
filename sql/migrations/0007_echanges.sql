-- Hand-overs: the orientation, what is to be sent (outbox), what came back (inbox).

CREATE TABLE pdp.orientation (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    parcours_id uuid NOT NULL,
    partenaire_id uuid NOT NULL,
    dispositif text NOT NULL CHECK (dispositif IN ('service_social', 'spst', 'cap_emploi', 'psychologue')),
    accord_id uuid NOT NULL,
    revision integer NOT NULL DEFAULT 1,
    statut text NOT NULL CHECK (statut IN ('brouillon', 'en_attente_accord', 'envoyee', 'recue', 'acceptee', 'refusee', 'en_cours', 'realisee', 'sans_suite',
        'annulee', 'expiree')),
    motif text NOT NULL,
    contenu jsonb NOT NULL,
    propose_par uuid NOT NULL,
    proposee_at timestamptz NOT NULL,
    envoyee_at timestamptz,
    repondue_at timestamptz,
    reponse_attendue_le date NOT NULL,
    refus_motif text,
    compte_rendu text CHECK (length(compte_rendu) <= 1000),
    version_partenaire integer NOT NULL DEFAULT 0,
    UNIQUE (plateforme_id, id),
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id),
    FOREIGN KEY (plateforme_id, partenaire_id) REFERENCES pdp.partenaire (plateforme_id, id),
    FOREIGN KEY (plateforme_id, accord_id) REFERENCES pdp.accord (plateforme_id, id),
    FOREIGN KEY (plateforme_id, propose_par) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.orientation IS 'A hand-over proposed by a person, covered by an agreement; contenu is exactly what the partner sees';
COMMENT ON COLUMN pdp.orientation.id IS 'Opaque id, known to the partner';
COMMENT ON COLUMN pdp.orientation.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.orientation.parcours_id IS 'Parcours, never shown to the partner';
COMMENT ON COLUMN pdp.orientation.partenaire_id IS 'Partner';
COMMENT ON COLUMN pdp.orientation.dispositif IS 'Kind of service';
COMMENT ON COLUMN pdp.orientation.accord_id IS 'Agreement that covers it';
COMMENT ON COLUMN pdp.orientation.revision IS 'Number of this hand-over for the parcours and dispositif';
COMMENT ON COLUMN pdp.orientation.statut IS 'Status; transitions in domain/orientation.py';
COMMENT ON COLUMN pdp.orientation.motif IS 'Reason given by the CSAM, shown to the partner';
COMMENT ON COLUMN pdp.orientation.contenu IS 'Minimised content, frozen when proposed';
COMMENT ON COLUMN pdp.orientation.propose_par IS 'Human author';
COMMENT ON COLUMN pdp.orientation.proposee_at IS 'When proposed';
COMMENT ON COLUMN pdp.orientation.envoyee_at IS 'When the partner had it';
COMMENT ON COLUMN pdp.orientation.repondue_at IS 'Last answer';
COMMENT ON COLUMN pdp.orientation.reponse_attendue_le IS 'Day the partner becomes late';
COMMENT ON COLUMN pdp.orientation.refus_motif IS 'Closed reason of a refusal';
COMMENT ON COLUMN pdp.orientation.compte_rendu IS 'Report of the partner';
COMMENT ON COLUMN pdp.orientation.version_partenaire IS 'Highest version applied; older answers are ignored';
CREATE UNIQUE INDEX orientation_une_active ON pdp.orientation (parcours_id, dispositif)
    WHERE statut IN ('brouillon', 'en_attente_accord', 'envoyee', 'recue', 'acceptee', 'en_cours');
CREATE INDEX ON pdp.orientation (parcours_id);
CREATE INDEX ON pdp.orientation (partenaire_id, statut);

CREATE TABLE pdp.outbox (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    cle uuid NOT NULL UNIQUE,
    plateforme_id text NOT NULL,
    parcours_id uuid NOT NULL,
    orientation_id uuid,
    partenaire_id uuid,
    canal text NOT NULL CHECK (canal IN ('api', 'portail', 'courriel')),
    type text NOT NULL CHECK (type IN ('orientation', 'annulation', 'invitation', 'avis_partenaire')),
    charge jsonb NOT NULL,
    empreinte bytea NOT NULL,
    accord_destinataire text,
    etat text NOT NULL DEFAULT 'a_envoyer' CHECK (etat IN ('a_envoyer', 'en_cours', 'livre', 'rebut', 'incertain', 'rappele')),
    essais integer NOT NULL DEFAULT 0,
    jeton bigint NOT NULL DEFAULT 0,
    bail_jusqu_a timestamptz,
    prochain_essai_at timestamptz NOT NULL,
    horizon_at timestamptz NOT NULL,
    dernier_code text,
    cree_at timestamptz NOT NULL,
    livre_at timestamptz,
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id),
    FOREIGN KEY (plateforme_id, orientation_id) REFERENCES pdp.orientation (plateforme_id, id),
    FOREIGN KEY (plateforme_id, partenaire_id) REFERENCES pdp.partenaire (plateforme_id, id)
);
COMMENT ON TABLE pdp.outbox IS 'What is to leave, written with the change that causes it; the only way to the world';
COMMENT ON COLUMN pdp.outbox.id IS 'Opaque id';
COMMENT ON COLUMN pdp.outbox.cle IS 'UUIDv5 of case, dispositif, recipient and revision; the partner deduplicates on it';
COMMENT ON COLUMN pdp.outbox.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.outbox.parcours_id IS 'Parcours';
COMMENT ON COLUMN pdp.outbox.orientation_id IS 'Orientation it carries';
COMMENT ON COLUMN pdp.outbox.partenaire_id IS 'Partner; NULL = the insured';
COMMENT ON COLUMN pdp.outbox.canal IS 'Transport';
COMMENT ON COLUMN pdp.outbox.type IS 'Kind of message';
COMMENT ON COLUMN pdp.outbox.charge IS 'What is sent';
COMMENT ON COLUMN pdp.outbox.empreinte IS 'SHA-256 of the canonical charge';
COMMENT ON COLUMN pdp.outbox.accord_destinataire IS 'Recipient whose active agreement is re-checked at claim; NULL = none needed';
COMMENT ON COLUMN pdp.outbox.etat IS 'State';
COMMENT ON COLUMN pdp.outbox.essais IS 'Attempts';
COMMENT ON COLUMN pdp.outbox.jeton IS 'Fencing token: a late worker cannot finish what another took over';
COMMENT ON COLUMN pdp.outbox.bail_jusqu_a IS 'End of the lease, database clock';
COMMENT ON COLUMN pdp.outbox.prochain_essai_at IS 'Not before';
COMMENT ON COLUMN pdp.outbox.horizon_at IS 'After this instant a person takes over';
COMMENT ON COLUMN pdp.outbox.dernier_code IS 'Last answer, code only';
COMMENT ON COLUMN pdp.outbox.cree_at IS 'When written';
COMMENT ON COLUMN pdp.outbox.livre_at IS 'When the recipient had it';
CREATE INDEX ON pdp.outbox (prochain_essai_at) WHERE etat IN ('a_envoyer', 'en_cours');
CREATE INDEX ON pdp.outbox (parcours_id);
CREATE INDEX ON pdp.outbox (orientation_id);

CREATE TABLE pdp.inbox (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    partenaire_id uuid NOT NULL,
    evenement_id text NOT NULL,
    orientation_id uuid NOT NULL,
    version integer NOT NULL,
    statut text NOT NULL CHECK (statut IN ('recue', 'acceptee', 'refusee', 'en_cours', 'realisee', 'sans_suite')),
    motif text,
    compte_rendu text CHECK (length(compte_rendu) <= 1000),
    survenu_at timestamptz NOT NULL,
    empreinte bytea NOT NULL,
    recu_at timestamptz NOT NULL,
    traite_at timestamptz,
    resultat text CHECK (resultat IN ('appliquee', 'ancienne', 'quarantaine')),
    FOREIGN KEY (plateforme_id, partenaire_id) REFERENCES pdp.partenaire (plateforme_id, id),
    UNIQUE (partenaire_id, evenement_id)
);
COMMENT ON TABLE pdp.inbox IS 'An answer of a partner, whatever its transport; applied once by the collect service';
COMMENT ON COLUMN pdp.inbox.id IS 'Opaque id';
COMMENT ON COLUMN pdp.inbox.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.inbox.partenaire_id IS 'Partner';
COMMENT ON COLUMN pdp.inbox.evenement_id IS 'Id of the answer at the partner; a repeat is ignored';
COMMENT ON COLUMN pdp.inbox.orientation_id IS 'Orientation answered';
COMMENT ON COLUMN pdp.inbox.version IS 'Order of the answers at the partner';
COMMENT ON COLUMN pdp.inbox.statut IS 'Status given';
COMMENT ON COLUMN pdp.inbox.motif IS 'Closed reason of a refusal';
COMMENT ON COLUMN pdp.inbox.compte_rendu IS 'Report';
COMMENT ON COLUMN pdp.inbox.survenu_at IS 'When true, as the partner says';
COMMENT ON COLUMN pdp.inbox.empreinte IS 'SHA-256 of the answer; same id with another content goes to quarantine';
COMMENT ON COLUMN pdp.inbox.recu_at IS 'When known';
COMMENT ON COLUMN pdp.inbox.traite_at IS 'When applied or set aside';
COMMENT ON COLUMN pdp.inbox.resultat IS 'What was done of it';
CREATE INDEX ON pdp.inbox (recu_at) WHERE traite_at IS NULL;
CREATE INDEX ON pdp.inbox (orientation_id);
