-- name: creer
-- Valid lines of the file being read; gone with the transaction.
CREATE TEMP TABLE lu_ij_versees (
    fichier_id uuid NOT NULL, numero integer NOT NULL, id_versement text NOT NULL, id_assure text NOT NULL, nature text NOT NULL,
    risque text NOT NULL, temps_partiel boolean NOT NULL, debut date NOT NULL, fin date NOT NULL, jours integer NOT NULL, traite_le date NOT NULL,
    siret text, organisme text, annule boolean NOT NULL, empreinte bytea NOT NULL
) ON COMMIT DROP;

-- name: copier
-- Bulk path of the valid lines.
COPY lu_ij_versees FROM STDIN;

-- name: analyser
-- Sizes for the planner.
ANALYZE lu_ij_versees;

-- name: renommer
-- A former pivot id stands for the person who now bears another.
UPDATE lu_ij_versees l SET id_assure = c.actuel FROM id_courant c WHERE c.ancien = l.id_assure;

-- name: ecarter
-- Lines of somebody unknown leave for the quarantine.
DELETE FROM lu_ij_versees l
WHERE NOT EXISTS (SELECT FROM identite.assure a WHERE a.id_source = l.id_assure)
RETURNING l.numero, 'id_assure' AS champ, 'assure_inconnu' AS code, l.id_assure AS cle;

-- name: retenir
-- Per payment the newest version of the file, where it is newer than what is known; its holder is the person in her newest row, on whatever platform.
CREATE TEMP TABLE retenu_ij_versees ON COMMIT DROP AS
WITH personne AS (
    SELECT DISTINCT ON (a.id_source) a.id_source, a.id, a.plateforme_id
    FROM identite.assure a
    WHERE a.id_source IN (SELECT id_assure FROM lu_ij_versees)
    ORDER BY a.id_source, a.mis_a_jour_source_at DESC, a.plateforme_id
), derniere AS (
    SELECT DISTINCT ON (id_versement) * FROM lu_ij_versees ORDER BY id_versement, traite_le DESC, empreinte DESC
), connu AS (
    SELECT DISTINCT ON (p.id_versement) p.id_versement, p.id, p.plateforme_id, p.traite_le, p.version_empreinte
    FROM pdp.ij_versee p
    WHERE p.id_versement IN (SELECT id_versement FROM derniere)
    ORDER BY p.id_versement, p.traite_le DESC, p.version_empreinte DESC
)
SELECT d.*, personne.plateforme_id, personne.id AS assure_id, connu.id AS connu_id,
    connu.plateforme_id AS connu_plateforme_id
FROM derniere d
JOIN personne ON personne.id_source = d.id_assure
LEFT JOIN connu ON connu.id_versement = d.id_versement
WHERE connu.id IS NULL OR (d.traite_le, d.empreinte) > (connu.traite_le, connu.version_empreinte);

-- name: historiser
-- What was believed until now.
INSERT INTO pdp.fait_version (plateforme_id, genre, cle, assure_id, contenu, connu_du, connu_au, version_empreinte)
SELECT p.plateforme_id, 'ij_versee', p.id_versement, p.assure_id,
    to_jsonb(p) - ARRAY['id', 'plateforme_id', 'assure_id', 'id_versement', 'version_empreinte', 'connu_at'], p.connu_at, :maintenant, p.version_empreinte
FROM pdp.ij_versee p JOIN retenu_ij_versees r ON r.connu_id = p.id
ON CONFLICT DO NOTHING;

-- name: corriger
-- Newer versions of known payments.
UPDATE pdp.ij_versee p
SET plateforme_id = r.plateforme_id, assure_id = r.assure_id, nature = r.nature, risque = r.risque, temps_partiel = r.temps_partiel,
    debut = r.debut, fin = r.fin, jours = r.jours, traite_le = r.traite_le, siret = r.siret, organisme = r.organisme, annule = r.annule,
    version_empreinte = r.empreinte, connu_at = :maintenant, fichier_id = r.fichier_id
FROM retenu_ij_versees r
WHERE p.id = r.connu_id;

-- name: inserer
-- Payments never seen.
INSERT INTO pdp.ij_versee (plateforme_id, assure_id, id_versement, nature, risque, temps_partiel, debut, fin, jours, traite_le, siret, organisme, annule, version_empreinte, connu_at, fichier_id)
SELECT plateforme_id, assure_id, id_versement, nature, risque, temps_partiel, debut, fin, jours, traite_le, siret, organisme, annule, empreinte, :maintenant, fichier_id
FROM retenu_ij_versees
WHERE connu_id IS NULL
ORDER BY assure_id, debut;

-- name: consigner
-- One journal event per corrected or cancelled payment; new ones are journalled with their file.
SELECT journal.consigner_lot('ij_versee_corrigee',
    jsonb_agg(jsonb_build_object('plateforme_id', r.plateforme_id, 'assure_id', r.assure_id,
                                 'donnees', jsonb_build_object('fait_id', r.connu_id, 'fichier_id', r.fichier_id))))
FROM retenu_ij_versees r
WHERE r.connu_id IS NOT NULL
HAVING count(*) > 0;

-- name: compter
-- Lines that changed something.
SELECT count(*) FROM retenu_ij_versees;

-- name: fermer
-- A refused line whose payment was taken from another file, in the same or a newer version, waits for nobody.
UPDATE identite.quarantaine q SET resolue_at = :maintenant, resolution = 'corrigee', plateforme_id = coalesce(q.plateforme_id, p.plateforme_id)
FROM pdp.flux_fichier f, pdp.ij_versee p
WHERE q.resolue_at IS NULL AND f.id = q.fichier_id AND f.flux = 'ij_versees' AND p.fichier_id <> q.fichier_id
  AND p.id_versement = q.cle_ligne AND (p.traite_le::timestamp AT TIME ZONE 'UTC') >= q.version_ligne;

-- name: historiser_demenages
-- Where the facts of people who changed platform or pivot id were until now.
INSERT INTO pdp.fait_version (plateforme_id, genre, cle, assure_id, contenu, connu_du, connu_au, version_empreinte)
SELECT p.plateforme_id, 'ij_versee', p.id_versement, p.assure_id,
    to_jsonb(p) - ARRAY['id', 'plateforme_id', 'assure_id', 'id_versement', 'version_empreinte', 'connu_at'], p.connu_at, :maintenant, p.version_empreinte
FROM pdp.ij_versee p JOIN demenagement d ON d.de = p.assure_id
ON CONFLICT DO NOTHING;

-- name: demenager
-- The facts follow the person.
UPDATE pdp.ij_versee p SET plateforme_id = d.plateforme_id, assure_id = d.vers, connu_at = :maintenant
FROM demenagement d
WHERE p.assure_id = d.de;

-- name: vider
-- Make room for another file, or another batch, in the same transaction.
DROP TABLE IF EXISTS pg_temp.lu_ij_versees, pg_temp.retenu_ij_versees;
