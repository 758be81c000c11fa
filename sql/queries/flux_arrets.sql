-- name: creer
-- Valid lines of the file being read; gone with the transaction.
CREATE TEMP TABLE lu_arrets_prescrits (
    fichier_id uuid NOT NULL, numero integer NOT NULL, id_avis text NOT NULL, id_assure text NOT NULL,
    date_debut date NOT NULL, date_fin date NOT NULL, nature text NOT NULL, risque text NOT NULL, temps_partiel boolean NOT NULL,
    motif_categorie text NOT NULL, code_cim10 text, ald boolean NOT NULL, hospitalisation boolean NOT NULL, canal text NOT NULL,
    annule boolean NOT NULL, recu_at timestamptz NOT NULL, empreinte bytea NOT NULL
) ON COMMIT DROP;

-- name: copier
-- Bulk path of the valid lines.
COPY lu_arrets_prescrits FROM STDIN;

-- name: analyser
-- Sizes for the planner.
ANALYZE lu_arrets_prescrits;

-- name: renommer
-- A former pivot id stands for the person who now bears another.
UPDATE lu_arrets_prescrits l SET id_assure = c.actuel FROM id_courant c WHERE c.ancien = l.id_assure;

-- name: ecarter
-- Prescriptions of somebody unknown leave for the quarantine.
DELETE FROM lu_arrets_prescrits l
WHERE NOT EXISTS (SELECT FROM identite.assure a WHERE a.id_source = l.id_assure)
RETURNING l.numero, 'id_assure' AS champ, 'assure_inconnu' AS code, l.id_assure AS cle;

-- name: retenir
-- Per avis the newest version of the file, where it is newer than what is known; its holder is the person in her newest row, on whatever platform.
CREATE TEMP TABLE retenu_arrets_prescrits ON COMMIT DROP AS
WITH personne AS (
    SELECT DISTINCT ON (a.id_source) a.id_source, a.id, a.plateforme_id
    FROM identite.assure a
    WHERE a.id_source IN (SELECT id_assure FROM lu_arrets_prescrits)
    ORDER BY a.id_source, a.mis_a_jour_source_at DESC, a.plateforme_id
), derniere AS (
    SELECT DISTINCT ON (id_avis) * FROM lu_arrets_prescrits ORDER BY id_avis, recu_at DESC, empreinte DESC
), connu AS (
    SELECT DISTINCT ON (p.id_avis) p.id_avis, p.id, p.plateforme_id, p.recu_source_at, p.version_empreinte
    FROM pdp.arret_prescrit p
    WHERE p.id_avis IN (SELECT id_avis FROM derniere)
    ORDER BY p.id_avis, p.recu_source_at DESC, p.version_empreinte DESC
)
SELECT d.*, personne.plateforme_id, personne.id AS assure_id, connu.id AS connu_id,
    connu.plateforme_id AS connu_plateforme_id, coalesce(connu.id, gen_random_uuid()) AS arret_id
FROM derniere d
JOIN personne ON personne.id_source = d.id_assure
LEFT JOIN connu ON connu.id_avis = d.id_avis
WHERE connu.id IS NULL OR (d.recu_at, d.empreinte) > (connu.recu_source_at, connu.version_empreinte);

-- name: historiser
-- What was believed until now.
INSERT INTO pdp.arret_prescrit_version (plateforme_id, id_avis, assure_id, date_debut, date_fin, nature, risque, temps_partiel, motif_categorie, ald,
    annule, recu_source_at, connu_du, connu_au, fichier_id)
SELECT p.plateforme_id, p.id_avis, p.assure_id, p.date_debut, p.date_fin, p.nature, p.risque, p.temps_partiel, p.motif_categorie, p.ald,
    p.annule, p.recu_source_at, p.connu_at, :maintenant, p.fichier_id
FROM pdp.arret_prescrit p JOIN retenu_arrets_prescrits r ON r.connu_plateforme_id = p.plateforme_id AND r.connu_id = p.id
ON CONFLICT DO NOTHING;

-- name: corriger
-- Newer versions of known avis, and their motif with them when the holder changed: one statement, for the two tables refer to each other.
WITH corrige AS (
    UPDATE pdp.arret_prescrit p
    SET plateforme_id = r.plateforme_id, assure_id = r.assure_id, date_debut = r.date_debut, date_fin = r.date_fin, nature = r.nature,
        risque = r.risque, temps_partiel = r.temps_partiel, motif_categorie = r.motif_categorie, ald = r.ald, hospitalisation = r.hospitalisation,
        canal = r.canal, annule = r.annule, recu_source_at = r.recu_at, version_empreinte = r.empreinte, connu_at = :maintenant,
        fichier_id = r.fichier_id
    FROM retenu_arrets_prescrits r
    WHERE p.plateforme_id = r.connu_plateforme_id AND p.id = r.connu_id
    RETURNING p.id, p.plateforme_id, p.assure_id
)
UPDATE medical.motif_arret m SET plateforme_id = c.plateforme_id, assure_id = c.assure_id
FROM corrige c
WHERE m.arret_id = c.id AND (m.plateforme_id, m.assure_id) IS DISTINCT FROM (c.plateforme_id, c.assure_id);

-- name: inserer
-- Avis never seen.
INSERT INTO pdp.arret_prescrit (id, plateforme_id, assure_id, id_avis, date_debut, date_fin, nature, risque, temps_partiel, motif_categorie, ald,
    hospitalisation, canal, annule, recu_source_at, version_empreinte, connu_at, fichier_id)
SELECT arret_id, plateforme_id, assure_id, id_avis, date_debut, date_fin, nature, risque, temps_partiel, motif_categorie, ald,
    hospitalisation, canal, annule, recu_at, empreinte, :maintenant, fichier_id
FROM retenu_arrets_prescrits
WHERE connu_id IS NULL
ORDER BY assure_id, date_debut;

-- name: corriger_motifs
-- Motifs of corrected avis; the batch side writes the medical class without being able to read it.
UPDATE medical.motif_arret m
SET code_cim10 = r.code_cim10, connu_at = :maintenant
FROM retenu_arrets_prescrits r
WHERE m.arret_id = r.connu_id AND r.code_cim10 IS NOT NULL;

-- name: inserer_motifs
-- Motifs of avis that had none.
INSERT INTO medical.motif_arret (plateforme_id, arret_id, assure_id, code_cim10, connu_at)
SELECT r.plateforme_id, r.arret_id, r.assure_id, r.code_cim10, :maintenant
FROM retenu_arrets_prescrits r
WHERE r.code_cim10 IS NOT NULL
  AND (r.connu_id IS NULL OR NOT EXISTS (SELECT FROM medical.motif_arret m WHERE m.arret_id = r.arret_id));

-- name: retirer_motifs
-- A newer version without motif withdraws the one that was known.
DELETE FROM medical.motif_arret m USING retenu_arrets_prescrits r WHERE m.arret_id = r.connu_id AND r.code_cim10 IS NULL;

-- name: consigner
-- One journal event per corrected or cancelled avis; new avis are journalled with their file.
SELECT journal.consigner_lot(
    CASE WHEN r.annule THEN 'arret_annule' ELSE 'arret_corrige' END,
    jsonb_agg(jsonb_build_object('plateforme_id', r.plateforme_id, 'assure_id', r.assure_id,
                                 'donnees', jsonb_build_object('arret_id', r.connu_id, 'fichier_id', r.fichier_id))))
FROM retenu_arrets_prescrits r
WHERE r.connu_id IS NOT NULL
GROUP BY r.annule;

-- name: compter
-- Lines that changed something.
SELECT count(*) FROM retenu_arrets_prescrits;

-- name: fermer
-- A refused line whose avis was taken from another file, in the same or a newer version, waits for nobody.
UPDATE identite.quarantaine q SET resolue_at = :maintenant, resolution = 'corrigee', plateforme_id = coalesce(q.plateforme_id, p.plateforme_id)
FROM pdp.flux_fichier f, pdp.arret_prescrit p
WHERE q.resolue_at IS NULL AND f.id = q.fichier_id AND f.flux = 'arrets_prescrits' AND p.fichier_id <> q.fichier_id
  AND p.id_avis = q.cle_ligne AND p.recu_source_at >= q.version_ligne;

-- name: historiser_demenages
-- Where the facts of people who changed platform or pivot id were until now.
INSERT INTO pdp.arret_prescrit_version (plateforme_id, id_avis, assure_id, date_debut, date_fin, nature, risque, temps_partiel, motif_categorie, ald,
    annule, recu_source_at, connu_du, connu_au, fichier_id)
SELECT p.plateforme_id, p.id_avis, p.assure_id, p.date_debut, p.date_fin, p.nature, p.risque, p.temps_partiel, p.motif_categorie, p.ald,
    p.annule, p.recu_source_at, p.connu_at, :maintenant, p.fichier_id
FROM pdp.arret_prescrit p JOIN demenagement d ON d.de = p.assure_id
ON CONFLICT DO NOTHING;

-- name: demenager
-- The facts follow the person.
WITH deplace AS (
    UPDATE pdp.arret_prescrit p SET plateforme_id = d.plateforme_id, assure_id = d.vers, connu_at = :maintenant
    FROM demenagement d
    WHERE p.assure_id = d.de
    RETURNING p.id, p.plateforme_id, p.assure_id
)
UPDATE medical.motif_arret m SET plateforme_id = c.plateforme_id, assure_id = c.assure_id FROM deplace c WHERE m.arret_id = c.id;

-- name: vider
-- Make room for another file, or another batch, in the same transaction.
DROP TABLE IF EXISTS pg_temp.lu_arrets_prescrits, pg_temp.retenu_arrets_prescrits;
