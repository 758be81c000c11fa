-- What was published for evaluators, one row per table; the tables themselves are built aside and swapped by the publication.

CREATE TABLE evaluation.publication (
    table_nom text PRIMARY KEY,
    publie_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    lignes integer NOT NULL CHECK (lignes >= 0),
    cases_supprimees integer NOT NULL CHECK (cases_supprimees >= 0),
    empreinte text NOT NULL CHECK (empreinte ~ '^[0-9a-f]{64}$'),
    instant_metier timestamptz NOT NULL,
    etude text NOT NULL
);
COMMENT ON TABLE evaluation.publication IS 'Une ligne par table publiée : quand, combien de lignes, combien de cases supprimées, empreinte du fichier';
COMMENT ON COLUMN evaluation.publication.table_nom IS 'Nom de la table publiée';
COMMENT ON COLUMN evaluation.publication.publie_at IS 'Instant de la bascule, horloge de la base';
COMMENT ON COLUMN evaluation.publication.lignes IS 'Nombre de lignes';
COMMENT ON COLUMN evaluation.publication.cases_supprimees IS 'Nombre de lignes dont au moins une valeur est supprimée ou regroupée par le secret statistique';
COMMENT ON COLUMN evaluation.publication.empreinte IS 'SHA-256 du fichier CSV ; mêmes faits et même instant métier donnent la même empreinte';
COMMENT ON COLUMN evaluation.publication.instant_metier IS 'Instant auquel les faits sont lus et les âges, délais et reculs sont calculés';
COMMENT ON COLUMN evaluation.publication.etude IS 'Étude : les pseudonymes de deux études ne peuvent pas être rapprochés';
GRANT SELECT, INSERT, UPDATE ON evaluation.publication TO pdp_app;
GRANT SELECT ON evaluation.publication TO pdp_role_evaluateur;
