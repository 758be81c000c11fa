-- name: creer
CREATE TABLE evaluation.indicateurs_nouvelle (
    indicateur text NOT NULL,
    plateforme text NOT NULL,
    mois text NOT NULL,
    libelle text NOT NULL,
    population text NOT NULL,
    regle_censure text NOT NULL,
    unite text NOT NULL,
    numerateur integer,
    denominateur integer,
    valeur numeric(6, 1),
    mature boolean NOT NULL,
    supprime boolean NOT NULL,
    PRIMARY KEY (indicateur, plateforme, mois)
);
COMMENT ON TABLE evaluation.indicateurs_nouvelle IS 'Indicateurs par plateforme et cohorte mensuelle d''entrée (mois du premier signalement). Unité de compte : la personne, à son premier parcours. Aucun effectif sous le seuil ; des cases de plus sont vidées pour qu''aucune ne se retrouve par différence avec le dénominateur ou avec « ensemble »';
COMMENT ON COLUMN evaluation.indicateurs_nouvelle.indicateur IS 'Code de l''indicateur';
COMMENT ON COLUMN evaluation.indicateurs_nouvelle.plateforme IS 'Plateforme';
COMMENT ON COLUMN evaluation.indicateurs_nouvelle.mois IS 'Cohorte d''entrée (AAAA-MM), ou « ensemble » pour toutes les cohortes';
COMMENT ON COLUMN evaluation.indicateurs_nouvelle.libelle IS 'Ce que mesure l''indicateur : qui est au numérateur';
COMMENT ON COLUMN evaluation.indicateurs_nouvelle.population IS 'Qui est au dénominateur';
COMMENT ON COLUMN evaluation.indicateurs_nouvelle.regle_censure IS 'Recul exigé et sort des données incomplètes';
COMMENT ON COLUMN evaluation.indicateurs_nouvelle.unite IS 'Unité de la valeur : pourcentage ou jours';
COMMENT ON COLUMN evaluation.indicateurs_nouvelle.numerateur IS 'Nombre de personnes au numérateur ; vide = supprimé';
COMMENT ON COLUMN evaluation.indicateurs_nouvelle.denominateur IS 'Nombre de personnes au dénominateur ; vide = supprimé';
COMMENT ON COLUMN evaluation.indicateurs_nouvelle.valeur IS 'Valeur de l''indicateur ; vide = supprimée, ou médiane non atteinte';
COMMENT ON COLUMN evaluation.indicateurs_nouvelle.mature IS 'Vrai quand toute la cohorte a le recul exigé à l''extraction ; sinon à lire avec prudence';
COMMENT ON COLUMN evaluation.indicateurs_nouvelle.supprime IS 'Vrai quand le numérateur ou le dénominateur est supprimé par le secret statistique';
GRANT SELECT ON evaluation.indicateurs_nouvelle TO pdp_role_evaluateur;

-- name: calculer
SELECT i.indicateur, s.plateforme_id AS plateforme, s.mois_entree AS mois, count(*) FILTER (WHERE i.numerateur) AS numerateur, count(*) AS denominateur
FROM pg_temp.cohorte_suivi s
CROSS JOIN LATERAL (VALUES
    ('K2', cast(:jour AS date) - s.detection_le - s.affectation_jours >= :recul_k2, s.joint_jours - s.affectation_jours <= :recul_k2),
    ('K4_J60', s.tele_echange_jours IS NOT NULL, s.detection_jour + s.tele_echange_jours <= 60),
    ('K4_J90', s.tele_echange_jours IS NOT NULL, s.detection_jour + s.tele_echange_jours <= 90),
    ('K5', s.accord_demande, s.accord_jours IS NOT NULL),
    ('K6', cast(:jour AS date) - s.detection_le - s.envoyee_jours >= :recul_k6, s.orientation_acceptee),
    ('K7', s.tele_echanges_passes > 0, s.tele_echanges_manques > 0),
    ('K8', s.suivi_jours - s.decision_jours >= :recul_k8, s.enlise),
    ('K9', s.alertes > 0, s.alertes_a_temps = s.alertes),
    ('K10', s.mode_decision IN ('mc', 'delegue'), s.mode_decision = 'delegue'),
    ('K12', s.motif_reel = 'psychique' AND s.psy_resultat = 'proposee' AND s.psy_propose_jour <= 150
        AND cast(:jour AS date) - s.detection_le + s.detection_jour >= :recul_k12, s.psy_premiere_seance_jour < 180),
    ('OU1', cast(:jour AS date) - s.signal_le >= :recul_ou1,
        s.situation_ou1 IN ('meme_poste', 'poste_amenage', 'autre_poste_meme_employeur', 'autre_employeur', 'independant', 'tpt')),
    ('OU1_INCONNU', cast(:jour AS date) - s.signal_le >= :recul_ou1, s.situation_ou1 = 'inconnu')
) AS i (indicateur, denominateur, numerateur)
WHERE i.denominateur
GROUP BY i.indicateur, s.plateforme_id, s.mois_entree
ORDER BY i.indicateur, s.plateforme_id, s.mois_entree;

-- name: durees
SELECT s.plateforme_id AS plateforme, s.mois_entree AS mois, coalesce(s.premier_contact_jours, s.suivi_jours) AS duree_jours,
       s.premier_contact_jours IS NOT NULL AS survenu
FROM pg_temp.cohorte_suivi s
WHERE s.affectation_jours IS NOT NULL
ORDER BY s.plateforme_id, s.mois_entree, s.assure_id;

-- name: remplir
INSERT INTO evaluation.indicateurs_nouvelle
VALUES (:indicateur, :plateforme, :mois, :libelle, :population, :regle_censure, :unite, :numerateur, :denominateur, :valeur, :mature, :supprime);

-- name: lire
SELECT * FROM evaluation.indicateurs_nouvelle ORDER BY indicateur, plateforme, mois;

-- name: basculer
DROP TABLE IF EXISTS evaluation.indicateurs;
ALTER TABLE evaluation.indicateurs_nouvelle RENAME TO indicateurs;
