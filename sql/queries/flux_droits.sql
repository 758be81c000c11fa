-- name: creer
-- Valid lines of the file being read; gone with the transaction.
CREATE TEMP TABLE lu_ald_invalidite (
    fichier_id uuid NOT NULL, numero integer NOT NULL, id_droit text NOT NULL, id_assure text NOT NULL, nature text NOT NULL,
    affection_empreinte bytea NOT NULL, motif_categorie text NOT NULL, ald_numero text, code_cim10 text, debut date NOT NULL, fin date,
    annule boolean NOT NULL, recu_at timestamptz NOT NULL, empreinte bytea NOT NULL
) ON COMMIT DROP;

-- name: copier
-- Bulk path of the valid lines.
COPY lu_ald_invalidite FROM STDIN;

-- name: analyser
-- Sizes for the planner.
ANALYZE lu_ald_invalidite;

-- name: renommer
-- A former pivot id stands for the person who now bears another.
UPDATE lu_ald_invalidite l SET id_assure = c.actuel FROM id_courant c WHERE c.ancien = l.id_assure;

-- name: ecarter
-- Lines of somebody unknown leave for the quarantine.
DELETE FROM lu_ald_invalidite l
WHERE NOT EXISTS (SELECT FROM identite.assure a WHERE a.id_source = l.id_assure)
RETURNING l.numero, 'id_assure' AS champ, 'assure_inconnu' AS code, l.id_assure AS cle;

-- name: retenir
-- Per right the newest version of the file, where it is newer than what is known; its holder is the person in her newest row, on whatever platform.
CREATE TEMP TABLE retenu_ald_invalidite ON COMMIT DROP AS
WITH personne AS (
    SELECT DISTINCT ON (a.id_source) a.id_source, a.id, a.plateforme_id
    FROM identite.assure a
    WHERE a.id_source IN (SELECT id_assure FROM lu_ald_invalidite)
    ORDER BY a.id_source, a.mis_a_jour_source_at DESC, a.plateforme_id
), derniere AS (
    SELECT DISTINCT ON (id_droit) * FROM lu_ald_invalidite ORDER BY id_droit, recu_at DESC, empreinte DESC
), connu AS (
    SELECT DISTINCT ON (p.id_droit) p.id_droit, p.id, p.plateforme_id, p.recu_source_at, p.version_empreinte
    FROM pdp.affection p
    WHERE p.id_droit IN (SELECT id_droit FROM derniere)
    ORDER BY p.id_droit, p.recu_source_at DESC, p.version_empreinte DESC
)
SELECT d.*, personne.plateforme_id, personne.id AS assure_id, connu.id AS connu_id,
    connu.plateforme_id AS connu_plateforme_id,
    encode(substring(sha256(convert_to(d.id_assure, 'UTF8') || d.affection_empreinte) FROM 1 FOR 16), 'hex')::uuid AS affection
FROM derniere d
JOIN personne ON personne.id_source = d.id_assure
LEFT JOIN connu ON connu.id_droit = d.id_droit
WHERE connu.id IS NULL OR (d.recu_at, d.empreinte) > (connu.recu_source_at, connu.version_empreinte);

-- name: historiser
-- What was believed until now.
INSERT INTO pdp.fait_version (plateforme_id, genre, cle, assure_id, contenu, connu_du, connu_au, version_empreinte)
SELECT p.plateforme_id, 'affection', p.id_droit, p.assure_id,
    to_jsonb(p) - ARRAY['id', 'plateforme_id', 'assure_id', 'id_droit', 'version_empreinte', 'connu_at'], p.connu_at, :maintenant, p.version_empreinte
FROM pdp.affection p JOIN retenu_ald_invalidite r ON r.connu_id = p.id
ON CONFLICT DO NOTHING;

-- name: corriger
-- Newer versions of known rights, and their name with them when the holder changed: one statement, for the two tables refer to each other.
WITH corrige AS (
    UPDATE pdp.affection p
    SET plateforme_id = r.plateforme_id, assure_id = r.assure_id, nature = r.nature, affection = r.affection, motif_categorie = r.motif_categorie,
        debut = r.debut, fin = r.fin, annule = r.annule, recu_source_at = r.recu_at, version_empreinte = r.empreinte, connu_at = :maintenant,
        fichier_id = r.fichier_id
    FROM retenu_ald_invalidite r
    WHERE p.id = r.connu_id
    RETURNING p.id, p.plateforme_id, p.assure_id, r.ald_numero, r.code_cim10, r.affection_empreinte
)
UPDATE medical.affection m
SET plateforme_id = c.plateforme_id, assure_id = c.assure_id, ald_numero = c.ald_numero, code_cim10 = c.code_cim10, empreinte = c.affection_empreinte,
    connu_at = :maintenant
FROM corrige c
WHERE m.affection_id = c.id;

-- name: inserer
-- Rights never seen.
INSERT INTO pdp.affection (plateforme_id, assure_id, id_droit, nature, affection, motif_categorie, debut, fin, annule, recu_source_at, version_empreinte, connu_at, fichier_id)
SELECT plateforme_id, assure_id, id_droit, nature, affection, motif_categorie, debut, fin, annule, recu_at, empreinte, :maintenant, fichier_id
FROM retenu_ald_invalidite
WHERE connu_id IS NULL
ORDER BY assure_id, debut;

-- name: nommer
-- Number and code of the new rights, in the medical class.
INSERT INTO medical.affection (plateforme_id, affection_id, assure_id, ald_numero, code_cim10, empreinte, connu_at)
SELECT p.plateforme_id, p.id, p.assure_id, r.ald_numero, r.code_cim10, r.affection_empreinte, :maintenant
FROM retenu_ald_invalidite r JOIN pdp.affection p ON p.id_droit = r.id_droit AND p.plateforme_id = r.plateforme_id
WHERE r.connu_id IS NULL;

-- name: consigner
-- One journal event per corrected or cancelled right; new ones are journalled with their file.
SELECT journal.consigner_lot('affection_corrigee',
    jsonb_agg(jsonb_build_object('plateforme_id', r.plateforme_id, 'assure_id', r.assure_id,
                                 'donnees', jsonb_build_object('fait_id', r.connu_id, 'fichier_id', r.fichier_id))))
FROM retenu_ald_invalidite r
WHERE r.connu_id IS NOT NULL
HAVING count(*) > 0;

-- name: compter
-- Lines that changed something.
SELECT count(*) FROM retenu_ald_invalidite;

-- name: fermer
-- A refused line whose right was taken from another file, in the same or a newer version, waits for nobody.
UPDATE identite.quarantaine q SET resolue_at = :maintenant, resolution = 'corrigee', plateforme_id = coalesce(q.plateforme_id, p.plateforme_id)
FROM pdp.flux_fichier f, pdp.affection p
WHERE q.resolue_at IS NULL AND f.id = q.fichier_id AND f.flux = 'ald_invalidite' AND p.fichier_id <> q.fichier_id
  AND p.id_droit = q.cle_ligne AND p.recu_source_at >= q.version_ligne;

-- name: historiser_demenages
-- Where the facts of people who changed platform or pivot id were until now.
INSERT INTO pdp.fait_version (plateforme_id, genre, cle, assure_id, contenu, connu_du, connu_au, version_empreinte)
SELECT p.plateforme_id, 'affection', p.id_droit, p.assure_id,
    to_jsonb(p) - ARRAY['id', 'plateforme_id', 'assure_id', 'id_droit', 'version_empreinte', 'connu_at'], p.connu_at, :maintenant, p.version_empreinte
FROM pdp.affection p JOIN demenagement d ON d.de = p.assure_id
ON CONFLICT DO NOTHING;

-- name: demenager
-- The facts follow the person; the same affection keeps one value under her new pivot id.
WITH deplace AS (
    UPDATE pdp.affection p
    SET plateforme_id = d.plateforme_id, assure_id = d.vers, connu_at = :maintenant
    FROM demenagement d
    WHERE p.assure_id = d.de
    RETURNING p.id, p.plateforme_id, p.assure_id
)
UPDATE medical.affection m SET plateforme_id = c.plateforme_id, assure_id = c.assure_id FROM deplace c WHERE m.affection_id = c.id;

-- name: nommer_identifiants
-- The opaque name of an affection follows the pivot id in force of its holder.
UPDATE pdp.affection p
SET affection = encode(substring(sha256(convert_to(a.id_source, 'UTF8') || m.empreinte) FROM 1 FOR 16), 'hex')::uuid
FROM identite.assure a, medical.affection m
WHERE a.id = p.assure_id AND m.affection_id = p.id AND a.id_source IN (SELECT actuel FROM id_courant)
  AND p.affection <> encode(substring(sha256(convert_to(a.id_source, 'UTF8') || m.empreinte) FROM 1 FOR 16), 'hex')::uuid;

-- name: vider
-- Make room for another file, or another batch, in the same transaction.
DROP TABLE IF EXISTS pg_temp.lu_ald_invalidite, pg_temp.retenu_ald_invalidite;
