-- name: creer
CREATE TABLE evaluation.precision_regles_nouvelle (
    plateforme text NOT NULL,
    regle text NOT NULL,
    version integer NOT NULL,
    mois text NOT NULL,
    personnes integer,
    jugees integer,
    pertinentes integer,
    non_pertinentes integer,
    non_jugees integer,
    valeur numeric(6, 1),
    supprime boolean NOT NULL,
    PRIMARY KEY (plateforme, regle, version, mois)
);
COMMENT ON TABLE evaluation.precision_regles_nouvelle IS 'Ce que les conseillers et les médecins-conseils pensent des détections, par règle, version et cohorte d''entrée. Unité de compte : la personne, à son dernier signalement portant la règle, jugé par son dernier avis encore valable ; une personne relève souvent de plusieurs règles, les lignes ne s''additionnent donc pas. Juger est facultatif : les détections jugées ne sont pas un échantillon tiré au sort, et la précision ne dit rien des personnes que la règle n''a pas repérées. Aucun effectif sous le seuil ; des cases de plus sont vidées pour qu''aucune ne se retrouve par différence';
COMMENT ON COLUMN evaluation.precision_regles_nouvelle.plateforme IS 'Plateforme';
COMMENT ON COLUMN evaluation.precision_regles_nouvelle.regle IS 'Clé de la règle qui a joué';
COMMENT ON COLUMN evaluation.precision_regles_nouvelle.version IS 'Version de la règle : elle change quand son sens change';
COMMENT ON COLUMN evaluation.precision_regles_nouvelle.mois IS 'Cohorte d''entrée (AAAA-MM, mois du premier signalement), ou « ensemble » pour toutes les cohortes';
COMMENT ON COLUMN evaluation.precision_regles_nouvelle.personnes IS 'Nombre de personnes signalées par cette règle, jugées ou non ; vide = supprimé';
COMMENT ON COLUMN evaluation.precision_regles_nouvelle.jugees IS 'Dénominateur de la précision : personnes dont la détection a été jugée ; vide = supprimé';
COMMENT ON COLUMN evaluation.precision_regles_nouvelle.pertinentes IS 'Numérateur : détections jugées pertinentes ; vide = supprimé';
COMMENT ON COLUMN evaluation.precision_regles_nouvelle.non_pertinentes IS 'Détections jugées non pertinentes ; vide = supprimé';
COMMENT ON COLUMN evaluation.precision_regles_nouvelle.non_jugees IS 'Détections que personne n''a jugées à l''extraction, absentes du dénominateur ; vide = supprimé';
COMMENT ON COLUMN evaluation.precision_regles_nouvelle.valeur IS 'Précision : part des détections jugées pertinentes parmi les détections jugées, en pourcentage ; vide = aucune jugée, ou supprimée';
COMMENT ON COLUMN evaluation.precision_regles_nouvelle.supprime IS 'Vrai quand un des effectifs est supprimé par le secret statistique';
GRANT SELECT ON evaluation.precision_regles_nouvelle TO pdp_role_evaluateur;

-- name: calculer
SELECT q.plateforme_id AS plateforme, d.regle, d.regle_version AS version, q.mois_entree AS mois, coalesce(d.verdict, 'non_jugee') AS avis, count(*) AS effectif
FROM pg_temp.cohorte_personne q
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (m.regle, m.regle_version) m.regle, m.regle_version, j.verdict
    FROM pdp.signalement s
    JOIN pdp.signalement_motif m ON m.signalement_id = s.id
    LEFT JOIN LATERAL (
        SELECT v.verdict FROM pdp.verdict_detection v
        WHERE v.signalement_id = s.id AND v.rendu_at <= :maintenant AND (v.annule_at IS NULL OR v.annule_at > :maintenant)
        ORDER BY v.rendu_at DESC, v.id LIMIT 1
    ) j ON true
    WHERE s.assure_id = q.assure_id AND s.statut NOT IN ('veille', 'remplace') AND s.connu_at <= :maintenant
    ORDER BY m.regle, m.regle_version, s.connu_at DESC, s.id
) d
GROUP BY q.plateforme_id, d.regle, d.regle_version, q.mois_entree, coalesce(d.verdict, 'non_jugee')
ORDER BY 1, 2, 3, 4, 5;

-- name: remplir
INSERT INTO evaluation.precision_regles_nouvelle
VALUES (:plateforme, :regle, :version, :mois, :personnes, :jugees, :pertinentes, :non_pertinentes, :non_jugees, :valeur, :supprime);

-- name: lire
SELECT * FROM evaluation.precision_regles_nouvelle ORDER BY plateforme, regle, version, mois;

-- name: basculer
DROP TABLE IF EXISTS evaluation.precision_regles;
ALTER TABLE evaluation.precision_regles_nouvelle RENAME TO precision_regles;
