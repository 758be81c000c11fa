-- name: creer
CREATE TABLE evaluation.personnes_nouvelle (
    pseudonyme text PRIMARY KEY,
    plateforme text NOT NULL,
    tranche_age text NOT NULL,
    sexe text NOT NULL,
    motif_categorie text NOT NULL,
    nb_episodes integer NOT NULL,
    nb_parcours integer NOT NULL,
    regroupe boolean NOT NULL
);
COMMENT ON TABLE evaluation.personnes_nouvelle IS 'Une ligne par personne signalée, vue à son premier signalement. Toute combinaison plateforme, âge, sexe et motif concerne au moins le seuil du secret statistique ; sinon une ou plusieurs de ces valeurs sont « regroupe »';
COMMENT ON COLUMN evaluation.personnes_nouvelle.pseudonyme IS 'Code de la personne, propre à l''étude ; il ne permet pas de rapprocher deux études';
COMMENT ON COLUMN evaluation.personnes_nouvelle.plateforme IS 'Plateforme (département), ou « regroupe »';
COMMENT ON COLUMN evaluation.personnes_nouvelle.tranche_age IS 'Tranche d''âge au premier jour de l''absence qui a conduit au signalement, ou « regroupe »';
COMMENT ON COLUMN evaluation.personnes_nouvelle.sexe IS 'M, F ou « regroupe »';
COMMENT ON COLUMN evaluation.personnes_nouvelle.motif_categorie IS 'Catégorie du motif de cette absence : tms, psychique, autre, non_renseigne, ou « regroupe »';
COMMENT ON COLUMN evaluation.personnes_nouvelle.nb_episodes IS 'Nombre d''épisodes d''arrêt connus';
COMMENT ON COLUMN evaluation.personnes_nouvelle.nb_parcours IS 'Nombre de parcours ouverts';
COMMENT ON COLUMN evaluation.personnes_nouvelle.regroupe IS 'Vrai quand une valeur au moins a été regroupée pour le secret statistique';
GRANT SELECT ON evaluation.personnes_nouvelle TO pdp_role_evaluateur;

-- name: remplir
INSERT INTO evaluation.personnes_nouvelle
SELECT q.pseudonyme, q.plateforme, q.tranche_age, q.sexe, q.motif_categorie,
       coalesce(e.nombre, 0), coalesce(p.nombre, 0), q.regroupe
FROM pg_temp.cohorte_personne q
LEFT JOIN (SELECT assure_id, count(*) AS nombre FROM pdp.episode WHERE etat = 'courant' GROUP BY assure_id) e ON e.assure_id = q.assure_id
LEFT JOIN (SELECT assure_id, count(*) AS nombre FROM pg_temp.cohorte_parcours GROUP BY assure_id) p ON p.assure_id = q.assure_id;

-- name: lire
SELECT * FROM evaluation.personnes_nouvelle ORDER BY pseudonyme;

-- name: basculer
DROP TABLE IF EXISTS evaluation.personnes;
ALTER TABLE evaluation.personnes_nouvelle RENAME TO personnes;
