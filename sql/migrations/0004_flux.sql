-- What enters: files, refused lines, insured people, prescriptions. The medical motif lives apart.

CREATE TABLE pdp.flux_fichier (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    flux text NOT NULL CHECK (flux IN ('arrets_prescrits', 'assures', 'partenaires', 'agents')),
    nom text NOT NULL,
    empreinte bytea NOT NULL,
    taille_octets bigint NOT NULL,
    lignes integer NOT NULL DEFAULT 0,
    admises integer NOT NULL DEFAULT 0,
    inchangees integer NOT NULL DEFAULT 0,
    rejetees integer NOT NULL DEFAULT 0,
    etat text NOT NULL CHECK (etat IN ('charge', 'refuse')),
    motif_code text,
    motif text,
    recu_at timestamptz NOT NULL,
    UNIQUE (flux, empreinte),
    CHECK (etat = 'refuse' OR lignes = admises + inchangees + rejetees)
);
COMMENT ON TABLE pdp.flux_fichier IS 'One received file; the same content is never taken twice; no line is lost';
COMMENT ON COLUMN pdp.flux_fichier.id IS 'Opaque id';
COMMENT ON COLUMN pdp.flux_fichier.flux IS 'Feed';
COMMENT ON COLUMN pdp.flux_fichier.nom IS 'File name as received';
COMMENT ON COLUMN pdp.flux_fichier.empreinte IS 'SHA-256 of the bytes';
COMMENT ON COLUMN pdp.flux_fichier.taille_octets IS 'Size in bytes';
COMMENT ON COLUMN pdp.flux_fichier.lignes IS 'Data lines read';
COMMENT ON COLUMN pdp.flux_fichier.admises IS 'Lines that changed something';
COMMENT ON COLUMN pdp.flux_fichier.inchangees IS 'Lines already known, or older than what is known';
COMMENT ON COLUMN pdp.flux_fichier.rejetees IS 'Lines put in quarantine';
COMMENT ON COLUMN pdp.flux_fichier.etat IS 'charge or refuse (whole file)';
COMMENT ON COLUMN pdp.flux_fichier.motif_code IS 'Code of the refusal of the whole file';
COMMENT ON COLUMN pdp.flux_fichier.motif IS 'French sentence of the refusal';
COMMENT ON COLUMN pdp.flux_fichier.recu_at IS 'When the platform took it';

CREATE TABLE identite.quarantaine (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text,
    fichier_id uuid NOT NULL REFERENCES pdp.flux_fichier,
    numero_ligne integer NOT NULL,
    champ text,
    code text NOT NULL,
    message text NOT NULL,
    cle_metier text,
    contenu_chiffre bytea NOT NULL,
    connu_at timestamptz NOT NULL,
    resolue_at timestamptz,
    resolution text CHECK (resolution IN ('rejouee', 'corrigee', 'abandonnee')),
    UNIQUE (fichier_id, numero_ligne)
);
COMMENT ON TABLE identite.quarantaine IS 'A refused line with its reason; its content is encrypted; nothing is lost';
COMMENT ON COLUMN identite.quarantaine.id IS 'Opaque id';
COMMENT ON COLUMN identite.quarantaine.plateforme_id IS 'Platform when it could be told, else NULL';
COMMENT ON COLUMN identite.quarantaine.fichier_id IS 'File';
COMMENT ON COLUMN identite.quarantaine.numero_ligne IS 'Line number in the file, header = 1';
COMMENT ON COLUMN identite.quarantaine.champ IS 'Faulty field, NULL for the whole line';
COMMENT ON COLUMN identite.quarantaine.code IS 'Reason code';
COMMENT ON COLUMN identite.quarantaine.message IS 'Reason in French, without the faulty value';
COMMENT ON COLUMN identite.quarantaine.cle_metier IS 'What the line waits for (id of the unknown assuré), for automatic replay';
COMMENT ON COLUMN identite.quarantaine.contenu_chiffre IS 'The line, encrypted like the NIR';
COMMENT ON COLUMN identite.quarantaine.connu_at IS 'When refused';
COMMENT ON COLUMN identite.quarantaine.resolue_at IS 'When it left the quarantine';
COMMENT ON COLUMN identite.quarantaine.resolution IS 'How it left';
CREATE INDEX ON identite.quarantaine (cle_metier) WHERE resolue_at IS NULL;
CREATE INDEX ON identite.quarantaine (plateforme_id) WHERE resolue_at IS NULL;

CREATE TABLE identite.assure (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL REFERENCES pdp.plateforme,
    id_source text NOT NULL,
    nir_chiffre bytea NOT NULL,
    nir_empreinte bytea NOT NULL,
    nom text NOT NULL,
    prenom text NOT NULL,
    date_naissance date NOT NULL,
    sexe text NOT NULL CHECK (sexe IN ('M', 'F')),
    commune_insee text NOT NULL,
    telephone text,
    courriel text,
    contact_prefere text NOT NULL DEFAULT 'telephone' CHECK (contact_prefere IN ('telephone', 'sms', 'courriel', 'courrier')),
    contact_refus text[] NOT NULL DEFAULT '{}',
    langue text NOT NULL DEFAULT 'fr',
    contrat text NOT NULL CHECK (contrat IN ('salarie', 'independant', 'sans_emploi')),
    mis_a_jour_source_at timestamptz NOT NULL,
    connu_at timestamptz NOT NULL,
    fichier_id uuid REFERENCES pdp.flux_fichier,
    UNIQUE (plateforme_id, id),
    UNIQUE (plateforme_id, id_source)
);
COMMENT ON TABLE identite.assure IS 'An insured person: identity and contact, class ID; the rest of the schema knows only the opaque id';
COMMENT ON COLUMN identite.assure.id IS 'Opaque id used everywhere else';
COMMENT ON COLUMN identite.assure.plateforme_id IS 'Platform, from the department of residence';
COMMENT ON COLUMN identite.assure.id_source IS 'Pivot id of the caisse system';
COMMENT ON COLUMN identite.assure.nir_chiffre IS 'NIR encrypted (AES-256-GCM)';
COMMENT ON COLUMN identite.assure.nir_empreinte IS 'Keyed hash of the NIR; several people may share one, they are not merged';
COMMENT ON COLUMN identite.assure.nom IS 'Family name';
COMMENT ON COLUMN identite.assure.prenom IS 'Given name';
COMMENT ON COLUMN identite.assure.date_naissance IS 'Birth date';
COMMENT ON COLUMN identite.assure.sexe IS 'M or F';
COMMENT ON COLUMN identite.assure.commune_insee IS 'INSEE commune of residence';
COMMENT ON COLUMN identite.assure.telephone IS 'E.164';
COMMENT ON COLUMN identite.assure.courriel IS 'E-mail';
COMMENT ON COLUMN identite.assure.contact_prefere IS 'Preferred channel';
COMMENT ON COLUMN identite.assure.contact_refus IS 'Channels the person refuses';
COMMENT ON COLUMN identite.assure.langue IS 'Language of contact';
COMMENT ON COLUMN identite.assure.contrat IS 'Work situation as the caisse knows it';
COMMENT ON COLUMN identite.assure.mis_a_jour_source_at IS 'Version: the newest row of the source wins, whatever the order of arrival';
COMMENT ON COLUMN identite.assure.connu_at IS 'When the platform knew';
COMMENT ON COLUMN identite.assure.fichier_id IS 'File it came from';
CREATE INDEX ON identite.assure (nir_empreinte);

CREATE TABLE pdp.arret_prescrit (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    assure_id uuid NOT NULL,
    id_avis text NOT NULL,
    date_debut date NOT NULL,
    date_fin date NOT NULL,
    nature text NOT NULL CHECK (nature IN ('initiale', 'prolongation')),
    risque text NOT NULL CHECK (risque IN ('maladie', 'at', 'mp', 'trajet', 'maternite', 'paternite')),
    temps_partiel boolean NOT NULL DEFAULT false,
    motif_categorie text NOT NULL DEFAULT 'non_renseigne' CHECK (motif_categorie IN ('tms', 'psychique', 'autre', 'non_renseigne')),
    ald boolean NOT NULL DEFAULT false,
    hospitalisation boolean NOT NULL DEFAULT false,
    canal text NOT NULL CHECK (canal IN ('e_aat', 'papier')),
    annule boolean NOT NULL DEFAULT false,
    recu_source_at timestamptz NOT NULL,
    version_empreinte bytea NOT NULL,
    connu_at timestamptz NOT NULL,
    fichier_id uuid NOT NULL REFERENCES pdp.flux_fichier,
    UNIQUE (plateforme_id, id),
    UNIQUE (plateforme_id, id_avis),
    CHECK (date_debut <= date_fin),
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id)
);
COMMENT ON TABLE pdp.arret_prescrit IS 'Current version of one prescription; date_debut/date_fin = when true, connu_at = when known';
COMMENT ON COLUMN pdp.arret_prescrit.id IS 'Opaque id';
COMMENT ON COLUMN pdp.arret_prescrit.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.arret_prescrit.assure_id IS 'Insured person';
COMMENT ON COLUMN pdp.arret_prescrit.id_avis IS 'Id of the avis in the source';
COMMENT ON COLUMN pdp.arret_prescrit.date_debut IS 'First day prescribed';
COMMENT ON COLUMN pdp.arret_prescrit.date_fin IS 'Last day prescribed, included';
COMMENT ON COLUMN pdp.arret_prescrit.nature IS 'Initial or prolongation';
COMMENT ON COLUMN pdp.arret_prescrit.risque IS 'Risk; maternity and paternity are never signalled';
COMMENT ON COLUMN pdp.arret_prescrit.temps_partiel IS 'Therapeutic part-time: IJ without absence';
COMMENT ON COLUMN pdp.arret_prescrit.motif_categorie IS 'The only thing a CSAM may know of the motif';
COMMENT ON COLUMN pdp.arret_prescrit.ald IS 'Linked to a long-term affection';
COMMENT ON COLUMN pdp.arret_prescrit.hospitalisation IS 'Prescribed by a hospital stay';
COMMENT ON COLUMN pdp.arret_prescrit.canal IS 'How the avis came';
COMMENT ON COLUMN pdp.arret_prescrit.annule IS 'Cancelled: counts for nothing';
COMMENT ON COLUMN pdp.arret_prescrit.recu_source_at IS 'Version: the newest wins, whatever the order of arrival';
COMMENT ON COLUMN pdp.arret_prescrit.version_empreinte IS 'SHA-256 of the row, breaks ties and recognises a re-send';
COMMENT ON COLUMN pdp.arret_prescrit.connu_at IS 'When the platform knew this version';
COMMENT ON COLUMN pdp.arret_prescrit.fichier_id IS 'File of this version';
CREATE INDEX ON pdp.arret_prescrit (assure_id, date_debut);
CREATE INDEX ON pdp.arret_prescrit (connu_at);

CREATE TABLE pdp.arret_prescrit_version (
    plateforme_id text NOT NULL,
    id_avis text NOT NULL,
    assure_id uuid NOT NULL,
    date_debut date NOT NULL,
    date_fin date NOT NULL,
    nature text NOT NULL,
    risque text NOT NULL,
    temps_partiel boolean NOT NULL,
    motif_categorie text NOT NULL,
    ald boolean NOT NULL,
    annule boolean NOT NULL,
    recu_source_at timestamptz NOT NULL,
    connu_du timestamptz NOT NULL,
    connu_au timestamptz NOT NULL,
    fichier_id uuid NOT NULL REFERENCES pdp.flux_fichier,
    PRIMARY KEY (plateforme_id, id_avis, connu_du, recu_source_at)
);
COMMENT ON TABLE pdp.arret_prescrit_version IS 'Superseded versions of prescriptions: what was believed between connu_du and connu_au';
COMMENT ON COLUMN pdp.arret_prescrit_version.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.arret_prescrit_version.id_avis IS 'Id of the avis in the source';
COMMENT ON COLUMN pdp.arret_prescrit_version.assure_id IS 'Insured person';
COMMENT ON COLUMN pdp.arret_prescrit_version.date_debut IS 'First day prescribed';
COMMENT ON COLUMN pdp.arret_prescrit_version.date_fin IS 'Last day prescribed';
COMMENT ON COLUMN pdp.arret_prescrit_version.nature IS 'Initial or prolongation';
COMMENT ON COLUMN pdp.arret_prescrit_version.risque IS 'Risk';
COMMENT ON COLUMN pdp.arret_prescrit_version.temps_partiel IS 'Therapeutic part-time';
COMMENT ON COLUMN pdp.arret_prescrit_version.motif_categorie IS 'Category of the motif';
COMMENT ON COLUMN pdp.arret_prescrit_version.ald IS 'Linked to a long-term affection';
COMMENT ON COLUMN pdp.arret_prescrit_version.annule IS 'Cancelled';
COMMENT ON COLUMN pdp.arret_prescrit_version.recu_source_at IS 'Version of the source';
COMMENT ON COLUMN pdp.arret_prescrit_version.connu_du IS 'Believed from';
COMMENT ON COLUMN pdp.arret_prescrit_version.connu_au IS 'Believed until';
COMMENT ON COLUMN pdp.arret_prescrit_version.fichier_id IS 'File of this version';

CREATE TABLE medical.motif_arret (
    plateforme_id text NOT NULL,
    arret_id uuid NOT NULL,
    assure_id uuid NOT NULL,
    code_cim10 text NOT NULL,
    connu_at timestamptz NOT NULL,
    PRIMARY KEY (arret_id),
    FOREIGN KEY (plateforme_id, arret_id) REFERENCES pdp.arret_prescrit (plateforme_id, id)
);
COMMENT ON TABLE medical.motif_arret IS 'Medical motif of a prescription; read by the médecin-conseil only, each reading journalled';
COMMENT ON COLUMN medical.motif_arret.plateforme_id IS 'Platform';
COMMENT ON COLUMN medical.motif_arret.arret_id IS 'Prescription';
COMMENT ON COLUMN medical.motif_arret.assure_id IS 'Insured person';
COMMENT ON COLUMN medical.motif_arret.code_cim10 IS 'CIM-10 group or code';
COMMENT ON COLUMN medical.motif_arret.connu_at IS 'When the platform knew';
CREATE INDEX ON medical.motif_arret (assure_id);
