-- name: list_candidats
-- People who hold, or held, the NIR given by their keyed hashes; a former pivot id leads to the one in force.
WITH RECURSIVE suite AS (
    SELECT a.nir_empreinte AS empreinte, a.id_source
    FROM identite.assure a
    WHERE a.nir_empreinte = ANY(cast(:empreintes AS bytea[]))
    UNION
    SELECT n.nir_empreinte, a.id_source
    FROM identite.nir_ancien n JOIN identite.assure a ON a.id = n.assure_id
    WHERE n.nir_empreinte = ANY(cast(:empreintes AS bytea[]))
    UNION
    SELECT s.empreinte, c.actuel
    FROM suite s JOIN identite.id_source_ancien c ON c.ancien = s.id_source
)
SELECT s.empreinte, a.id AS assure_id, a.plateforme_id, a.id_source, a.nom, a.date_naissance AS naissance, a.mis_a_jour_source_at AS mis_a_jour_at
FROM suite s JOIN identite.assure a ON a.id_source = s.id_source
WHERE NOT EXISTS (SELECT FROM identite.id_source_ancien c WHERE c.ancien = a.id_source);

-- name: vider
-- Make room for another file, or another batch, in the same transaction.
DROP TABLE IF EXISTS pg_temp.lu_dsn, pg_temp.retenu_dsn, pg_temp.remplacant_dsn, pg_temp.annule_dsn;

-- name: creer
-- Facts of the file being read whose person is known; gone with the transaction.
CREATE TEMP TABLE lu_dsn (
    fichier_id uuid NOT NULL, plateforme_id text NOT NULL, assure_id uuid NOT NULL, cle text NOT NULL, genre text NOT NULL, code text,
    neutre boolean NOT NULL, debut date NOT NULL, fin date, reprise_le date, reprise_code text, valeur text, siret text,
    nature_declaration text NOT NULL, annule boolean NOT NULL, emis_at timestamptz NOT NULL, ordre bigint NOT NULL, serie bytea,
    remplace boolean NOT NULL, empreinte bytea NOT NULL
) ON COMMIT DROP;

-- name: copier
-- Bulk path of the facts.
COPY lu_dsn FROM STDIN;

-- name: analyser
-- Sizes for the planner.
ANALYZE lu_dsn;

-- name: retirer_serie
-- A monthly declaration replaced or cancelled: the newest replacement is kept, whatever the order of arrival.
INSERT INTO pdp.annulation_dsn (serie, emis_at, ordre)
VALUES (:serie, :emis_at, :ordre)
ON CONFLICT (serie) DO UPDATE SET emis_at = excluded.emis_at, ordre = excluded.ordre
WHERE (excluded.emis_at, excluded.ordre) > (annulation_dsn.emis_at, annulation_dsn.ordre);

-- name: lire_remplacants
-- Arrêts of these people that a signalement states in the place of another: since when, and over which days.
CREATE TEMP TABLE remplacant_dsn ON COMMIT DROP AS
WITH dit AS (
    SELECT plateforme_id, assure_id, siret, cle, debut, emis_at, ordre, coalesce(fin, debut) AS fin FROM lu_dsn WHERE remplace
    UNION ALL
    SELECT plateforme_id, assure_id, siret, cle, debut, remplace_at, remplace_ordre, coalesce(remplace_fin, debut) FROM pdp.fait_dsn
    WHERE remplace_at IS NOT NULL AND assure_id IN (SELECT assure_id FROM lu_dsn)
), dernier AS (
    SELECT DISTINCT ON (plateforme_id, cle) plateforme_id, cle, emis_at, ordre FROM dit ORDER BY plateforme_id, cle, emis_at DESC, ordre DESC
)
SELECT d.plateforme_id, d.assure_id, d.siret, d.cle, max(d.debut) AS debut, max(d.fin) AS fin, r.emis_at, r.ordre
FROM dit d JOIN dernier r ON r.plateforme_id = d.plateforme_id AND r.cle = d.cle
GROUP BY d.plateforme_id, d.assure_id, d.siret, d.cle, r.emis_at, r.ordre;

-- name: retenir
-- Per fact the newest version of the batch, where it is newer than what is known; annule = said so, taken back with its series, replaced,
-- or marked 998.
CREATE TEMP TABLE retenu_dsn ON COMMIT DROP AS
WITH derniere AS (
    SELECT DISTINCT ON (plateforme_id, cle) * FROM lu_dsn ORDER BY plateforme_id, cle, emis_at DESC, ordre DESC, empreinte DESC
)
SELECT d.fichier_id, d.plateforme_id, d.assure_id, d.cle, d.genre, d.code, d.neutre, d.debut, d.fin, d.reprise_le, d.reprise_code, d.valeur, d.siret,
    d.nature_declaration, d.emis_at, d.ordre, d.serie, d.empreinte, connu.id AS fait_id,
    d.annule
    OR EXISTS (SELECT FROM pdp.annulation_dsn r WHERE r.serie = d.serie AND (r.emis_at, r.ordre) > (d.emis_at, d.ordre))
    OR EXISTS (
        SELECT FROM remplacant_dsn r
        WHERE r.assure_id = d.assure_id AND r.cle <> d.cle AND r.siret IS NOT DISTINCT FROM d.siret AND d.cle LIKE '%|60|%'
          AND d.debut <= r.fin AND coalesce(d.fin, d.debut) >= r.debut AND (r.emis_at, r.ordre) > (d.emis_at, d.ordre)
    )
    OR (d.genre = 'suspension' AND EXISTS (
        SELECT FROM (
            SELECT l.assure_id, l.siret, l.debut, l.code, l.genre, l.emis_at, l.ordre FROM lu_dsn l
            UNION ALL
            SELECT f.assure_id, f.siret, f.debut, f.code, f.genre, f.emis_at, f.ordre FROM pdp.fait_dsn f WHERE f.assure_id = d.assure_id
        ) m
        WHERE m.assure_id = d.assure_id AND m.genre = 'suspension' AND m.code = :marqueur AND m.debut = d.debut
          AND m.siret IS NOT DISTINCT FROM d.siret AND (m.emis_at, m.ordre) > (d.emis_at, d.ordre)
    )) AS annule,
    connu.version_empreinte AS connue, connu.annule AS annule_connu
FROM derniere d
LEFT JOIN pdp.fait_dsn connu ON connu.plateforme_id = d.plateforme_id AND connu.cle = d.cle
WHERE connu.id IS NULL OR (d.emis_at, d.ordre, d.empreinte) > (connu.emis_at, connu.ordre, connu.version_empreinte);

-- name: historiser
-- What was believed until now, where it changes.
INSERT INTO pdp.fait_version (plateforme_id, genre, cle, assure_id, contenu, connu_du, connu_au, version_empreinte)
SELECT f.plateforme_id, 'fait_dsn', f.cle, f.assure_id, to_jsonb(f), f.connu_at, :maintenant, f.version_empreinte
FROM pdp.fait_dsn f JOIN retenu_dsn r ON r.fait_id = f.id
WHERE (r.empreinte, r.annule) IS DISTINCT FROM (f.version_empreinte, f.annule)
ON CONFLICT DO NOTHING;

-- name: corriger
-- Newer versions of known facts that say something else.
UPDATE pdp.fait_dsn f
SET genre = r.genre, code = r.code, neutre = r.neutre, debut = r.debut, fin = r.fin, reprise_le = r.reprise_le, reprise_code = r.reprise_code,
    valeur = r.valeur, siret = r.siret, nature_declaration = r.nature_declaration, annule = r.annule, emis_at = r.emis_at, ordre = r.ordre,
    serie = r.serie, version_empreinte = r.empreinte, connu_at = :maintenant, fichier_id = r.fichier_id
FROM retenu_dsn r
WHERE f.id = r.fait_id AND (r.empreinte, r.annule) IS DISTINCT FROM (f.version_empreinte, f.annule);

-- name: inserer
-- Facts never seen.
INSERT INTO pdp.fait_dsn (plateforme_id, assure_id, cle, genre, code, neutre, debut, fin, reprise_le, reprise_code, valeur, siret, nature_declaration,
    annule, emis_at, ordre, serie, version_empreinte, connu_at, fichier_id)
SELECT plateforme_id, assure_id, cle, genre, code, neutre, debut, fin, reprise_le, reprise_code, valeur, siret, nature_declaration,
    annule, emis_at, ordre, serie, empreinte, :maintenant, fichier_id
FROM retenu_dsn
WHERE fait_id IS NULL
ORDER BY assure_id, debut, cle;

-- name: rafraichir
-- The same words again, later: only the version moves, so that an older declaration arriving afterwards does not win.
UPDATE pdp.fait_dsn f
SET emis_at = r.emis_at, ordre = r.ordre, serie = r.serie, nature_declaration = r.nature_declaration, debut = r.debut
FROM retenu_dsn r
WHERE f.id = r.fait_id AND (f.version_empreinte, f.annule) = (r.empreinte, r.annule)
  AND (f.emis_at, f.ordre, f.serie, f.nature_declaration, f.debut) IS DISTINCT FROM (r.emis_at, r.ordre, r.serie, r.nature_declaration, r.debut);

-- name: marquer_remplacants
-- A replacing statement is remembered whatever is said later of the same arrêt.
UPDATE pdp.fait_dsn f
SET remplace_at = r.emis_at, remplace_ordre = r.ordre, remplace_fin = r.fin
FROM remplacant_dsn r
WHERE f.plateforme_id = r.plateforme_id AND f.cle = r.cle
  AND (f.remplace_at, f.remplace_ordre, f.remplace_fin) IS DISTINCT FROM (r.emis_at, r.ordre, r.fin);

-- name: annuler_retires
-- Known facts that the batch takes back without naming them: series replaced, arrêts replaced, suspensions that begin the day a 998 names.
CREATE TEMP TABLE annule_dsn ON COMMIT DROP AS
SELECT f.id
FROM pdp.fait_dsn f
WHERE NOT f.annule AND f.serie = ANY(cast(:series AS bytea[]))
  AND EXISTS (SELECT FROM pdp.annulation_dsn r WHERE r.serie = f.serie AND (r.emis_at, r.ordre) > (f.emis_at, f.ordre))
UNION
SELECT f.id
FROM retenu_dsn m
JOIN pdp.fait_dsn f ON f.assure_id = m.assure_id AND f.genre = 'suspension' AND f.debut = m.debut AND f.siret IS NOT DISTINCT FROM m.siret
WHERE m.genre = 'suspension' AND m.code = :marqueur AND NOT f.annule AND (m.emis_at, m.ordre) > (f.emis_at, f.ordre)
UNION
SELECT f.id
FROM remplacant_dsn r
JOIN pdp.fait_dsn f ON f.assure_id = r.assure_id AND f.cle <> r.cle AND f.siret IS NOT DISTINCT FROM r.siret AND f.cle LIKE '%|60|%'
WHERE NOT f.annule AND f.debut <= r.fin AND coalesce(f.fin, f.debut) >= r.debut AND (r.emis_at, r.ordre) > (f.emis_at, f.ordre);

-- name: historiser_retires
-- What was believed of them.
INSERT INTO pdp.fait_version (plateforme_id, genre, cle, assure_id, contenu, connu_du, connu_au, version_empreinte)
SELECT f.plateforme_id, 'fait_dsn', f.cle, f.assure_id, to_jsonb(f), f.connu_at, :maintenant, f.version_empreinte
FROM pdp.fait_dsn f JOIN annule_dsn a ON a.id = f.id
ON CONFLICT DO NOTHING;

-- name: retirer
-- They stand no more.
UPDATE pdp.fait_dsn f SET annule = true, connu_at = :maintenant FROM annule_dsn a WHERE a.id = f.id;

-- name: compter
-- Facts new or said differently.
SELECT count(*) FROM retenu_dsn WHERE fait_id IS NULL OR (empreinte, annule) IS DISTINCT FROM (connue, annule_connu);

-- name: consigner
-- One journal event per fact said differently or taken back; new facts are journalled with their file.
SELECT journal.consigner_lot(
    CASE WHEN c.annule THEN 'fait_dsn_annule' ELSE 'fait_dsn_corrige' END,
    jsonb_agg(jsonb_build_object('plateforme_id', c.plateforme_id, 'assure_id', c.assure_id, 'donnees', jsonb_build_object('fait_id', c.id))))
FROM (
    SELECT r.fait_id AS id, r.plateforme_id, r.assure_id, r.annule FROM retenu_dsn r
    WHERE r.fait_id IS NOT NULL AND (r.empreinte, r.annule) IS DISTINCT FROM (r.connue, r.annule_connu)
    UNION ALL
    SELECT f.id, f.plateforme_id, f.assure_id, true FROM pdp.fait_dsn f JOIN annule_dsn a ON a.id = f.id
) c
GROUP BY c.annule;

-- name: mettre_en_quarantaine
-- A fact that cannot be placed, encrypted with what is needed to place it later.
INSERT INTO identite.quarantaine (plateforme_id, fichier_id, numero_ligne, champ, code, message, cle_metier, contenu_chiffre, connu_at)
VALUES (:plateforme, :fichier, :numero, :champ, :code, :message, :cle, :contenu, :maintenant)
ON CONFLICT (fichier_id, numero_ligne) DO NOTHING;

-- name: claim_rejouables
-- Facts in quarantine whose NIR is now that of somebody known; locked. Only lines of this feed hold a keyed hash: they are told first.
WITH ouverte AS MATERIALIZED (
    SELECT q.id, q.cle_metier
    FROM identite.quarantaine q JOIN pdp.flux_fichier f ON f.id = q.fichier_id
    WHERE f.flux = 'dsn' AND q.resolue_at IS NULL AND q.cle_metier IS NOT NULL
), connue AS (
    SELECT o.id FROM ouverte o JOIN identite.assure a ON a.nir_empreinte = decode(o.cle_metier, 'hex')
    UNION
    SELECT o.id FROM ouverte o JOIN identite.nir_ancien n ON n.nir_empreinte = decode(o.cle_metier, 'hex')
)
SELECT q.id, q.fichier_id, q.numero_ligne, q.contenu_chiffre
FROM identite.quarantaine q JOIN connue c ON c.id = q.id
ORDER BY q.id
FOR UPDATE OF q;

-- name: resoudre
-- The fact left the quarantine for its person.
UPDATE identite.quarantaine SET resolue_at = :maintenant, resolution = 'rejouee', plateforme_id = :plateforme WHERE id = :id AND resolue_at IS NULL;

-- name: requalifier
-- Somebody is known now, but not surely the right one.
UPDATE identite.quarantaine SET code = :code, message = :message WHERE id = :id AND code <> :code;

-- name: historiser_demenages
-- Where the declared facts of people who changed platform or pivot id were until now.
INSERT INTO pdp.fait_version (plateforme_id, genre, cle, assure_id, contenu, connu_du, connu_au, version_empreinte)
SELECT f.plateforme_id, 'fait_dsn', f.cle, f.assure_id, to_jsonb(f), f.connu_at, :maintenant, f.version_empreinte
FROM pdp.fait_dsn f JOIN demenagement d ON d.de = f.assure_id
ON CONFLICT DO NOTHING;

-- name: fusionner_demenages
-- The same fact under both rows: the newest version wins, as if both had always been one person.
UPDATE pdp.fait_dsn q
SET genre = p.genre, code = p.code, neutre = p.neutre, debut = p.debut, fin = p.fin, reprise_le = p.reprise_le, reprise_code = p.reprise_code,
    valeur = p.valeur, siret = p.siret, nature_declaration = p.nature_declaration, annule = p.annule, emis_at = p.emis_at, ordre = p.ordre,
    serie = p.serie, version_empreinte = p.version_empreinte, connu_at = :maintenant, fichier_id = p.fichier_id
FROM (
    SELECT DISTINCT ON (d.vers, substr(f.cle, 38)) f.*, d.vers, d.vers || substr(f.cle, 37) AS cle_voulue
    FROM pdp.fait_dsn f JOIN demenagement d ON d.de = f.assure_id
    ORDER BY d.vers, substr(f.cle, 38), f.emis_at DESC, f.ordre DESC, f.version_empreinte DESC
) p
WHERE q.assure_id = p.vers AND q.cle = p.cle_voulue AND (p.emis_at, p.ordre, p.version_empreinte) > (q.emis_at, q.ordre, q.version_empreinte);

-- name: demenager
-- The declared facts follow the person, under her key; those that her row already has stay behind, with the row that gave way.
UPDATE pdp.fait_dsn f
SET plateforme_id = p.plateforme_id, assure_id = p.vers, cle = p.cle_voulue, connu_at = :maintenant
FROM (
    SELECT DISTINCT ON (d.vers, substr(g.cle, 38)) g.id, d.vers, d.plateforme_id, d.vers || substr(g.cle, 37) AS cle_voulue
    FROM pdp.fait_dsn g JOIN demenagement d ON d.de = g.assure_id
    ORDER BY d.vers, substr(g.cle, 38), g.emis_at DESC, g.ordre DESC, g.version_empreinte DESC
) p
WHERE f.id = p.id AND NOT EXISTS (SELECT FROM pdp.fait_dsn q WHERE q.plateforme_id = p.plateforme_id AND q.cle = p.cle_voulue);
