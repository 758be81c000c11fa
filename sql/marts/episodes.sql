-- name: creer
CREATE TABLE evaluation.episodes_nouvelle (
    episode text PRIMARY KEY,
    pseudonyme text NOT NULL,
    plateforme text NOT NULL,
    debut_jour integer NOT NULL,
    fin_prescrite_jour integer NOT NULL,
    tranche_duree text NOT NULL,
    nb_prescriptions integer NOT NULL,
    risque text NOT NULL,
    temps_partiel boolean NOT NULL,
    en_cours boolean NOT NULL
);
COMMENT ON TABLE evaluation.episodes_nouvelle IS 'Une ligne par épisode d''arrêt des personnes signalées. Les jours se comptent depuis J0, premier jour de l''absence du premier signalement. La fin des prescriptions n''est jamais une reprise du travail : voir la table issues';
COMMENT ON COLUMN evaluation.episodes_nouvelle.episode IS 'Code de l''épisode, propre à l''étude';
COMMENT ON COLUMN evaluation.episodes_nouvelle.pseudonyme IS 'Code de la personne';
COMMENT ON COLUMN evaluation.episodes_nouvelle.plateforme IS 'Plateforme, ou « regroupe »';
COMMENT ON COLUMN evaluation.episodes_nouvelle.debut_jour IS 'Premier jour de l''épisode, en jours depuis J0 (négatif avant)';
COMMENT ON COLUMN evaluation.episodes_nouvelle.fin_prescrite_jour IS 'Dernier jour prescrit connu, en jours depuis J0';
COMMENT ON COLUMN evaluation.episodes_nouvelle.tranche_duree IS 'Tranche de durée de l''épisode, du premier au dernier jour prescrit, en jours';
COMMENT ON COLUMN evaluation.episodes_nouvelle.nb_prescriptions IS 'Nombre de prescriptions réunies';
COMMENT ON COLUMN evaluation.episodes_nouvelle.risque IS 'maladie, professionnel (accident du travail, de trajet, maladie professionnelle) ou autre';
COMMENT ON COLUMN evaluation.episodes_nouvelle.temps_partiel IS 'La dernière prescription est un temps partiel thérapeutique';
COMMENT ON COLUMN evaluation.episodes_nouvelle.en_cours IS 'Le dernier jour prescrit est le jour de l''extraction ou après';
GRANT SELECT ON evaluation.episodes_nouvelle TO pdp_role_evaluateur;

-- name: remplir
INSERT INTO evaluation.episodes_nouvelle
SELECT c.code, q.pseudonyme, q.plateforme, e.debut - q.j0, e.fin - q.j0,
       CASE
           WHEN x.duree <= 30 THEN '001_030' WHEN x.duree <= 60 THEN '031_060' WHEN x.duree <= 90 THEN '061_090'
           WHEN x.duree <= 180 THEN '091_180' WHEN x.duree <= 360 THEN '181_360' ELSE '361_et_plus'
       END,
       e.nb_prescriptions,
       CASE WHEN e.risque = 'maladie' THEN 'maladie' WHEN e.risque IN ('at', 'mp', 'trajet') THEN 'professionnel' ELSE 'autre' END,
       e.temps_partiel, e.fin >= :jour
FROM pdp.episode e
JOIN pg_temp.cohorte_personne q ON q.assure_id = e.assure_id
JOIN pg_temp.cohorte_code c ON c.id = e.id
CROSS JOIN LATERAL (SELECT e.fin - e.debut + 1 AS duree) x
WHERE e.etat = 'courant';

-- name: lire
SELECT * FROM evaluation.episodes_nouvelle ORDER BY episode;

-- name: basculer
DROP TABLE IF EXISTS evaluation.episodes;
ALTER TABLE evaluation.episodes_nouvelle RENAME TO episodes;
