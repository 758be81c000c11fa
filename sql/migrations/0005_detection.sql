-- From prescriptions to signalements: episodes, rights, rules and motives.

CREATE TABLE pdp.episode (
    id uuid PRIMARY KEY,
    plateforme_id text NOT NULL,
    assure_id uuid NOT NULL,
    premiere_prescription text NOT NULL,
    debut date NOT NULL,
    fin date NOT NULL,
    jours_prescrits integer NOT NULL CHECK (jours_prescrits > 0),
    nb_prescriptions integer NOT NULL CHECK (nb_prescriptions > 0),
    risque text NOT NULL,
    risque_mixte boolean NOT NULL DEFAULT false,
    motif_categorie text NOT NULL,
    ald boolean NOT NULL DEFAULT false,
    temps_partiel boolean NOT NULL DEFAULT false,
    etat text NOT NULL DEFAULT 'courant' CHECK (etat IN ('courant', 'remplace')),
    connu_at timestamptz NOT NULL,
    calcule_at timestamptz NOT NULL,
    UNIQUE (plateforme_id, id),
    CHECK (debut <= fin),
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id)
);
COMMENT ON TABLE pdp.episode IS 'One absence: prescriptions merged under the risk clock; the id follows from the person and the first prescription';
COMMENT ON COLUMN pdp.episode.id IS 'md5 of person and first prescription, so that a rebuild gives the same id';
COMMENT ON COLUMN pdp.episode.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.episode.assure_id IS 'Insured person';
COMMENT ON COLUMN pdp.episode.premiere_prescription IS 'id_avis of the earliest prescription';
COMMENT ON COLUMN pdp.episode.debut IS 'First day of the absence (J0)';
COMMENT ON COLUMN pdp.episode.fin IS 'Last prescribed day known';
COMMENT ON COLUMN pdp.episode.jours_prescrits IS 'Distinct prescribed days, days';
COMMENT ON COLUMN pdp.episode.nb_prescriptions IS 'Prescriptions merged';
COMMENT ON COLUMN pdp.episode.risque IS 'Risk of the first prescription';
COMMENT ON COLUMN pdp.episode.risque_mixte IS 'Several risks in one absence';
COMMENT ON COLUMN pdp.episode.motif_categorie IS 'Last known category of the motif';
COMMENT ON COLUMN pdp.episode.ald IS 'Any prescription linked to a long-term affection';
COMMENT ON COLUMN pdp.episode.temps_partiel IS 'The last prescription is therapeutic part-time';
COMMENT ON COLUMN pdp.episode.etat IS 'courant, or remplace when a later fact changed its first day or cancelled it';
COMMENT ON COLUMN pdp.episode.connu_at IS 'Newest fact it is built on';
COMMENT ON COLUMN pdp.episode.calcule_at IS 'When it was computed';
CREATE INDEX ON pdp.episode (assure_id, debut) WHERE etat = 'courant';
CREATE INDEX ON pdp.episode (plateforme_id, fin) WHERE etat = 'courant';

CREATE TABLE pdp.compteur_ij (
    assure_id uuid PRIMARY KEY,
    plateforme_id text NOT NULL,
    au date NOT NULL,
    ij_utilisees integer NOT NULL CHECK (ij_utilisees >= 0),
    ij_restantes integer NOT NULL,
    epuisement_projete_le date,
    parametre_id text NOT NULL,
    calcule_at timestamptz NOT NULL,
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id)
);
COMMENT ON TABLE pdp.compteur_ij IS 'IJ consumed over the rolling three years (CSS R.323-1 4°), outside L.324-1';
COMMENT ON COLUMN pdp.compteur_ij.assure_id IS 'Insured person';
COMMENT ON COLUMN pdp.compteur_ij.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.compteur_ij.au IS 'Day the window ends';
COMMENT ON COLUMN pdp.compteur_ij.ij_utilisees IS 'IJ days in ]au - 3 years, au]';
COMMENT ON COLUMN pdp.compteur_ij.ij_restantes IS 'Cap minus used, never under 0';
COMMENT ON COLUMN pdp.compteur_ij.epuisement_projete_le IS 'Day the cap would be met if the arrêt goes on; NULL when it is not';
COMMENT ON COLUMN pdp.compteur_ij.parametre_id IS 'Value of the cap used';
COMMENT ON COLUMN pdp.compteur_ij.calcule_at IS 'When computed';

CREATE TABLE pdp.signalement (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plateforme_id text NOT NULL,
    assure_id uuid NOT NULL,
    episode_id uuid NOT NULL,
    source text NOT NULL DEFAULT 'requete_arret_long' CHECK (source IN
        ('requete_arret_long', 'medecin_traitant', 'medecin_conseil', 'spst', 'service_social', 'accueil_cpam', 'employeur', 'cap_emploi', 'assure', 'ism_tsm')),
    palier integer NOT NULL CHECK (palier IN (30, 60, 90, 180)),
    survenu_le date NOT NULL,
    connu_at timestamptz NOT NULL,
    decide_at timestamptz,
    priorite integer NOT NULL DEFAULT 0,
    statut text NOT NULL CHECK (statut IN ('veille', 'a_trier', 'oriente_csam', 'oriente_ism', 'convocation_mc', 'sans_suite', 'rattache', 'remplace')),
    decide_par uuid,
    mode_decision text CHECK (mode_decision IN ('mc', 'delegue', 'systeme')),
    dol_version_id uuid,
    dol_regle_id uuid,
    motif_decision text,
    UNIQUE (plateforme_id, id),
    UNIQUE (assure_id, episode_id, palier),
    FOREIGN KEY (plateforme_id, assure_id) REFERENCES identite.assure (plateforme_id, id),
    FOREIGN KEY (plateforme_id, episode_id) REFERENCES pdp.episode (plateforme_id, id)
);
COMMENT ON TABLE pdp.signalement IS 'A person crossed a threshold of absence; decided by a médecin-conseil or by delegation, never by the machine';
COMMENT ON COLUMN pdp.signalement.id IS 'Opaque id';
COMMENT ON COLUMN pdp.signalement.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.signalement.assure_id IS 'Insured person';
COMMENT ON COLUMN pdp.signalement.episode_id IS 'Absence';
COMMENT ON COLUMN pdp.signalement.source IS 'Who signals';
COMMENT ON COLUMN pdp.signalement.palier IS 'Threshold crossed, days';
COMMENT ON COLUMN pdp.signalement.survenu_le IS 'When true: day the threshold was crossed';
COMMENT ON COLUMN pdp.signalement.connu_at IS 'When known: detection';
COMMENT ON COLUMN pdp.signalement.decide_at IS 'When decided: tri';
COMMENT ON COLUMN pdp.signalement.priorite IS 'Sum of the points of its motives; ranks, never decides';
COMMENT ON COLUMN pdp.signalement.statut IS 'Where it stands';
COMMENT ON COLUMN pdp.signalement.decide_par IS 'Médecin-conseil who decided, or who signed the delegation';
COMMENT ON COLUMN pdp.signalement.mode_decision IS 'mc, delegue (document d''orientation local) or systeme (attached to an open parcours)';
COMMENT ON COLUMN pdp.signalement.dol_version_id IS 'Version of the delegation used';
COMMENT ON COLUMN pdp.signalement.dol_regle_id IS 'Rule of the delegation used';
COMMENT ON COLUMN pdp.signalement.motif_decision IS 'Reason given by the person who decided';
CREATE INDEX ON pdp.signalement (plateforme_id, priorite DESC) WHERE statut = 'a_trier';
CREATE INDEX ON pdp.signalement (assure_id);

CREATE TABLE pdp.signalement_motif (
    signalement_id uuid NOT NULL REFERENCES pdp.signalement,
    plateforme_id text NOT NULL,
    regle text NOT NULL,
    regle_version integer NOT NULL,
    libelle text NOT NULL,
    valeur_observee numeric NOT NULL,
    seuil numeric NOT NULL,
    parametre_id text NOT NULL,
    points integer NOT NULL,
    PRIMARY KEY (signalement_id, regle)
);
COMMENT ON TABLE pdp.signalement_motif IS 'Why: each rule that fired, with what it saw and the value it compared to';
COMMENT ON COLUMN pdp.signalement_motif.signalement_id IS 'Signalement';
COMMENT ON COLUMN pdp.signalement_motif.plateforme_id IS 'Platform';
COMMENT ON COLUMN pdp.signalement_motif.regle IS 'Key of the rule';
COMMENT ON COLUMN pdp.signalement_motif.regle_version IS 'Version of the rule';
COMMENT ON COLUMN pdp.signalement_motif.libelle IS 'French sentence shown to people';
COMMENT ON COLUMN pdp.signalement_motif.valeur_observee IS 'What was observed';
COMMENT ON COLUMN pdp.signalement_motif.seuil IS 'What it was compared to';
COMMENT ON COLUMN pdp.signalement_motif.parametre_id IS 'Value of the referential used';
COMMENT ON COLUMN pdp.signalement_motif.points IS 'Points added to the priority';
