-- The parcours: delegation, case, assignment, open reasons, contacts, télé-échanges, agreements, outcomes.

CREATE TABLE pdp.dol_version (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL REFERENCES pdp.plateforme,
    version integer NOT NULL,
    du date NOT NULL,
    au date,
    signe_par uuid,
    signe_at timestamptz,
    empreinte bytea,
    UNIQUE (plateforme_id, id),
    UNIQUE (plateforme_id, version),
    CHECK ((signe_par IS NULL) = (signe_at IS NULL) AND (signe_at IS NULL) = (empreinte IS NULL)),
    FOREIGN KEY (plateforme_id, signe_par) REFERENCES pdp.agent (plateforme_id, id),
    EXCLUDE USING gist (int4range(hashtext(plateforme_id), hashtext(plateforme_id), '[]') WITH &&, daterange(du, au, '[]') WITH &&)
        WHERE (signe_at IS NOT NULL)
);
COMMENT ON TABLE pdp.dol_version IS 'Document d''orientation local: one signed version in force per platform and day, or no delegation at all';
COMMENT ON COLUMN pdp.dol_version.id IS 'Opaque id';
COMMENT ON COLUMN pdp.dol_version.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.dol_version.version IS 'Number of the version';
COMMENT ON COLUMN pdp.dol_version.du IS 'First day in force';
COMMENT ON COLUMN pdp.dol_version.au IS 'Last day in force';
COMMENT ON COLUMN pdp.dol_version.signe_par IS 'Médecin-conseil who signed; unsigned = draft, never applied';
COMMENT ON COLUMN pdp.dol_version.signe_at IS 'When signed';
COMMENT ON COLUMN pdp.dol_version.empreinte IS 'SHA-256 of the rules as signed';

CREATE TABLE pdp.dol_regle (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    dol_version_id uuid NOT NULL,
    plateforme_id text NOT NULL,
    rang integer NOT NULL,
    libelle text NOT NULL,
    conditions jsonb NOT NULL,
    cible text NOT NULL CHECK (cible IN ('oriente_csam', 'oriente_ism', 'convocation_mc', 'sans_suite', 'medecin_conseil')),
    UNIQUE (dol_version_id, rang),
    FOREIGN KEY (plateforme_id, dol_version_id) REFERENCES pdp.dol_version (plateforme_id, id)
);
COMMENT ON TABLE pdp.dol_regle IS 'Rule of the delegation: first one whose conditions all hold; no rule = médecin-conseil';
COMMENT ON COLUMN pdp.dol_regle.id IS 'Opaque id';
COMMENT ON COLUMN pdp.dol_regle.dol_version_id IS 'Version';
COMMENT ON COLUMN pdp.dol_regle.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.dol_regle.rang IS 'Order of evaluation';
COMMENT ON COLUMN pdp.dol_regle.libelle IS 'French sentence';
COMMENT ON COLUMN pdp.dol_regle.conditions IS 'Closed vocabulary of domain/dol.py';
COMMENT ON COLUMN pdp.dol_regle.cible IS 'Orientation of the file; medecin_conseil = not delegated';

CREATE TABLE pdp.parcours (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    assure_id uuid NOT NULL,
    signalement_id uuid NOT NULL,
    statut text NOT NULL,
    csam_id uuid,
    priorite integer NOT NULL DEFAULT 0,
    survenu_le date NOT NULL,
    connu_at timestamptz NOT NULL,
    decide_at timestamptz NOT NULL,
    dernier_evenement_at timestamptz NOT NULL,
    clos_at timestamptz,
    cloture_motif text,
    version integer NOT NULL DEFAULT 1,
    UNIQUE (plateforme_id, id),
    CHECK ((clos_at IS NULL) = (cloture_motif IS NULL)),
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id),
    FOREIGN KEY (plateforme_id, signalement_id) REFERENCES pdp.signalement (plateforme_id, id),
    FOREIGN KEY (plateforme_id, csam_id) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.parcours IS 'The case; statuses and their transitions are in domain/parcours.py';
COMMENT ON COLUMN pdp.parcours.id IS 'Opaque id, the only one in URLs and in Airflow';
COMMENT ON COLUMN pdp.parcours.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.parcours.assure_id IS 'Insured person';
COMMENT ON COLUMN pdp.parcours.signalement_id IS 'Signalement that opened it';
COMMENT ON COLUMN pdp.parcours.statut IS 'Status';
COMMENT ON COLUMN pdp.parcours.csam_id IS 'Coordinator; NULL = to assign';
COMMENT ON COLUMN pdp.parcours.priorite IS 'Rank among equals in lists';
COMMENT ON COLUMN pdp.parcours.survenu_le IS 'When true: day of the threshold that opened it';
COMMENT ON COLUMN pdp.parcours.connu_at IS 'When known: detection';
COMMENT ON COLUMN pdp.parcours.decide_at IS 'When decided: tri';
COMMENT ON COLUMN pdp.parcours.dernier_evenement_at IS 'Last qualifying event, for stalls';
COMMENT ON COLUMN pdp.parcours.clos_at IS 'End';
COMMENT ON COLUMN pdp.parcours.cloture_motif IS 'Why it ended';
COMMENT ON COLUMN pdp.parcours.version IS 'Optimistic lock';
CREATE UNIQUE INDEX parcours_un_ouvert_par_personne ON pdp.parcours (assure_id) WHERE clos_at IS NULL;
CREATE INDEX ON pdp.parcours (csam_id) WHERE clos_at IS NULL;
CREATE INDEX ON pdp.parcours (plateforme_id, dernier_evenement_at) WHERE clos_at IS NULL;

CREATE TABLE pdp.affectation (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    parcours_id uuid NOT NULL,
    csam_id uuid NOT NULL,
    du timestamptz NOT NULL,
    au timestamptz,
    motif text NOT NULL,
    par_type text NOT NULL,
    par_id text NOT NULL,
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id),
    FOREIGN KEY (plateforme_id, csam_id) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.affectation IS 'Who followed whom, when, and why that person';
COMMENT ON COLUMN pdp.affectation.id IS 'Opaque id';
COMMENT ON COLUMN pdp.affectation.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.affectation.parcours_id IS 'Parcours';
COMMENT ON COLUMN pdp.affectation.csam_id IS 'Coordinator';
COMMENT ON COLUMN pdp.affectation.du IS 'From';
COMMENT ON COLUMN pdp.affectation.au IS 'Until; NULL = now';
COMMENT ON COLUMN pdp.affectation.motif IS 'French sentence: territory, load, continuity';
COMMENT ON COLUMN pdp.affectation.par_type IS 'agent or systeme';
COMMENT ON COLUMN pdp.affectation.par_id IS 'Author';
CREATE UNIQUE INDEX affectation_une_en_cours ON pdp.affectation (parcours_id) WHERE au IS NULL;

CREATE TABLE pdp.tache (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    parcours_id uuid NOT NULL,
    motif text NOT NULL,
    balle text NOT NULL CHECK (balle IN ('csam', 'assure', 'partenaire', 'medecin_conseil')),
    echeance_at timestamptz NOT NULL,
    note text CHECK (length(note) <= 500),
    cause text NOT NULL,
    origine text NOT NULL CHECK (origine IN ('automatique', 'manuelle')),
    ouverte_at timestamptz NOT NULL,
    ouverte_par text NOT NULL,
    fermee_at timestamptz,
    fermee_par text,
    issue text,
    retard_jours integer,
    CHECK ((fermee_at IS NULL) = (fermee_par IS NULL)),
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id)
);
COMMENT ON TABLE pdp.tache IS 'An open reason to act on a parcours, with its deadline; a row, never a column';
COMMENT ON COLUMN pdp.tache.id IS 'Opaque id';
COMMENT ON COLUMN pdp.tache.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.tache.parcours_id IS 'Parcours';
COMMENT ON COLUMN pdp.tache.motif IS 'Code of domain/tache.py';
COMMENT ON COLUMN pdp.tache.balle IS 'Who holds the ball';
COMMENT ON COLUMN pdp.tache.echeance_at IS 'Deadline';
COMMENT ON COLUMN pdp.tache.note IS 'Short note; the person may ask to read it';
COMMENT ON COLUMN pdp.tache.cause IS 'Key of the cause: one open reason per parcours, motif and cause';
COMMENT ON COLUMN pdp.tache.origine IS 'automatique or manuelle';
COMMENT ON COLUMN pdp.tache.ouverte_at IS 'When opened';
COMMENT ON COLUMN pdp.tache.ouverte_par IS 'Author';
COMMENT ON COLUMN pdp.tache.fermee_at IS 'When closed';
COMMENT ON COLUMN pdp.tache.fermee_par IS 'Author of the closing';
COMMENT ON COLUMN pdp.tache.issue IS 'How it ended';
COMMENT ON COLUMN pdp.tache.retard_jours IS 'Days late when closed';
CREATE UNIQUE INDEX tache_une_par_cause ON pdp.tache (parcours_id, motif, cause) WHERE fermee_at IS NULL;
CREATE INDEX ON pdp.tache (parcours_id, echeance_at) WHERE fermee_at IS NULL;
CREATE INDEX ON pdp.tache (plateforme_id, echeance_at) WHERE fermee_at IS NULL;
CREATE INDEX ON pdp.tache (fermee_par, fermee_at) WHERE fermee_at IS NOT NULL;

CREATE TABLE pdp.contact (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    parcours_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    survenu_at timestamptz NOT NULL,
    canal text NOT NULL CHECK (canal IN ('telephone', 'presentiel', 'visio', 'courrier', 'ameli_message', 'sms')),
    resultat text NOT NULL CHECK (resultat IN ('joint', 'joint_rappel_demande', 'messagerie', 'numero_faux', 'non_reponse', 'refus_echange',
        'tiers', 'barriere_langue', 'hospitalise', 'decede')),
    note text CHECK (length(note) <= 500),
    cle_saisie uuid NOT NULL UNIQUE,
    saisie_par_erreur_at timestamptz,
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id),
    FOREIGN KEY (plateforme_id, agent_id) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.contact IS 'One attempt to reach the person and its result';
COMMENT ON COLUMN pdp.contact.id IS 'Opaque id';
COMMENT ON COLUMN pdp.contact.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.contact.parcours_id IS 'Parcours';
COMMENT ON COLUMN pdp.contact.agent_id IS 'Who called';
COMMENT ON COLUMN pdp.contact.survenu_at IS 'When';
COMMENT ON COLUMN pdp.contact.canal IS 'How';
COMMENT ON COLUMN pdp.contact.resultat IS 'Result';
COMMENT ON COLUMN pdp.contact.note IS 'Short note; the person may ask to read it';
COMMENT ON COLUMN pdp.contact.cle_saisie IS 'Key of the form: a double click or a resend makes one contact';
COMMENT ON COLUMN pdp.contact.saisie_par_erreur_at IS 'Set when entered in error; the row stays';
CREATE INDEX ON pdp.contact (parcours_id, survenu_at);

CREATE TABLE pdp.tele_echange (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    parcours_id uuid NOT NULL,
    csam_id uuid NOT NULL,
    csam_numero integer NOT NULL,
    debut_at timestamptz NOT NULL,
    fin_at timestamptz NOT NULL,
    canal text NOT NULL DEFAULT 'telephone' CHECK (canal IN ('telephone', 'presentiel', 'visio')),
    statut text NOT NULL CHECK (statut IN ('planifie', 'confirme', 'realise', 'realise_partiel', 'absent', 'annule_assure', 'annule_service', 'reporte')),
    emploi jsonb NOT NULL DEFAULT '{}',
    social jsonb NOT NULL DEFAULT '{}',
    synthese text CHECK (length(synthese) <= 500),
    planifie_at timestamptz NOT NULL,
    renseigne_at timestamptz,
    UNIQUE (plateforme_id, id),
    CHECK (debut_at < fin_at),
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id),
    FOREIGN KEY (plateforme_id, csam_id) REFERENCES pdp.agent (plateforme_id, id),
    CONSTRAINT tele_echange_un_seul_a_la_fois EXCLUDE USING gist (
        int4range(csam_numero, csam_numero, '[]') WITH &&, tstzrange(debut_at, fin_at) WITH &&
    ) WHERE (statut IN ('planifie', 'confirme', 'realise', 'realise_partiel'))
);
COMMENT ON TABLE pdp.tele_echange IS 'Appointment and what was said; the database refuses two at once for one coordinator';
COMMENT ON COLUMN pdp.tele_echange.id IS 'Opaque id';
COMMENT ON COLUMN pdp.tele_echange.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.tele_echange.parcours_id IS 'Parcours';
COMMENT ON COLUMN pdp.tele_echange.csam_id IS 'Coordinator';
COMMENT ON COLUMN pdp.tele_echange.csam_numero IS 'Integer twin of csam_id, for the exclusion constraint';
COMMENT ON COLUMN pdp.tele_echange.debut_at IS 'Start';
COMMENT ON COLUMN pdp.tele_echange.fin_at IS 'End';
COMMENT ON COLUMN pdp.tele_echange.canal IS 'How';
COMMENT ON COLUMN pdp.tele_echange.statut IS 'Status';
COMMENT ON COLUMN pdp.tele_echange.emploi IS 'QST_PRO: answers about job and wish, codes of domain/tele_echange.py';
COMMENT ON COLUMN pdp.tele_echange.social IS 'QST_SOC: answers about social situation';
COMMENT ON COLUMN pdp.tele_echange.synthese IS 'Bilan in a few sentences, no third-party name';
COMMENT ON COLUMN pdp.tele_echange.planifie_at IS 'When planned';
COMMENT ON COLUMN pdp.tele_echange.renseigne_at IS 'When the outcome was entered';
CREATE INDEX ON pdp.tele_echange (parcours_id);
CREATE INDEX ON pdp.tele_echange (csam_id, debut_at);
CREATE UNIQUE INDEX tele_echange_un_a_venir ON pdp.tele_echange (parcours_id) WHERE statut IN ('planifie', 'confirme');

CREATE TABLE medical.sante_declaree (
    tele_echange_id uuid PRIMARY KEY,
    plateforme_id text NOT NULL,
    parcours_id uuid NOT NULL,
    csam_id uuid NOT NULL,
    reponses jsonb NOT NULL,
    recueilli_at timestamptz NOT NULL,
    FOREIGN KEY (plateforme_id, tele_echange_id) REFERENCES pdp.tele_echange (plateforme_id, id)
);
COMMENT ON TABLE medical.sante_declaree IS 'QST_SAN: what the insured says of their health; written by the CSAM, re-read on own cases only, no clinical scale';
COMMENT ON COLUMN medical.sante_declaree.tele_echange_id IS 'Télé-échange';
COMMENT ON COLUMN medical.sante_declaree.plateforme_id IS 'Platform';
COMMENT ON COLUMN medical.sante_declaree.parcours_id IS 'Parcours';
COMMENT ON COLUMN medical.sante_declaree.csam_id IS 'Coordinator who wrote it';
COMMENT ON COLUMN medical.sante_declaree.reponses IS 'Answers';
COMMENT ON COLUMN medical.sante_declaree.recueilli_at IS 'When';

CREATE TABLE medical.avis (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    parcours_id uuid NOT NULL,
    medecin_id uuid NOT NULL,
    texte text NOT NULL CHECK (length(texte) <= 2000),
    rendu_at timestamptz NOT NULL,
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id),
    FOREIGN KEY (plateforme_id, medecin_id) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE medical.avis IS 'AVIS: text of a médecin-conseil, read by médecins-conseils only';
COMMENT ON COLUMN medical.avis.id IS 'Opaque id';
COMMENT ON COLUMN medical.avis.plateforme_id IS 'Platform';
COMMENT ON COLUMN medical.avis.parcours_id IS 'Parcours';
COMMENT ON COLUMN medical.avis.medecin_id IS 'Author';
COMMENT ON COLUMN medical.avis.texte IS 'Text';
COMMENT ON COLUMN medical.avis.rendu_at IS 'When';

CREATE TABLE pdp.accord (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    parcours_id uuid NOT NULL,
    destinataire text NOT NULL CHECK (destinataire IN ('accompagnement', 'service_social', 'spst', 'cap_emploi', 'psychologue', 'medecin_traitant')),
    decision text NOT NULL CHECK (decision IN ('accorde', 'refuse')),
    finalite text NOT NULL,
    classes text[] NOT NULL DEFAULT '{}',
    modalite text NOT NULL CHECK (modalite IN ('oral', 'ecrit', 'ameli')),
    texte_version text NOT NULL,
    recueilli_par uuid NOT NULL,
    recueilli_at timestamptz NOT NULL,
    expire_le date,
    retire_at timestamptz,
    retrait_canal text,
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id),
    FOREIGN KEY (plateforme_id, recueilli_par) REFERENCES pdp.agent (plateforme_id, id),
    UNIQUE (plateforme_id, id),
    CHECK ((retire_at IS NULL) = (retrait_canal IS NULL))
);
COMMENT ON TABLE pdp.accord IS 'Agreement or refusal of the insured, per recipient; no transfer without an active row';
COMMENT ON COLUMN pdp.accord.id IS 'Opaque id';
COMMENT ON COLUMN pdp.accord.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.accord.parcours_id IS 'Parcours';
COMMENT ON COLUMN pdp.accord.destinataire IS 'Kind of recipient; accompagnement = being followed at all';
COMMENT ON COLUMN pdp.accord.decision IS 'accorde or refuse';
COMMENT ON COLUMN pdp.accord.finalite IS 'Purpose as read to the person';
COMMENT ON COLUMN pdp.accord.classes IS 'Data classes covered';
COMMENT ON COLUMN pdp.accord.modalite IS 'How it was given';
COMMENT ON COLUMN pdp.accord.texte_version IS 'Version of the wording read to the person';
COMMENT ON COLUMN pdp.accord.recueilli_par IS 'Who collected it';
COMMENT ON COLUMN pdp.accord.recueilli_at IS 'When';
COMMENT ON COLUMN pdp.accord.expire_le IS 'Last day of validity';
COMMENT ON COLUMN pdp.accord.retire_at IS 'Withdrawal, effective at once';
COMMENT ON COLUMN pdp.accord.retrait_canal IS 'How it was withdrawn';
CREATE UNIQUE INDEX accord_un_actif ON pdp.accord (parcours_id, destinataire) WHERE decision = 'accorde' AND retire_at IS NULL;
CREATE INDEX ON pdp.accord (parcours_id);

CREATE TABLE pdp.soutien_psy (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    parcours_id uuid NOT NULL,
    resultat text NOT NULL CHECK (resultat IN ('proposee', 'deja_suivie', 'refusee', 'contre_indiquee', 'non_eligible_6m')),
    eligibilite text NOT NULL CHECK (eligibilite IN ('eligible', 'a_verifier', 'non_eligible')),
    motifs jsonb NOT NULL,
    fenetre_au date,
    premiere_seance_le date,
    enregistre_par uuid NOT NULL,
    enregistre_at timestamptz NOT NULL,
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id),
    FOREIGN KEY (plateforme_id, enregistre_par) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.soutien_psy IS 'Mon soutien psy: what was proposed, under which dated rules; never a clinical score';
COMMENT ON COLUMN pdp.soutien_psy.id IS 'Opaque id';
COMMENT ON COLUMN pdp.soutien_psy.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.soutien_psy.parcours_id IS 'Parcours';
COMMENT ON COLUMN pdp.soutien_psy.resultat IS 'What came of it';
COMMENT ON COLUMN pdp.soutien_psy.eligibilite IS 'What the dated rules said';
COMMENT ON COLUMN pdp.soutien_psy.motifs IS 'Each rule with its verdict and the value used';
COMMENT ON COLUMN pdp.soutien_psy.fenetre_au IS 'Last day before the window closes';
COMMENT ON COLUMN pdp.soutien_psy.premiere_seance_le IS 'First session, as declared';
COMMENT ON COLUMN pdp.soutien_psy.enregistre_par IS 'Author';
COMMENT ON COLUMN pdp.soutien_psy.enregistre_at IS 'When';
CREATE UNIQUE INDEX soutien_psy_un_par_parcours ON pdp.soutien_psy (parcours_id);

CREATE TABLE pdp.issue (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    parcours_id uuid NOT NULL,
    jalon text NOT NULL CHECK (jalon IN ('cloture', 'm6', 'm12')),
    situation text NOT NULL CHECK (situation IN ('meme_poste', 'poste_amenage', 'autre_poste_meme_employeur', 'autre_employeur', 'independant', 'tpt',
        'formation', 'arret', 'invalidite_1', 'invalidite_2', 'invalidite_3', 'chomage', 'retraite', 'decede', 'inconnu')),
    survenu_le date,
    provenance text NOT NULL CHECK (provenance IN ('declare_assure', 'partenaire', 'donnee_administrative', 'employeur')),
    confirme_par uuid,
    connu_at timestamptz NOT NULL,
    decide_at timestamptz NOT NULL,
    annule_at timestamptz,
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id),
    CHECK (situation = 'inconnu' OR confirme_par IS NOT NULL)
);
COMMENT ON TABLE pdp.issue IS 'Situation of the person at a milestone, confirmed by somebody; the end of the feed is never a return to work';
COMMENT ON COLUMN pdp.issue.id IS 'Opaque id';
COMMENT ON COLUMN pdp.issue.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.issue.parcours_id IS 'Parcours';
COMMENT ON COLUMN pdp.issue.jalon IS 'At closing, 6 months or 12 months after';
COMMENT ON COLUMN pdp.issue.situation IS 'Employment situation; inconnu is an explicit outcome';
COMMENT ON COLUMN pdp.issue.survenu_le IS 'When true: date of the return or of the exit';
COMMENT ON COLUMN pdp.issue.provenance IS 'Who says so; conflicts are kept side by side';
COMMENT ON COLUMN pdp.issue.confirme_par IS 'Agent who confirmed';
COMMENT ON COLUMN pdp.issue.connu_at IS 'When known';
COMMENT ON COLUMN pdp.issue.decide_at IS 'When recorded';
COMMENT ON COLUMN pdp.issue.annule_at IS 'Entered in error';
CREATE UNIQUE INDEX issue_une_par_jalon_et_provenance ON pdp.issue (parcours_id, jalon, provenance) WHERE annule_at IS NULL;
