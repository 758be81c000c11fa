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
INSERT INTO identite.quarantaine (plateforme_id, fichier_id, numero_ligne, champ, code, message, cle_metier, contenu_chiffre, connu_at)
VALUES (
    coalesce(
        (SELECT id FROM pdp.plateforme WHERE id = cast(:indice AS text) OR departement = cast(:indice AS text)),
        (SELECT plateforme_id FROM identite.assure WHERE id_source = cast(:indice AS text) AND cast(:flux AS text) = 'arrets_prescrits'
         ORDER BY mis_a_jour_source_at DESC LIMIT 1)),
    :fichier, :numero, :champ, :code, :message, :cle, :contenu, :maintenant)
ON CONFLICT (fichier_id, numero_ligne) DO NOTHING;

-- name: trouver_rejouables
-- Quarantined prescriptions whose insured person is now known.
SELECT q.id, q.fichier_id, q.numero_ligne, q.contenu_chiffre
FROM identite.quarantaine q
WHERE q.resolue_at IS NULL AND q.code = 'assure_inconnu'
  AND EXISTS (SELECT FROM identite.assure a WHERE a.id_source = q.cle_metier)
ORDER BY q.id
FOR UPDATE;

-- name: resoudre_quarantaine
-- The line left the quarantine.
UPDATE identite.quarantaine q
SET resolue_at = :maintenant, resolution = 'rejouee',
    plateforme_id = (SELECT a.plateforme_id FROM identite.assure a WHERE a.id_source = q.cle_metier ORDER BY a.mis_a_jour_source_at DESC LIMIT 1)
WHERE q.id = ANY(cast(:ids AS uuid[])) AND q.resolue_at IS NULL;

-- name: creer_arrets_prescrits
-- Valid lines of the file being read; gone with the transaction.
CREATE TEMP TABLE lu_arrets_prescrits (
    fichier_id uuid NOT NULL, numero integer NOT NULL, id_avis text NOT NULL, id_assure text NOT NULL,
    date_debut date NOT NULL, date_fin date NOT NULL, nature text NOT NULL, risque text NOT NULL, temps_partiel boolean NOT NULL,
    motif_categorie text NOT NULL, code_cim10 text, ald boolean NOT NULL, hospitalisation boolean NOT NULL, canal text NOT NULL,
    annule boolean NOT NULL, recu_at timestamptz NOT NULL, empreinte bytea NOT NULL
) ON COMMIT DROP;

-- name: copier_arrets_prescrits
-- Bulk path of the valid lines.
COPY lu_arrets_prescrits FROM STDIN;

-- name: analyser_arrets_prescrits
-- Sizes for the planner.
ANALYZE lu_arrets_prescrits;

-- name: ecarter_arrets_prescrits
-- Prescriptions of somebody unknown leave for the quarantine.
DELETE FROM lu_arrets_prescrits l
WHERE NOT EXISTS (SELECT FROM identite.assure a WHERE a.id_source = l.id_assure)
RETURNING l.numero, 'id_assure' AS champ, 'assure_inconnu' AS code, l.id_assure AS cle;

-- name: retenir_arrets_prescrits
-- Per avis the newest version of the file, where it is newer than what is known; the person is the one the avis already has, else the newest.
CREATE TEMP TABLE retenu_arrets_prescrits ON COMMIT DROP AS
WITH personne AS (
    SELECT DISTINCT ON (a.id_source) a.id_source, a.id, a.plateforme_id
    FROM identite.assure a
    WHERE a.id_source IN (SELECT id_assure FROM lu_arrets_prescrits)
    ORDER BY a.id_source, a.mis_a_jour_source_at DESC, a.plateforme_id
), derniere AS (
    SELECT DISTINCT ON (id_avis) * FROM lu_arrets_prescrits ORDER BY id_avis, recu_at DESC, empreinte DESC
), connu AS (
    SELECT p.id, p.id_avis, p.plateforme_id, p.assure_id, p.recu_source_at, p.version_empreinte, a.id_source
    FROM pdp.arret_prescrit p JOIN identite.assure a ON a.id = p.assure_id
    WHERE p.id_avis IN (SELECT id_avis FROM derniere)
)
SELECT d.*, coalesce(meme.plateforme_id, personne.plateforme_id) AS plateforme_id, coalesce(meme.assure_id, personne.id) AS assure_id, connu.id AS arret_id
FROM derniere d
JOIN personne ON personne.id_source = d.id_assure
LEFT JOIN connu meme ON meme.id_avis = d.id_avis AND meme.id_source = d.id_assure
LEFT JOIN connu ON connu.id_avis = d.id_avis AND connu.plateforme_id = coalesce(meme.plateforme_id, personne.plateforme_id)
WHERE connu.id IS NULL OR (d.recu_at, d.empreinte) > (connu.recu_source_at, connu.version_empreinte);

-- name: historiser_arrets_prescrits
-- What was believed until now.
INSERT INTO pdp.arret_prescrit_version (plateforme_id, id_avis, assure_id, date_debut, date_fin, nature, risque, temps_partiel, motif_categorie, ald,
    annule, recu_source_at, connu_du, connu_au, fichier_id)
SELECT p.plateforme_id, p.id_avis, p.assure_id, p.date_debut, p.date_fin, p.nature, p.risque, p.temps_partiel, p.motif_categorie, p.ald,
    p.annule, p.recu_source_at, p.connu_at, :maintenant, p.fichier_id
FROM pdp.arret_prescrit p JOIN retenu_arrets_prescrits r ON r.arret_id = p.id;

-- name: corriger_arrets_prescrits
-- Newer versions of known avis.
UPDATE pdp.arret_prescrit p
SET assure_id = r.assure_id, date_debut = r.date_debut, date_fin = r.date_fin, nature = r.nature, risque = r.risque, temps_partiel = r.temps_partiel,
    motif_categorie = r.motif_categorie, ald = r.ald, hospitalisation = r.hospitalisation, canal = r.canal, annule = r.annule,
    recu_source_at = r.recu_at, version_empreinte = r.empreinte, connu_at = :maintenant, fichier_id = r.fichier_id
FROM retenu_arrets_prescrits r
WHERE p.id = r.arret_id;

-- name: inserer_arrets_prescrits
-- Avis never seen.
INSERT INTO pdp.arret_prescrit (plateforme_id, assure_id, id_avis, date_debut, date_fin, nature, risque, temps_partiel, motif_categorie, ald,
    hospitalisation, canal, annule, recu_source_at, version_empreinte, connu_at, fichier_id)
SELECT plateforme_id, assure_id, id_avis, date_debut, date_fin, nature, risque, temps_partiel, motif_categorie, ald,
    hospitalisation, canal, annule, recu_at, empreinte, :maintenant, fichier_id
FROM retenu_arrets_prescrits
WHERE arret_id IS NULL
ORDER BY assure_id, date_debut;

-- name: corriger_motifs
-- Motifs of corrected avis; the batch side writes the medical class without being able to read it.
UPDATE medical.motif_arret m
SET code_cim10 = r.code_cim10, assure_id = r.assure_id, connu_at = :maintenant
FROM retenu_arrets_prescrits r
WHERE m.arret_id = r.arret_id AND r.code_cim10 IS NOT NULL;

-- name: inserer_motifs
-- Motifs of avis that had none.
INSERT INTO medical.motif_arret (plateforme_id, arret_id, assure_id, code_cim10, connu_at)
SELECT p.plateforme_id, p.id, p.assure_id, r.code_cim10, :maintenant
FROM retenu_arrets_prescrits r
JOIN pdp.arret_prescrit p ON p.plateforme_id = r.plateforme_id AND p.id_avis = r.id_avis
WHERE r.code_cim10 IS NOT NULL AND NOT EXISTS (SELECT FROM medical.motif_arret m WHERE m.arret_id = p.id);

-- name: retirer_motifs
-- A newer version without motif withdraws the one that was known.
DELETE FROM medical.motif_arret m USING retenu_arrets_prescrits r WHERE m.arret_id = r.arret_id AND r.code_cim10 IS NULL;

-- name: consigner_corrections
-- One journal event per corrected or cancelled avis; new avis are journalled with their file.
SELECT journal.consigner_lot(
    CASE WHEN r.annule THEN 'arret_annule' ELSE 'arret_corrige' END,
    jsonb_agg(jsonb_build_object('plateforme_id', r.plateforme_id, 'assure_id', r.assure_id,
                                 'donnees', jsonb_build_object('arret_id', r.arret_id, 'fichier_id', r.fichier_id))))
FROM retenu_arrets_prescrits r
WHERE r.arret_id IS NOT NULL
GROUP BY r.annule;

-- name: creer_assures
-- Valid lines of the file being read; gone with the transaction.
CREATE TEMP TABLE lu_assures (
    numero integer NOT NULL, id_source text NOT NULL, departement text NOT NULL, nir_chiffre bytea NOT NULL,
    nir_empreinte bytea NOT NULL, nom text NOT NULL, prenom text NOT NULL, date_naissance date NOT NULL, sexe text NOT NULL,
    commune_insee text NOT NULL, telephone text, courriel text, contact_prefere text NOT NULL, contact_refus text[] NOT NULL,
    langue text NOT NULL, contrat text NOT NULL, maj_at timestamptz NOT NULL
) ON COMMIT DROP;

-- name: copier_assures
-- Bulk path of the valid lines.
COPY lu_assures FROM STDIN;

-- name: analyser_assures
-- Sizes for the planner.
ANALYZE lu_assures;

-- name: ecarter_assures
-- People of a department that no platform serves leave for the quarantine.
DELETE FROM lu_assures l
WHERE NOT EXISTS (SELECT FROM pdp.plateforme p WHERE p.departement = l.departement)
RETURNING l.numero, 'departement' AS champ, 'departement_hors_plateforme' AS code, cast(NULL AS text) AS cle;

-- name: retenir_assures
-- Per person the newest row of the file, where it is newer than what is known; at equal dates the content decides, whatever the order of arrival.
CREATE TEMP TABLE retenu_assures ON COMMIT DROP AS
WITH derniere AS (
    SELECT DISTINCT ON (p.id, l.id_source) l.*, p.id AS plateforme_id
    FROM lu_assures l JOIN pdp.plateforme p ON p.departement = l.departement
    ORDER BY p.id, l.id_source, l.maj_at DESC, l.nom DESC, l.prenom DESC, l.date_naissance DESC, l.sexe DESC, l.commune_insee DESC,
        coalesce(l.telephone, '') DESC, coalesce(l.courriel, '') DESC, l.contact_prefere DESC, l.contact_refus DESC, l.langue DESC, l.contrat DESC,
        l.nir_empreinte DESC
)
SELECT d.*, a.id AS assure_id
FROM derniere d LEFT JOIN identite.assure a ON a.plateforme_id = d.plateforme_id AND a.id_source = d.id_source
WHERE a.id IS NULL
   OR (d.maj_at, d.nom, d.prenom, d.date_naissance, d.sexe, d.commune_insee, coalesce(d.telephone, ''), coalesce(d.courriel, ''), d.contact_prefere,
       d.contact_refus, d.langue, d.contrat, d.nir_empreinte)
    > (a.mis_a_jour_source_at, a.nom, a.prenom, a.date_naissance, a.sexe, a.commune_insee, coalesce(a.telephone, ''), coalesce(a.courriel, ''),
       a.contact_prefere, a.contact_refus, a.langue, a.contrat, a.nir_empreinte);

-- name: corriger_assures
-- Newer rows of known people.
UPDATE identite.assure a
SET nir_chiffre = r.nir_chiffre, nir_empreinte = r.nir_empreinte, nom = r.nom, prenom = r.prenom, date_naissance = r.date_naissance, sexe = r.sexe,
    commune_insee = r.commune_insee, telephone = r.telephone, courriel = r.courriel, contact_prefere = r.contact_prefere,
    contact_refus = r.contact_refus, langue = r.langue, contrat = r.contrat, mis_a_jour_source_at = r.maj_at, connu_at = :maintenant,
    fichier_id = :fichier
FROM retenu_assures r
WHERE a.id = r.assure_id;

-- name: inserer_assures
-- People never seen.
INSERT INTO identite.assure (plateforme_id, id_source, nir_chiffre, nir_empreinte, nom, prenom, date_naissance, sexe, commune_insee, telephone,
    courriel, contact_prefere, contact_refus, langue, contrat, mis_a_jour_source_at, connu_at, fichier_id)
SELECT plateforme_id, id_source, nir_chiffre, nir_empreinte, nom, prenom, date_naissance, sexe, commune_insee, telephone,
    courriel, contact_prefere, contact_refus, langue, contrat, maj_at, :maintenant, :fichier
FROM retenu_assures
WHERE assure_id IS NULL;

-- name: consigner_assures
-- One journal event per person whose row changed; new people are journalled with their file.
SELECT journal.consigner_lot('assure_mis_a_jour',
    jsonb_agg(jsonb_build_object('plateforme_id', plateforme_id, 'assure_id', assure_id,
                                 'donnees', jsonb_build_object('fichier_id', cast(:fichier AS uuid)))))
FROM retenu_assures
WHERE assure_id IS NOT NULL
HAVING count(*) > 0;

-- name: creer_agents
-- Valid lines of the file being read; gone with the transaction.
CREATE TEMP TABLE lu_agents (
    numero integer NOT NULL, matricule text NOT NULL, nom text NOT NULL, prenom text NOT NULL, courriel text, role text NOT NULL,
    plateforme text NOT NULL, territoire text[] NOT NULL, quotite numeric(3, 2) NOT NULL, competences text[] NOT NULL, actif_du date NOT NULL, actif_au date
) ON COMMIT DROP;

-- name: copier_agents
-- Bulk path of the valid lines.
COPY lu_agents FROM STDIN;

-- name: analyser_agents
-- Sizes for the planner.
ANALYZE lu_agents;

-- name: ecarter_agents
-- Agents of a platform that does not exist, or who would change platform, leave for the quarantine.
DELETE FROM lu_agents l
WHERE NOT EXISTS (SELECT FROM pdp.plateforme p WHERE p.id = l.plateforme)
   OR EXISTS (SELECT FROM pdp.agent a WHERE a.matricule = l.matricule AND a.plateforme_id <> l.plateforme)
RETURNING l.numero, 'plateforme' AS champ,
    CASE WHEN EXISTS (SELECT FROM pdp.plateforme p WHERE p.id = l.plateforme) THEN 'agent_autre_plateforme' ELSE 'plateforme_inconnue' END AS code,
    cast(NULL AS text) AS cle;

-- name: retenir_agents
-- Per agent the last line of the file, where something differs from what is known.
CREATE TEMP TABLE retenu_agents ON COMMIT DROP AS
SELECT d.*, a.id AS agent_id
FROM (SELECT DISTINCT ON (matricule) * FROM lu_agents ORDER BY matricule, numero DESC) d
LEFT JOIN pdp.agent a ON a.matricule = d.matricule
WHERE a.id IS NULL
   OR (d.nom, d.prenom, d.courriel, d.role, d.territoire, d.quotite, d.competences, d.actif_du, d.actif_au)
      IS DISTINCT FROM (a.nom, a.prenom, a.courriel, a.role, a.territoire, a.quotite, a.competences, a.actif_du, a.actif_au);

-- name: corriger_agents
-- Known agents whose line changed.
UPDATE pdp.agent a
SET nom = r.nom, prenom = r.prenom, courriel = r.courriel, role = r.role, territoire = r.territoire, quotite = r.quotite,
    competences = r.competences, actif_du = r.actif_du, actif_au = r.actif_au
FROM retenu_agents r
WHERE a.id = r.agent_id;

-- name: inserer_agents
-- Agents never seen.
INSERT INTO pdp.agent (plateforme_id, matricule, nom, prenom, courriel, role, territoire, competences, quotite, actif_du, actif_au)
SELECT plateforme, matricule, nom, prenom, courriel, role, territoire, competences, quotite, actif_du, actif_au
FROM retenu_agents
WHERE agent_id IS NULL
ORDER BY matricule;

-- name: creer_partenaires
-- Valid lines of the file being read; gone with the transaction.
CREATE TEMP TABLE lu_partenaires (
    numero integer NOT NULL, id_source text NOT NULL, type text NOT NULL, nom text NOT NULL, departements text[] NOT NULL,
    canal text NOT NULL, url text, courriel text, telephone text, delai_reponse_jours integer NOT NULL, actif_du date NOT NULL, actif_au date
) ON COMMIT DROP;

-- name: copier_partenaires
-- Bulk path of the valid lines.
COPY lu_partenaires FROM STDIN;

-- name: analyser_partenaires
-- Sizes for the planner.
ANALYZE lu_partenaires;

-- name: ecarter_partenaires
-- Partners of departments that no platform serves leave for the quarantine.
DELETE FROM lu_partenaires l
WHERE NOT EXISTS (SELECT FROM pdp.plateforme p WHERE p.departement = ANY(l.departements))
RETURNING l.numero, 'departements' AS champ, 'departement_hors_plateforme' AS code, cast(NULL AS text) AS cle;

-- name: retenir_partenaires
-- One row per platform served, from the last line of each partner, where something differs from what is known.
CREATE TEMP TABLE retenu_partenaires ON COMMIT DROP AS
SELECT d.*, p.id AS plateforme_id, a.id AS partenaire_id
FROM (SELECT DISTINCT ON (id_source) * FROM lu_partenaires ORDER BY id_source, numero DESC) d
JOIN pdp.plateforme p ON p.departement = ANY(d.departements)
LEFT JOIN pdp.partenaire a ON a.plateforme_id = p.id AND a.id_source = d.id_source
WHERE a.id IS NULL
   OR (d.type, d.nom, d.canal, d.url, d.courriel, d.telephone, d.delai_reponse_jours, d.actif_du, d.actif_au)
      IS DISTINCT FROM (a.type, a.nom, a.canal, a.url, a.courriel, a.telephone, a.delai_reponse_jours, a.actif_du, a.actif_au);

-- name: corriger_partenaires
-- Known partners whose line changed.
UPDATE pdp.partenaire a
SET type = r.type, nom = r.nom, canal = r.canal, url = r.url, courriel = r.courriel, telephone = r.telephone,
    delai_reponse_jours = r.delai_reponse_jours, actif_du = r.actif_du, actif_au = r.actif_au
FROM retenu_partenaires r
WHERE a.id = r.partenaire_id;

-- name: inserer_partenaires
-- Partners never seen on that platform.
INSERT INTO pdp.partenaire (plateforme_id, id_source, type, nom, canal, url, courriel, telephone, delai_reponse_jours, actif_du, actif_au)
SELECT plateforme_id, id_source, type, nom, canal, url, courriel, telephone, delai_reponse_jours, actif_du, actif_au
FROM retenu_partenaires
WHERE partenaire_id IS NULL
ORDER BY plateforme_id, id_source;

-- name: compter_arrets_prescrits
-- Lines that changed something.
SELECT count(*) FROM retenu_arrets_prescrits;

-- name: compter_assures
-- Lines that changed something.
SELECT count(*) FROM retenu_assures;

-- name: compter_agents
-- Lines that changed something.
SELECT count(*) FROM retenu_agents;

-- name: compter_partenaires
-- Lines that changed something, whatever the number of platforms served.
SELECT count(DISTINCT numero) FROM retenu_partenaires;

-- name: vider_arrets_prescrits
-- Make room for another file, or another batch, in the same transaction.
DROP TABLE IF EXISTS pg_temp.lu_arrets_prescrits, pg_temp.retenu_arrets_prescrits;

-- name: vider_assures
-- Make room for another file, or another batch, in the same transaction.
DROP TABLE IF EXISTS pg_temp.lu_assures, pg_temp.retenu_assures;

-- name: vider_agents
-- Make room for another file, or another batch, in the same transaction.
DROP TABLE IF EXISTS pg_temp.lu_agents, pg_temp.retenu_agents;

-- name: vider_partenaires
-- Make room for another file, or another batch, in the same transaction.
DROP TABLE IF EXISTS pg_temp.lu_partenaires, pg_temp.retenu_partenaires;
