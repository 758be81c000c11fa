-- name: creer
CREATE TABLE evaluation.entonnoir_nouvelle (
    plateforme text NOT NULL,
    mois text NOT NULL,
    etape text NOT NULL,
    rang integer NOT NULL,
    effectif integer,
    atteint integer,
    supprime boolean NOT NULL,
    PRIMARY KEY (plateforme, mois, rang)
);
COMMENT ON TABLE evaluation.entonnoir_nouvelle IS 'Personnes signalées selon la dernière étape atteinte à l''extraction, par plateforme et mois du premier signalement. Les étapes d''un mois forment un partage : leur somme est la ligne « ensemble ». Une étape sans ligne ne concerne personne. Aucun effectif sous le seuil ; des cases de plus sont vidées pour qu''aucune ne se retrouve par différence avec les totaux';
COMMENT ON COLUMN evaluation.entonnoir_nouvelle.plateforme IS 'Plateforme';
COMMENT ON COLUMN evaluation.entonnoir_nouvelle.mois IS 'Cohorte d''entrée (AAAA-MM), ou « ensemble » pour toutes les cohortes';
COMMENT ON COLUMN evaluation.entonnoir_nouvelle.etape IS 'Dernière étape atteinte : signalement, parcours, affectation, contact, tele_echange, accord, orientation, reponse ; ou « ensemble »';
COMMENT ON COLUMN evaluation.entonnoir_nouvelle.rang IS 'Ordre de l''étape, 0 pour « ensemble »';
COMMENT ON COLUMN evaluation.entonnoir_nouvelle.effectif IS 'Nombre de personnes dont c''est la dernière étape atteinte ; vide = supprimé';
COMMENT ON COLUMN evaluation.entonnoir_nouvelle.atteint IS 'Nombre de personnes arrivées à cette étape ou plus loin, quand il se déduit des effectifs publiés ; vide sinon';
COMMENT ON COLUMN evaluation.entonnoir_nouvelle.supprime IS 'Vrai quand l''effectif est supprimé par le secret statistique';
GRANT SELECT ON evaluation.entonnoir_nouvelle TO pdp_role_evaluateur;

-- name: calculer
SELECT s.plateforme_id AS plateforme, s.mois_entree AS mois, x.etape, count(*) AS effectif
FROM pg_temp.cohorte_suivi s
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN s.reponse_jours IS NOT NULL THEN 'reponse'
        WHEN s.envoyee_jours IS NOT NULL THEN 'orientation'
        WHEN s.accord_jours IS NOT NULL THEN 'accord'
        WHEN s.tele_echange_jours IS NOT NULL THEN 'tele_echange'
        WHEN s.joint_jours IS NOT NULL THEN 'contact'
        WHEN s.affectation_jours IS NOT NULL THEN 'affectation'
        WHEN s.parcours IS NOT NULL THEN 'parcours'
        ELSE 'signalement'
    END AS etape
) x
GROUP BY s.plateforme_id, s.mois_entree, x.etape
ORDER BY s.plateforme_id, s.mois_entree, x.etape;

-- name: remplir
INSERT INTO evaluation.entonnoir_nouvelle VALUES (:plateforme, :mois, :etape, :rang, :effectif, :atteint, :supprime);

-- name: lire
SELECT * FROM evaluation.entonnoir_nouvelle ORDER BY plateforme, mois, rang;

-- name: basculer
DROP TABLE IF EXISTS evaluation.entonnoir;
ALTER TABLE evaluation.entonnoir_nouvelle RENAME TO entonnoir;
