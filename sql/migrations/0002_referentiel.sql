-- Law and policy: copied from referentiel/*.toml at each migration so that decisions can point to the value they used.

CREATE TABLE referentiel.parametre (
    identifiant text PRIMARY KEY,
    cle text NOT NULL,
    tiroir text NOT NULL CHECK (tiroir IN ('legal', 'politique')),
    plateforme_id text,
    valeur jsonb,
    unite text,
    comparateur text CHECK (comparateur IN ('>', '>=', '<', '<=', '=')),
    date_reference text NOT NULL,
    du date,
    au date,
    source text NOT NULL,
    confiance text NOT NULL,
    verifie_le date,
    verifie_par text,
    note text,
    CHECK (du IS NULL OR au IS NULL OR du <= au),
    EXCLUDE USING gist (
        int8range(hashtextextended(cle || '/' || coalesce(plateforme_id, ''), 0), hashtextextended(cle || '/' || coalesce(plateforme_id, ''), 0), '[]') WITH &&,
        daterange(du, au, '[]') WITH &&
    )
);
COMMENT ON TABLE referentiel.parametre IS 'One dated value of law or policy; two values of one key never overlap';
COMMENT ON COLUMN referentiel.parametre.identifiant IS 'key@start, stored with each decision that used the value';
COMMENT ON COLUMN referentiel.parametre.cle IS 'Key, as services ask for it';
COMMENT ON COLUMN referentiel.parametre.tiroir IS 'legal or politique';
COMMENT ON COLUMN referentiel.parametre.plateforme_id IS 'Platform this policy is for; NULL = all';
COMMENT ON COLUMN referentiel.parametre.valeur IS 'Value; NULL = known to be open, services then refuse to guess';
COMMENT ON COLUMN referentiel.parametre.unite IS 'Unit of the value';
COMMENT ON COLUMN referentiel.parametre.comparateur IS 'How an observed value meets the threshold';
COMMENT ON COLUMN referentiel.parametre.date_reference IS 'Which date selects the value in force';
COMMENT ON COLUMN referentiel.parametre.du IS 'First day in force; NULL = since ever';
COMMENT ON COLUMN referentiel.parametre.au IS 'Last day in force; NULL = still';
COMMENT ON COLUMN referentiel.parametre.source IS 'Article or decision';
COMMENT ON COLUMN referentiel.parametre.confiance IS 'How sure we are of the value';
COMMENT ON COLUMN referentiel.parametre.verifie_le IS 'Last check';
COMMENT ON COLUMN referentiel.parametre.verifie_par IS 'Who checked';
COMMENT ON COLUMN referentiel.parametre.note IS 'French explanation shown on screens';
