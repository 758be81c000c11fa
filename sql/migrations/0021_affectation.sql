-- Absence or departure of a coordinator: who takes over what, until when, and how it comes back. Transfer of a person to another platform.

CREATE TABLE pdp.redistribution (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    agent_id uuid NOT NULL,
    du date NOT NULL,
    au date,
    demandee_par uuid NOT NULL,
    demandee_at timestamptz NOT NULL,
    effet_at timestamptz,
    rendue_at timestamptz,
    annulee_at timestamptz,
    annulee_par uuid,
    UNIQUE (plateforme_id, id),
    CHECK (au IS NULL OR du <= au),
    CHECK (au IS NOT NULL OR rendue_at IS NULL),
    CHECK ((annulee_at IS NULL) = (annulee_par IS NULL)),
    FOREIGN KEY (plateforme_id, agent_id) REFERENCES pdp.agent (plateforme_id, id),
    FOREIGN KEY (plateforme_id, demandee_par) REFERENCES pdp.agent (plateforme_id, id),
    FOREIGN KEY (plateforme_id, annulee_par) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.redistribution IS 'Act of a manager: the parcours of a colleague who is away or leaves go to others, and come back on the day';
COMMENT ON COLUMN pdp.redistribution.id IS 'Opaque id';
COMMENT ON COLUMN pdp.redistribution.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.redistribution.agent_id IS 'Colleague who is away';
COMMENT ON COLUMN pdp.redistribution.du IS 'First day away: takes effect that day, or at once when it has begun';
COMMENT ON COLUMN pdp.redistribution.au IS 'Last day away; comes back the next day. NULL = leaves for good, nothing comes back';
COMMENT ON COLUMN pdp.redistribution.demandee_par IS 'Manager who confirmed the preview';
COMMENT ON COLUMN pdp.redistribution.demandee_at IS 'When';
COMMENT ON COLUMN pdp.redistribution.effet_at IS 'When the parcours changed hands; NULL = planned';
COMMENT ON COLUMN pdp.redistribution.rendue_at IS 'When all that could come back had come back';
COMMENT ON COLUMN pdp.redistribution.annulee_at IS 'When a manager took it back';
COMMENT ON COLUMN pdp.redistribution.annulee_par IS 'Manager who took it back';
CREATE UNIQUE INDEX redistribution_une_par_absence ON pdp.redistribution (agent_id, du) WHERE annulee_at IS NULL;
CREATE INDEX ON pdp.redistribution (plateforme_id, du) WHERE annulee_at IS NULL AND rendue_at IS NULL;

CREATE TABLE pdp.redistribution_ligne (
    redistribution_id uuid NOT NULL,
    parcours_id uuid NOT NULL,
    plateforme_id text NOT NULL,
    de_csam_id uuid NOT NULL,
    vers_csam_id uuid NOT NULL,
    motif text NOT NULL,
    etat text NOT NULL CHECK (etat IN ('prevue', 'faite', 'sans_objet', 'rendue', 'annulee')),
    rendez_vous text CHECK (rendez_vous IN ('tenu', 'a_deplacer')),
    change_at timestamptz NOT NULL,
    PRIMARY KEY (redistribution_id, parcours_id),
    CHECK (de_csam_id <> vers_csam_id),
    FOREIGN KEY (plateforme_id, redistribution_id) REFERENCES pdp.redistribution (plateforme_id, id),
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id),
    FOREIGN KEY (plateforme_id, de_csam_id) REFERENCES pdp.agent (plateforme_id, id),
    FOREIGN KEY (plateforme_id, vers_csam_id) REFERENCES pdp.agent (plateforme_id, id)
);
COMMENT ON TABLE pdp.redistribution_ligne IS 'One parcours of a redistribution: from whom, to whom, and where it stands';
COMMENT ON COLUMN pdp.redistribution_ligne.redistribution_id IS 'Redistribution';
COMMENT ON COLUMN pdp.redistribution_ligne.parcours_id IS 'Parcours';
COMMENT ON COLUMN pdp.redistribution_ligne.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.redistribution_ligne.de_csam_id IS 'Who had it';
COMMENT ON COLUMN pdp.redistribution_ligne.vers_csam_id IS 'Who receives it';
COMMENT ON COLUMN pdp.redistribution_ligne.motif IS 'French sentence: why this colleague';
COMMENT ON COLUMN pdp.redistribution_ligne.etat IS 'prevue, faite, rendue, annulee, or sans_objet: closed or moved meanwhile';
COMMENT ON COLUMN pdp.redistribution_ligne.rendez_vous IS 'Appointment of the period: tenu by the colleague at the same instant, or a_deplacer; NULL = none';
COMMENT ON COLUMN pdp.redistribution_ligne.change_at IS 'When it came to this state';
CREATE INDEX ON pdp.redistribution_ligne (parcours_id) WHERE etat = 'faite';

ALTER TABLE pdp.affectation ADD COLUMN retour_le date, ADD COLUMN relais text CHECK (length(relais) <= 2000);
COMMENT ON COLUMN pdp.affectation.retour_le IS 'Day the parcours goes back to whom it came from; NULL = stays';
COMMENT ON COLUMN pdp.affectation.relais IS 'Hand-over sheet for whom receives: state, appointment, promises, next step. No health, no name';

-- The coordinator of an earlier parcours of the same person is looked for at each assignment.
CREATE INDEX parcours_clos_par_personne ON pdp.parcours (assure_id, clos_at) WHERE clos_at IS NOT NULL;

CREATE TABLE pdp.transfert (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    parcours_id uuid NOT NULL,
    vers_plateforme_id text NOT NULL REFERENCES pdp.plateforme,
    commune_insee text NOT NULL,
    demande_par uuid NOT NULL,
    demande_at timestamptz NOT NULL,
    applique_at timestamptz,
    nouveau_parcours_id uuid,
    refuse_at timestamptz,
    refus_code text,
    annule_at timestamptz,
    UNIQUE (plateforme_id, id),
    CHECK (vers_plateforme_id <> plateforme_id),
    CHECK ((refuse_at IS NULL) = (refus_code IS NULL)),
    CHECK (num_nonnulls(applique_at, refuse_at, annule_at) <= 1),
    CHECK ((applique_at IS NULL) = (nouveau_parcours_id IS NULL)),
    FOREIGN KEY (plateforme_id, parcours_id) REFERENCES pdp.parcours (plateforme_id, id),
    FOREIGN KEY (plateforme_id, demande_par) REFERENCES pdp.agent (plateforme_id, id),
    FOREIGN KEY (vers_plateforme_id, nouveau_parcours_id) REFERENCES pdp.parcours (plateforme_id, id)
);
COMMENT ON TABLE pdp.transfert IS 'Request of a manager: the person now lives in another département. Applied by the sweep, which alone writes on both platforms';
COMMENT ON COLUMN pdp.transfert.id IS 'Opaque id';
COMMENT ON COLUMN pdp.transfert.plateforme_id IS 'Platform that lets go';
COMMENT ON COLUMN pdp.transfert.parcours_id IS 'Parcours to close here';
COMMENT ON COLUMN pdp.transfert.vers_plateforme_id IS 'Platform that takes over';
COMMENT ON COLUMN pdp.transfert.commune_insee IS 'New commune of residence, which decides the territory there';
COMMENT ON COLUMN pdp.transfert.demande_par IS 'Manager';
COMMENT ON COLUMN pdp.transfert.demande_at IS 'When asked for';
COMMENT ON COLUMN pdp.transfert.applique_at IS 'When the sweep did it';
COMMENT ON COLUMN pdp.transfert.nouveau_parcours_id IS 'Parcours opened there: the link to the former one';
COMMENT ON COLUMN pdp.transfert.refuse_at IS 'When the sweep could not';
COMMENT ON COLUMN pdp.transfert.refus_code IS 'Why: parcours_clos, deja_suivie';
COMMENT ON COLUMN pdp.transfert.annule_at IS 'When the manager took it back, before the sweep';
CREATE UNIQUE INDEX transfert_un_en_attente ON pdp.transfert (parcours_id) WHERE applique_at IS NULL AND refuse_at IS NULL AND annule_at IS NULL;
CREATE INDEX ON pdp.transfert (vers_plateforme_id);

-- Row level security: batch sees all, people their platform; both platforms see a transfer.
DO $$
DECLARE
    nom text;
BEGIN
    FOREACH nom IN ARRAY ARRAY['pdp.redistribution', 'pdp.redistribution_ligne', 'pdp.transfert'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', nom);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', nom);
        EXECUTE format('CREATE POLICY lot ON %s TO pdp_app, pdp_expediteur USING (true) WITH CHECK (true)', nom);
        EXECUTE format('CREATE POLICY plateforme ON %s TO pdp_role_csam, pdp_role_medecin, pdp_role_responsable'
            ' USING (plateforme_id = (SELECT securite.plateforme_courante())) WITH CHECK (plateforme_id = (SELECT securite.plateforme_courante()))', nom);
        EXECUTE format('CREATE TRIGGER exiger_auteur BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION securite.exiger_auteur()', nom);
    END LOOP;
END $$;
CREATE POLICY arrivee ON pdp.transfert FOR SELECT TO pdp_role_csam, pdp_role_medecin, pdp_role_responsable
    USING (vers_plateforme_id = (SELECT securite.plateforme_courante()));

GRANT SELECT, INSERT, UPDATE ON pdp.redistribution, pdp.redistribution_ligne, pdp.transfert TO pdp_app;
GRANT SELECT ON pdp.transfert TO pdp_role_csam, pdp_role_medecin;

-- The manager confirms and takes back a redistribution: hands change, nothing else of a parcours does.
GRANT SELECT, INSERT ON pdp.redistribution, pdp.redistribution_ligne, pdp.transfert TO pdp_role_responsable;
GRANT UPDATE (effet_at, annulee_at, annulee_par) ON pdp.redistribution TO pdp_role_responsable;
GRANT UPDATE (etat, rendez_vous, change_at, vers_csam_id, motif) ON pdp.redistribution_ligne TO pdp_role_responsable;
GRANT UPDATE (annule_at) ON pdp.transfert TO pdp_role_responsable;
GRANT UPDATE (csam_id, version) ON pdp.parcours TO pdp_role_responsable;
GRANT INSERT ON pdp.affectation TO pdp_role_responsable;
GRANT UPDATE (au) ON pdp.affectation TO pdp_role_responsable;
GRANT UPDATE (csam_id, csam_numero) ON pdp.tele_echange TO pdp_role_responsable;
GRANT INSERT ON pdp.tache TO pdp_role_responsable;
GRANT UPDATE (fermee_at, fermee_par, issue, retard_jours) ON pdp.tache TO pdp_role_responsable;
GRANT INSERT ON pdp.fait_nouveau TO pdp_role_responsable; -- by the trigger of a change of parcours, which adds no row here
-- What decides who may take over, and no more: neither name nor birth nor contact.
GRANT SELECT (id, plateforme_id, commune_insee, langue) ON identite.assure TO pdp_role_responsable;
