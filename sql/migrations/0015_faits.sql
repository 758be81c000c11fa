-- More facts: IJ paid, affections and invalidity, what employers declare (DSN). Every fact keeps its past versions; every fact wakes the detection.

ALTER TABLE pdp.flux_fichier DROP CONSTRAINT flux_fichier_flux_check;
ALTER TABLE pdp.flux_fichier ADD CONSTRAINT flux_fichier_flux_check
    CHECK (flux IN ('arrets_prescrits', 'assures', 'partenaires', 'agents', 'ij_versees', 'ald_invalidite', 'dsn'));

CREATE TABLE pdp.ij_versee (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    assure_id uuid NOT NULL,
    id_versement text NOT NULL,
    nature text NOT NULL,
    risque text NOT NULL CHECK (risque IN ('maladie', 'atmp', 'maternite', 'autre')),
    temps_partiel boolean NOT NULL DEFAULT false,
    debut date NOT NULL,
    fin date NOT NULL,
    jours integer NOT NULL,
    traite_le date NOT NULL,
    siret text,
    organisme text,
    annule boolean NOT NULL DEFAULT false,
    version_empreinte bytea NOT NULL,
    connu_at timestamptz NOT NULL,
    fichier_id uuid NOT NULL REFERENCES pdp.flux_fichier,
    UNIQUE (plateforme_id, id_versement),
    CHECK (debut <= fin),
    CHECK (abs(jours) <= fin - debut + 1),
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id)
);
COMMENT ON TABLE pdp.ij_versee IS 'Current version of one paid period of indemnités journalières; a negative number of days takes back what another line paid';
COMMENT ON COLUMN pdp.ij_versee.id IS 'Opaque id';
COMMENT ON COLUMN pdp.ij_versee.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.ij_versee.assure_id IS 'Insured person';
COMMENT ON COLUMN pdp.ij_versee.id_versement IS 'Id of the payment in the source';
COMMENT ON COLUMN pdp.ij_versee.nature IS 'Nature of the benefit (PRS_NAT_REF)';
COMMENT ON COLUMN pdp.ij_versee.risque IS 'Risk drawn from the nature and the insurance (RGO_ASU_NAT)';
COMMENT ON COLUMN pdp.ij_versee.temps_partiel IS 'Therapeutic part-time (natures 6117 and 6118)';
COMMENT ON COLUMN pdp.ij_versee.debut IS 'First day paid for (EXE_SOI_DTD)';
COMMENT ON COLUMN pdp.ij_versee.fin IS 'Last day paid for, included (EXE_SOI_DTF)';
COMMENT ON COLUMN pdp.ij_versee.jours IS 'Days paid (PRS_ACT_NBR, never PRS_ACT_QTE, which counts a day twice with two employers)';
COMMENT ON COLUMN pdp.ij_versee.traite_le IS 'Day of the payment run (FLX_TRT_DTD); the newest version wins';
COMMENT ON COLUMN pdp.ij_versee.siret IS 'Employer (IJR_EMP_NUM)';
COMMENT ON COLUMN pdp.ij_versee.organisme IS 'Paying body (ORG_CLE)';
COMMENT ON COLUMN pdp.ij_versee.annule IS 'Cancelled: counts for nothing';
COMMENT ON COLUMN pdp.ij_versee.version_empreinte IS 'SHA-256 of the row, breaks ties and recognises a re-send';
COMMENT ON COLUMN pdp.ij_versee.connu_at IS 'When the platform knew this version';
COMMENT ON COLUMN pdp.ij_versee.fichier_id IS 'File of this version';
CREATE INDEX ON pdp.ij_versee (assure_id, debut);

CREATE TABLE pdp.affection (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    assure_id uuid NOT NULL,
    id_droit text NOT NULL,
    nature text NOT NULL CHECK (nature IN ('ald', 'hors_liste', 'polypathologie', 'at', 'mp', 'l324', 'invalidite')),
    affection uuid NOT NULL,
    motif_categorie text NOT NULL DEFAULT 'non_renseigne' CHECK (motif_categorie IN ('tms', 'psychique', 'autre', 'non_renseigne')),
    debut date NOT NULL,
    fin date,
    annule boolean NOT NULL DEFAULT false,
    recu_source_at timestamptz NOT NULL,
    version_empreinte bytea NOT NULL,
    connu_at timestamptz NOT NULL,
    fichier_id uuid NOT NULL REFERENCES pdp.flux_fichier,
    UNIQUE (plateforme_id, id),
    UNIQUE (plateforme_id, id_droit),
    CHECK (fin IS NULL OR debut <= fin),
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id)
);
COMMENT ON TABLE pdp.affection IS 'Dates of a recognised affection or of an invalidity, without its name; the name is in the medical class';
COMMENT ON COLUMN pdp.affection.id IS 'Opaque id';
COMMENT ON COLUMN pdp.affection.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.affection.assure_id IS 'Insured person';
COMMENT ON COLUMN pdp.affection.id_droit IS 'Id of the right in the source';
COMMENT ON COLUMN pdp.affection.nature IS 'Kind of recognition (IMB_ETM_NAT)';
COMMENT ON COLUMN pdp.affection.affection IS 'Opaque: same affection of the same person, same value; keyed, so that it cannot be read back';
COMMENT ON COLUMN pdp.affection.motif_categorie IS 'Category, as for an arrêt: all that a rule outside the medical service may use';
COMMENT ON COLUMN pdp.affection.debut IS 'First day (IMB_ALD_DTD)';
COMMENT ON COLUMN pdp.affection.fin IS 'Last day (IMB_ALD_DTF); NULL = open';
COMMENT ON COLUMN pdp.affection.annule IS 'Cancelled: counts for nothing';
COMMENT ON COLUMN pdp.affection.recu_source_at IS 'Version: the newest wins, whatever the order of arrival';
COMMENT ON COLUMN pdp.affection.version_empreinte IS 'SHA-256 of the row, breaks ties and recognises a re-send';
COMMENT ON COLUMN pdp.affection.connu_at IS 'When the platform knew this version';
COMMENT ON COLUMN pdp.affection.fichier_id IS 'File of this version';
CREATE INDEX ON pdp.affection (assure_id);

CREATE TABLE medical.affection (
    plateforme_id text NOT NULL,
    affection_id uuid PRIMARY KEY,
    assure_id uuid NOT NULL,
    ald_numero text,
    code_cim10 text,
    connu_at timestamptz NOT NULL,
    FOREIGN KEY (plateforme_id, affection_id) REFERENCES pdp.affection (plateforme_id, id)
);
COMMENT ON TABLE medical.affection IS 'What the affection is; read by the médecin-conseil only, each reading journalled';
COMMENT ON COLUMN medical.affection.plateforme_id IS 'Platform';
COMMENT ON COLUMN medical.affection.affection_id IS 'Affection';
COMMENT ON COLUMN medical.affection.assure_id IS 'Insured person';
COMMENT ON COLUMN medical.affection.ald_numero IS 'Number of the ALD (IMB_ALD_NUM)';
COMMENT ON COLUMN medical.affection.code_cim10 IS 'CIM-10 code (MED_MTF_COD)';
COMMENT ON COLUMN medical.affection.connu_at IS 'When the platform knew';
CREATE INDEX ON medical.affection (assure_id);

CREATE TABLE pdp.fait_dsn (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    assure_id uuid NOT NULL,
    cle text NOT NULL,
    genre text NOT NULL CHECK (genre IN ('arret', 'temps_partiel', 'suspension', 'fin_contrat', 'spst')),
    code text,
    neutre boolean NOT NULL DEFAULT false,
    debut date NOT NULL,
    fin date,
    reprise_le date,
    reprise_code text,
    valeur text,
    siret text,
    nature_declaration text NOT NULL,
    annule boolean NOT NULL DEFAULT false,
    emis_at timestamptz NOT NULL,
    version_empreinte bytea NOT NULL,
    connu_at timestamptz NOT NULL,
    fichier_id uuid NOT NULL REFERENCES pdp.flux_fichier,
    UNIQUE (plateforme_id, cle),
    CHECK (fin IS NULL OR debut <= fin),
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id)
);
COMMENT ON TABLE pdp.fait_dsn IS 'One fact declared by an employer in a DSN, in its newest version';
COMMENT ON COLUMN pdp.fait_dsn.id IS 'Opaque id';
COMMENT ON COLUMN pdp.fait_dsn.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.fait_dsn.assure_id IS 'Insured person';
COMMENT ON COLUMN pdp.fait_dsn.cle IS 'What makes two declarations speak of the same fact (person, employer, kind, first day, code)';
COMMENT ON COLUMN pdp.fait_dsn.genre IS 'Kind: arrêt (S21.G00.60), therapeutic part-time (66), suspension (65), end of contract (62), occupational health service (11.025)';
COMMENT ON COLUMN pdp.fait_dsn.code IS 'Motif in the list of the norm';
COMMENT ON COLUMN pdp.fait_dsn.neutre IS 'Suspension (leave, unpaid…): a day of it between two arrêts is no return to work';
COMMENT ON COLUMN pdp.fait_dsn.debut IS 'First day of the fact; of an arrêt: first day off';
COMMENT ON COLUMN pdp.fait_dsn.fin IS 'Last day known, included; NULL = unknown';
COMMENT ON COLUMN pdp.fait_dsn.reprise_le IS 'Declared day of resumption';
COMMENT ON COLUMN pdp.fait_dsn.reprise_code IS 'Declared kind of resumption';
COMMENT ON COLUMN pdp.fait_dsn.valeur IS 'Identifier of the occupational health service when genre = spst';
COMMENT ON COLUMN pdp.fait_dsn.siret IS 'Employer';
COMMENT ON COLUMN pdp.fait_dsn.nature_declaration IS 'Nature of the declaration (S20.G00.05.001)';
COMMENT ON COLUMN pdp.fait_dsn.annule IS 'Cancelled by a later declaration';
COMMENT ON COLUMN pdp.fait_dsn.emis_at IS 'Version: the newest declaration wins, whatever the order of arrival';
COMMENT ON COLUMN pdp.fait_dsn.version_empreinte IS 'SHA-256 of the fact, breaks ties and recognises a re-send';
COMMENT ON COLUMN pdp.fait_dsn.connu_at IS 'When the platform knew this version';
COMMENT ON COLUMN pdp.fait_dsn.fichier_id IS 'File of this version';
CREATE INDEX ON pdp.fait_dsn (assure_id, genre);

CREATE TABLE pdp.fait_version (
    plateforme_id text NOT NULL,
    genre text NOT NULL CHECK (genre IN ('ij_versee', 'affection', 'fait_dsn')),
    cle text NOT NULL,
    assure_id uuid NOT NULL,
    contenu jsonb NOT NULL,
    connu_du timestamptz NOT NULL,
    connu_au timestamptz NOT NULL,
    version_empreinte bytea NOT NULL,
    PRIMARY KEY (plateforme_id, genre, cle, connu_du, version_empreinte)
);
COMMENT ON TABLE pdp.fait_version IS 'Superseded versions of paid IJ, affections and DSN facts: what was believed between connu_du and connu_au';
COMMENT ON COLUMN pdp.fait_version.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.fait_version.genre IS 'Table of the fact';
COMMENT ON COLUMN pdp.fait_version.cle IS 'Its key in the source';
COMMENT ON COLUMN pdp.fait_version.assure_id IS 'Insured person';
COMMENT ON COLUMN pdp.fait_version.contenu IS 'Columns of the version; no medical class';
COMMENT ON COLUMN pdp.fait_version.connu_du IS 'Believed from';
COMMENT ON COLUMN pdp.fait_version.connu_au IS 'Believed until';
COMMENT ON COLUMN pdp.fait_version.version_empreinte IS 'Which version';
CREATE INDEX ON pdp.fait_version (assure_id, genre);

ALTER TABLE identite.assure ADD COLUMN nir_provisoire boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN identite.assure.nir_provisoire IS 'The NIR starts with 7 or 8: provisional, to be replaced; the person stays the same';

CREATE TABLE identite.nir_ancien (
    plateforme_id text NOT NULL,
    assure_id uuid NOT NULL,
    nir_empreinte bytea NOT NULL,
    connu_au timestamptz NOT NULL,
    PRIMARY KEY (assure_id, nir_empreinte),
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id)
);
COMMENT ON TABLE identite.nir_ancien IS 'Keyed hashes of former NIR of a person (a provisional one above all): a late file that cites it still finds her';
COMMENT ON COLUMN identite.nir_ancien.plateforme_id IS 'Platform';
COMMENT ON COLUMN identite.nir_ancien.assure_id IS 'Insured person';
COMMENT ON COLUMN identite.nir_ancien.nir_empreinte IS 'Keyed hash of the former NIR';
COMMENT ON COLUMN identite.nir_ancien.connu_au IS 'When it was replaced';
CREATE INDEX ON identite.nir_ancien (nir_empreinte);
