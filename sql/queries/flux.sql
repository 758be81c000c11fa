-- name: verrouiller
-- One file at a time, whoever reads it: versions are compared with what is already there.
SELECT pg_advisory_xact_lock(7240920);

-- name: ouvrir_fichier
-- Take a content for the first time, or again after a refusal; no row when it was already loaded.
INSERT INTO pdp.flux_fichier (flux, nom, empreinte, taille_octets, etat, recu_at)
VALUES (:flux, :nom, :empreinte, :taille, 'charge', :maintenant)
ON CONFLICT (flux, empreinte) DO UPDATE
SET etat = 'charge', motif_code = NULL, motif = NULL, nom = excluded.nom, recu_at = excluded.recu_at
WHERE flux_fichier.etat = 'refuse'
RETURNING id;

-- name: fermer_fichier
-- What became of every line.
UPDATE pdp.flux_fichier SET lignes = :lignes, admises = :admises, inchangees = :inchangees, rejetees = :rejetees WHERE id = :fichier;

-- name: refuser_fichier
-- A content refused as a whole; the same content again changes nothing.
INSERT INTO pdp.flux_fichier (flux, nom, empreinte, taille_octets, etat, motif_code, motif, recu_at)
VALUES (:flux, :nom, :empreinte, :taille, 'refuse', :code, :motif, :maintenant)
ON CONFLICT (flux, empreinte) DO NOTHING
RETURNING id;

-- name: trouver_fichier
-- What became of a content already seen.
SELECT id, lignes, admises, inchangees, rejetees, etat, motif_code, motif FROM pdp.flux_fichier WHERE flux = :flux AND empreinte = :empreinte;

-- name: est_depasse
-- Whether a complete list with a later name was already loaded: the older one then changes nothing.
SELECT EXISTS (SELECT FROM pdp.flux_fichier WHERE flux = :flux AND etat = 'charge' AND nom > :nom AND id <> :fichier);

-- name: mettre_en_quarantaine
-- A refused line, encrypted, under the platform when it can be told from the line.
INSERT INTO identite.quarantaine (plateforme_id, fichier_id, numero_ligne, champ, code, message, cle_metier, cle_ligne, version_ligne, contenu_chiffre,
    connu_at)
VALUES (
    coalesce(
        (SELECT id FROM pdp.plateforme WHERE id = cast(:indice AS text) OR departement = cast(:indice AS text)),
        (SELECT plateforme_id FROM identite.assure WHERE id_source = cast(:indice AS text) AND cast(:est_fait AS boolean)
         ORDER BY mis_a_jour_source_at DESC LIMIT 1)),
    :fichier, :numero, :champ, :code, :message, :cle, :cle_ligne, :version, :contenu, :maintenant)
ON CONFLICT (fichier_id, numero_ligne) DO NOTHING;

-- name: trouver_rejouables
-- Quarantined facts whose insured person is now known, by her pivot id or by a former one.
SELECT q.id, q.fichier_id, q.numero_ligne, q.contenu_chiffre, f.flux
FROM identite.quarantaine q JOIN pdp.flux_fichier f ON f.id = q.fichier_id
WHERE q.resolue_at IS NULL AND q.code = 'assure_inconnu' AND f.flux = ANY(cast(:flux AS text[]))
  AND EXISTS (SELECT FROM identite.assure a
              WHERE a.id_source = coalesce((SELECT c.actuel FROM id_courant c WHERE c.ancien = q.cle_metier), q.cle_metier))
ORDER BY q.id
FOR UPDATE OF q;

-- name: resoudre_quarantaine
-- The line left the quarantine.
UPDATE identite.quarantaine q
SET resolue_at = :maintenant, resolution = 'rejouee',
    plateforme_id = (SELECT a.plateforme_id FROM identite.assure a
                     WHERE a.id_source = coalesce((SELECT c.actuel FROM id_courant c WHERE c.ancien = q.cle_metier), q.cle_metier)
                     ORDER BY a.mis_a_jour_source_at DESC LIMIT 1)
WHERE q.id = ANY(cast(:ids AS uuid[])) AND q.resolue_at IS NULL;

-- name: oublier_identifiants
-- Former pivot ids may have changed since they were read.
DROP TABLE IF EXISTS pg_temp.id_courant;

-- name: lire_identifiants
-- Each former pivot id with the one in force, along the chain; a loop in the source names nobody.
CREATE TEMP TABLE id_courant ON COMMIT DROP AS
WITH RECURSIVE pas AS (
    SELECT ancien, actuel, ARRAY[ancien] AS vus FROM identite.id_source_ancien
    UNION ALL
    SELECT p.ancien, s.actuel, p.vus || s.ancien
    FROM pas p JOIN identite.id_source_ancien s ON s.ancien = p.actuel
    WHERE NOT s.ancien = ANY(p.vus)
)
SELECT ancien, actuel FROM pas
WHERE NOT EXISTS (SELECT FROM identite.id_source_ancien s WHERE s.ancien = pas.actuel);
