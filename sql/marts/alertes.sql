-- name: creer
CREATE TABLE evaluation.alertes_nouvelle (
    pseudonyme text NOT NULL,
    rang integer NOT NULL,
    parcours text,
    plateforme text NOT NULL,
    type text NOT NULL,
    survenue_jour integer NOT NULL,
    age_jours integer NOT NULL,
    decision text,
    delai_decision_jours integer,
    PRIMARY KEY (pseudonyme, rang)
);
COMMENT ON TABLE evaluation.alertes_nouvelle IS 'Une ligne par alerte au médecin-conseil et la suite donnée';
COMMENT ON COLUMN evaluation.alertes_nouvelle.pseudonyme IS 'Code de la personne';
COMMENT ON COLUMN evaluation.alertes_nouvelle.rang IS 'Rang de l''alerte pour cette personne';
COMMENT ON COLUMN evaluation.alertes_nouvelle.parcours IS 'Code du parcours, vide quand l''alerte n''en concerne aucun';
COMMENT ON COLUMN evaluation.alertes_nouvelle.plateforme IS 'Plateforme, ou « regroupe »';
COMMENT ON COLUMN evaluation.alertes_nouvelle.type IS 'Type de l''alerte ; les types liés à l''état de santé sont réunis sous « autre »';
COMMENT ON COLUMN evaluation.alertes_nouvelle.survenue_jour IS 'Jour du fait, en jours depuis J0, premier jour de l''absence';
COMMENT ON COLUMN evaluation.alertes_nouvelle.age_jours IS 'De l''alerte à l''extraction, en jours : recul disponible';
COMMENT ON COLUMN evaluation.alertes_nouvelle.decision IS 'Décision du médecin-conseil ; vide = en attente';
COMMENT ON COLUMN evaluation.alertes_nouvelle.delai_decision_jours IS 'De l''alerte à la décision, en jours ; vide = en attente';
GRANT SELECT ON evaluation.alertes_nouvelle TO pdp_role_evaluateur;

-- name: remplir
INSERT INTO evaluation.alertes_nouvelle
SELECT q.pseudonyme, row_number() OVER (PARTITION BY q.pseudonyme ORDER BY a.connu_at, a.type, a.cause), c.parcours, q.plateforme,
       CASE WHEN a.type IN ('risque_suicidaire', 'consolidation_proche') THEN 'autre' ELSE a.type END,
       (a.survenu_at AT TIME ZONE pf.fuseau)::date - q.j0, cast(:jour AS date) - x.connu_le, a.decision,
       (a.decide_at AT TIME ZONE pf.fuseau)::date - x.connu_le
FROM pg_temp.cohorte_personne q
JOIN pdp.alerte a ON a.assure_id = q.assure_id
JOIN pdp.plateforme pf ON pf.id = a.plateforme_id
CROSS JOIN LATERAL (SELECT (a.connu_at AT TIME ZONE pf.fuseau)::date AS connu_le) x
LEFT JOIN pg_temp.cohorte_parcours c ON c.parcours_id = a.parcours_id;

-- name: lire
SELECT * FROM evaluation.alertes_nouvelle ORDER BY pseudonyme, rang;

-- name: basculer
DROP TABLE IF EXISTS evaluation.alertes;
ALTER TABLE evaluation.alertes_nouvelle RENAME TO alertes;
