-- Probable duplicates: found, compared, merged and parted again.

-- name: reperer
-- Pairs of rows of one platform that look like one person, at least one of them followed; a pair is told once. The row that the caisse keeps up
-- to date goes on: a definitive NIR first, then the pivot id in force, then the newest.
INSERT INTO pdp.doublon (plateforme_id, garde_id, efface_id, raisons, constate_at)
WITH suivi AS (
    SELECT DISTINCT p.assure_id FROM pdp.parcours p WHERE p.plateforme_id = :plateforme AND p.clos_at IS NULL
), paire AS (
    SELECT a.id AS a_id, b.id AS b_id, array_remove(ARRAY[
        CASE WHEN identite.nom_compare(a.nom) = identite.nom_compare(b.nom) AND identite.nom_compare(a.prenom) = identite.nom_compare(b.prenom)
            THEN 'meme_identite' END,
        CASE WHEN identite.nom_compare(a.nom) = identite.nom_compare(b.prenom) AND identite.nom_compare(a.prenom) = identite.nom_compare(b.nom)
            AND identite.nom_compare(a.nom) <> identite.nom_compare(a.prenom) THEN 'noms_inverses' END,
        CASE WHEN a.nir_empreinte = b.nir_empreinte THEN 'nir_partage' END], NULL) AS raisons
    FROM suivi s
    JOIN identite.assure a ON a.id = s.assure_id
    JOIN identite.assure b ON b.plateforme_id = a.plateforme_id AND b.date_naissance = a.date_naissance AND b.sexe = a.sexe AND b.id <> a.id
    WHERE a.fusionne_vers IS NULL AND b.fusionne_vers IS NULL
    UNION ALL  -- a pivot id replaced by another, and a case under each: the caisse says it is one person, and nobody was told
    SELECT a.id, b.id, ARRAY['identifiant_remplace']
    FROM identite.id_source_ancien x
    JOIN identite.assure a ON a.id_source = x.actuel AND a.plateforme_id = :plateforme
    JOIN identite.assure b ON b.id_source = x.ancien AND b.plateforme_id = a.plateforme_id
    WHERE a.fusionne_vers IS NULL AND b.fusionne_vers IS NULL
        AND EXISTS (SELECT 1 FROM pdp.parcours p WHERE p.assure_id = b.id AND p.clos_at IS NULL)
        AND EXISTS (SELECT 1 FROM pdp.parcours p WHERE p.assure_id = a.id)
), unique_paire AS (
    SELECT least(a_id, b_id) AS a_id, greatest(a_id, b_id) AS b_id, array_agg(DISTINCT r.raison) AS raisons
    FROM paire CROSS JOIN LATERAL unnest(raisons) AS r (raison)
    GROUP BY 1, 2
)
SELECT :plateforme, CASE WHEN o.premier THEN u.a_id ELSE u.b_id END, CASE WHEN o.premier THEN u.b_id ELSE u.a_id END,
    CASE WHEN a.nir_provisoire OR b.nir_provisoire THEN u.raisons || cast('nir_provisoire' AS text) ELSE u.raisons END, :maintenant
FROM unique_paire u
JOIN identite.assure a ON a.id = u.a_id
JOIN identite.assure b ON b.id = u.b_id
CROSS JOIN LATERAL (
    SELECT (NOT a.nir_provisoire, NOT EXISTS (SELECT 1 FROM identite.id_source_ancien x WHERE x.ancien = a.id_source), a.mis_a_jour_source_at, a.id)
        > (NOT b.nir_provisoire, NOT EXISTS (SELECT 1 FROM identite.id_source_ancien x WHERE x.ancien = b.id_source), b.mis_a_jour_source_at, b.id) AS premier
) o
ON CONFLICT (least(garde_id, efface_id), greatest(garde_id, efface_id)) DO NOTHING
RETURNING id, garde_id, efface_id;

-- name: lister_ouverts
-- Open cases of the two rows, the one that would go on first: followed, then the one where something was done, then the oldest.
SELECT p.id, p.assure_id, p.statut, p.csam_id
FROM pdp.parcours p
WHERE p.assure_id IN (:garde, :efface) AND p.clos_at IS NULL
ORDER BY p.csam_id IS NULL, NOT EXISTS (SELECT 1 FROM pdp.contact c WHERE c.parcours_id = p.id AND c.saisie_par_erreur_at IS NULL), p.decide_at, p.id;

-- name: verrouiller_personnes
-- Both rows and their cases, always in the same order.
SELECT count(*) FROM (SELECT 1 FROM pdp.parcours WHERE assure_id IN (:garde, :efface) ORDER BY id FOR NO KEY UPDATE) AS verrou;

-- name: verrouiller
-- One pair, locked.
SELECT id, plateforme_id, garde_id, efface_id, etat, decide_par, decide_at, applique_at, parcours_garde_id, parcours_clos_id
FROM pdp.doublon WHERE id = :doublon FOR UPDATE;

-- name: decider
-- What the coordinator says of a pair.
UPDATE pdp.doublon SET etat = :etat, decide_par = :par, decide_at = :maintenant, ecart_motif = :motif, refus_code = NULL WHERE id = :doublon;

-- name: lister_du_parcours
-- Pairs of the person of a case, with both identities side by side for who compares them.
SELECT d.id, d.raisons, d.constate_at, d.etat, d.decide_at, d.applique_at, d.refus_code, d.parcours_garde_id, d.parcours_clos_id, d.ecart_motif,
    a.id AS garde_id, a.nom AS garde_nom, a.prenom AS garde_prenom, a.date_naissance AS garde_naissance, a.sexe AS garde_sexe,
    a.commune_insee AS garde_commune, a.telephone AS garde_telephone, a.courriel AS garde_courriel, a.mis_a_jour_source_at AS garde_a_jour_at,
    b.id AS efface_id, b.nom AS efface_nom, b.prenom AS efface_prenom, b.date_naissance AS efface_naissance, b.sexe AS efface_sexe,
    b.commune_insee AS efface_commune, b.telephone AS efface_telephone, b.courriel AS efface_courriel, b.mis_a_jour_source_at AS efface_a_jour_at,
    g.prenom AS decideur_prenom, g.nom AS decideur_nom
FROM pdp.parcours p
JOIN pdp.doublon d ON p.assure_id IN (d.garde_id, d.efface_id)
JOIN identite.assure a ON a.id = d.garde_id
JOIN identite.assure b ON b.id = d.efface_id
LEFT JOIN pdp.agent g ON g.id = d.decide_par
WHERE p.id = :parcours
ORDER BY d.constate_at DESC, d.id;

-- name: lister_cas
-- Cases of the rows of these pairs, for the comparison: who follows them, and what was done in each.
SELECT p.assure_id, p.id AS parcours_id, p.statut, p.clos_at, g.prenom AS csam_prenom, g.nom AS csam_nom, p.decide_at,
    (SELECT count(*) FROM pdp.contact c WHERE c.parcours_id = p.id AND c.saisie_par_erreur_at IS NULL) AS contacts,
    (SELECT min(t.debut_at) FROM pdp.tele_echange t WHERE t.parcours_id = p.id AND t.statut IN ('planifie', 'confirme')) AS rendez_vous_at,
    (SELECT count(*) FROM pdp.accord c WHERE c.parcours_id = p.id AND c.decision = 'accorde' AND c.retire_at IS NULL) AS accords,
    (SELECT count(*) FROM pdp.orientation o WHERE o.parcours_id = p.id AND o.statut IN ('envoyee', 'recue', 'acceptee', 'en_cours')) AS orientations
FROM pdp.parcours p LEFT JOIN pdp.agent g ON g.id = p.csam_id
WHERE p.assure_id = ANY (cast(:assures AS uuid[]))
ORDER BY p.clos_at IS NOT NULL, p.decide_at DESC, p.id;

-- name: lister_responsable
-- Pairs not settled, by opaque cases: who is to compare, since when.
SELECT d.id, d.raisons, d.constate_at, d.etat, d.decide_at, p.id AS parcours_id, p.statut, g.prenom AS csam_prenom, g.nom AS csam_nom
FROM pdp.doublon d
JOIN pdp.parcours p ON p.assure_id IN (d.garde_id, d.efface_id) AND p.clos_at IS NULL
LEFT JOIN pdp.agent g ON g.id = p.csam_id
WHERE d.etat IN ('a_comparer', 'demande', 'annulation_demandee')
ORDER BY d.constate_at, d.id, p.decide_at, p.id
LIMIT :limite;

-- name: lister_demandes
-- Requests of the coordinators that wait for the sweep, oldest first.
SELECT id FROM pdp.doublon WHERE plateforme_id = :plateforme AND etat IN ('demande', 'annulation_demandee') ORDER BY decide_at, id FOR UPDATE SKIP LOCKED;

-- name: est_libre
-- Neither row has been merged meanwhile.
SELECT count(*) = 2 FROM identite.assure WHERE id IN (:garde, :efface) AND fusionne_vers IS NULL;

-- name: retenir_faits
-- Facts that came under a row that gave way, merged today or earlier.
INSERT INTO pdp.doublon_ligne (doublon_id, plateforme_id, genre, ligne_id)
SELECT d.id, d.plateforme_id, x.genre, x.id
FROM pdp.doublon d CROSS JOIN LATERAL (
    SELECT 'arret' AS genre, f.id FROM pdp.arret_prescrit f WHERE f.assure_id = d.efface_id
    UNION ALL SELECT 'ij', f.id FROM pdp.ij_versee f WHERE f.assure_id = d.efface_id
    UNION ALL SELECT 'affection', f.id FROM pdp.affection f WHERE f.assure_id = d.efface_id
    UNION ALL SELECT 'fait_dsn', f.id FROM pdp.fait_dsn f WHERE f.assure_id = d.efface_id
) x
WHERE d.plateforme_id = :plateforme AND d.etat = 'fusionne'
ON CONFLICT DO NOTHING;

-- name: oublier_demenagement
-- Work table of an earlier merge in the same transaction.
DROP TABLE IF EXISTS pg_temp.demenagement;

-- name: preparer_demenagement
-- Facts still under a row that gave way follow it to the row that goes on.
CREATE TEMPORARY TABLE demenagement ON COMMIT DROP AS
SELECT d.efface_id AS de, d.plateforme_id AS de_plateforme_id, d.garde_id AS vers, d.plateforme_id
FROM pdp.doublon d WHERE d.plateforme_id = :plateforme AND d.etat = 'fusionne';

-- name: preparer_retour
-- Facts of a merge taken back go where they were.
CREATE TEMPORARY TABLE demenagement ON COMMIT DROP AS
SELECT d.garde_id AS de, d.plateforme_id AS de_plateforme_id, d.efface_id AS vers, d.plateforme_id FROM pdp.doublon d WHERE d.id = :doublon;

-- name: rendre_arrets
-- Only those that the merge had moved.
WITH deplace AS (
    UPDATE pdp.arret_prescrit f SET assure_id = d.vers, connu_at = :maintenant
    FROM demenagement d, pdp.doublon_ligne l
    WHERE l.doublon_id = :doublon AND l.genre = 'arret' AND f.id = l.ligne_id AND f.assure_id = d.de
    RETURNING f.id, f.assure_id
)
UPDATE medical.motif_arret m SET assure_id = c.assure_id FROM deplace c WHERE m.arret_id = c.id;

-- name: rendre_ij
-- Only those that the merge had moved.
UPDATE pdp.ij_versee f SET assure_id = d.vers, connu_at = :maintenant FROM demenagement d, pdp.doublon_ligne l
WHERE l.doublon_id = :doublon AND l.genre = 'ij' AND f.id = l.ligne_id AND f.assure_id = d.de;

-- name: rendre_affections
-- Only those that the merge had moved.
WITH deplace AS (
    UPDATE pdp.affection f SET assure_id = d.vers, connu_at = :maintenant
    FROM demenagement d, pdp.doublon_ligne l
    WHERE l.doublon_id = :doublon AND l.genre = 'affection' AND f.id = l.ligne_id AND f.assure_id = d.de
    RETURNING f.id, f.assure_id
)
UPDATE medical.affection m SET assure_id = c.assure_id FROM deplace c WHERE m.affection_id = c.id;

-- name: rendre_faits_dsn
-- Only those that the merge had moved, under their key.
UPDATE pdp.fait_dsn f SET assure_id = d.vers, cle = d.vers || substr(f.cle, 37), connu_at = :maintenant FROM demenagement d, pdp.doublon_ligne l
WHERE l.doublon_id = :doublon AND l.genre = 'fait_dsn' AND f.id = l.ligne_id AND f.assure_id = d.de;

-- name: pointer
-- The row that gives way points to the other, or stands by itself again.
UPDATE identite.assure SET fusionne_vers = cast(:vers AS uuid) WHERE id = :efface;

-- name: fusionner
-- Done, with the cases it joined.
UPDATE pdp.doublon SET etat = 'fusionne', applique_at = :maintenant, parcours_garde_id = :garde, parcours_clos_id = :clos, statut_avant = :statut
WHERE id = :doublon;

-- name: refuser
-- Could not be done; the pair stays as it was.
UPDATE pdp.doublon SET etat = :etat, refus_code = :code WHERE id = :doublon;

-- name: separer
-- Parted again: two people until somebody says otherwise.
UPDATE pdp.doublon SET etat = 'annule', applique_at = NULL, parcours_garde_id = NULL, parcours_clos_id = NULL, statut_avant = NULL WHERE id = :doublon;

-- name: oublier_lignes
-- Everything is back.
DELETE FROM pdp.doublon_ligne WHERE doublon_id = :doublon;

-- name: agi_depuis
-- Whether somebody acted on the case that goes on since the merge.
SELECT EXISTS (SELECT 1 FROM pdp.acte a WHERE a.assure_id = :garde AND a.annule_at IS NULL AND a.fait_at > :applique_at);

-- name: rouvrir
-- The closed case as it was before the merge.
UPDATE pdp.parcours p SET clos_at = NULL, cloture_motif = NULL, statut = d.statut_avant, version = p.version + 1
FROM pdp.doublon d WHERE d.id = :doublon AND p.id = d.parcours_clos_id;

-- name: fermer_tache
-- The comparison is done.
UPDATE pdp.tache SET fermee_at = :maintenant, fermee_par = :par, issue = :issue,
    retard_jours = greatest(0, extract(day FROM cast(:maintenant AS timestamptz) - echeance_at)::integer)
WHERE parcours_id = :parcours AND motif = 'comparer_doublon' AND cause = :cause AND fermee_at IS NULL;

-- name: fermer_reprise
-- The reason that the merge had opened.
UPDATE pdp.tache SET fermee_at = :maintenant, fermee_par = 'sweep_doublons', issue = 'annulee', retard_jours = 0
WHERE parcours_id = :parcours AND cause = :cause AND fermee_at IS NULL;
