-- name: creer_version
-- Next version of the platform, unsigned.
INSERT INTO pdp.dol_version (plateforme_id, version, du)
SELECT :plateforme, 1 + coalesce(max(version), 0), :du FROM pdp.dol_version WHERE plateforme_id = :plateforme
RETURNING id;

-- name: creer_regle
-- One line of the table.
INSERT INTO pdp.dol_regle (dol_version_id, plateforme_id, rang, libelle, conditions, cible)
VALUES (:version, :plateforme, :rang, :libelle, cast(:conditions AS jsonb), :cible);

-- name: verrouiller_version
-- One version, locked.
SELECT id, plateforme_id, version, du, signe_at FROM pdp.dol_version WHERE id = :version FOR UPDATE;

-- name: clore_precedente
-- The signed version in force ends the day before the new one starts.
UPDATE pdp.dol_version SET au = cast(:du AS date) - 1
WHERE plateforme_id = :plateforme AND signe_at IS NOT NULL AND du < :du AND (au IS NULL OR au >= :du);

-- name: signer
-- Signature of a médecin-conseil over the rules as they are.
UPDATE pdp.dol_version SET signe_par = :par, signe_at = :maintenant, empreinte = :empreinte WHERE id = :version;

-- name: find_en_vigueur
-- Signed version of the document d'orientation local in force on a day.
SELECT v.id, v.version, v.du, v.au, v.signe_at, encode(v.empreinte, 'hex') AS empreinte, g.nom AS signataire_nom, g.prenom AS signataire_prenom
FROM pdp.dol_version v
LEFT JOIN pdp.agent g ON g.id = v.signe_par
WHERE v.signe_at IS NOT NULL AND v.du <= :jour AND (v.au IS NULL OR v.au >= :jour);

-- name: list_regles
-- Rules of a version in order, with how many files each has oriented, how many of these a médecin-conseil changed, and since when.
SELECT r.id, r.rang, r.libelle, r.conditions, r.cible, s.appliquee + d.ecartee AS appliquee, d.ecartee, s.derniere_at
FROM pdp.dol_regle r
CROSS JOIN LATERAL (SELECT count(*) AS appliquee, max(x.decide_at) AS derniere_at FROM pdp.signalement x WHERE x.dol_regle_id = r.id) s
CROSS JOIN LATERAL (SELECT count(*) AS ecartee FROM pdp.dol_derogation x WHERE x.dol_regle_id = r.id AND x.annulee_at IS NULL) d
WHERE r.dol_version_id = :version_id
ORDER BY r.rang;

-- name: list_versions
-- Every version with its dates and its signature, latest first.
SELECT v.id, v.version, v.du, v.au, v.signe_at, encode(v.empreinte, 'hex') AS empreinte, g.nom AS signataire_nom, g.prenom AS signataire_prenom
FROM pdp.dol_version v
LEFT JOIN pdp.agent g ON g.id = v.signe_par
ORDER BY v.version DESC;

-- name: count_decisions
-- How the files were decided: by a médecin-conseil, by delegation, by the system.
SELECT s.mode_decision, s.statut, count(*) AS nombre
FROM pdp.signalement s
WHERE s.decide_at IS NOT NULL
GROUP BY s.mode_decision, s.statut
ORDER BY s.mode_decision, count(*) DESC, s.statut;

-- name: find_brouillon
-- The draft of the platform, with who changed it last.
SELECT b.plateforme_id, b.du, b.regles, b.revision, v.version AS version_de_depart, b.ouvert_at, b.modifie_at, g.nom AS modifie_nom,
    g.prenom AS modifie_prenom
FROM pdp.dol_brouillon b
JOIN pdp.agent g ON g.id = b.modifie_par
LEFT JOIN pdp.dol_version v ON v.id = b.version_de_depart
WHERE b.plateforme_id = :plateforme;

-- name: verrouiller_brouillon
-- The draft of the platform, locked.
SELECT du, regles, revision FROM pdp.dol_brouillon WHERE plateforme_id = :plateforme FOR UPDATE;

-- name: ouvrir_brouillon
-- A draft, one per platform: begun by somebody else meanwhile, it stays as it is.
INSERT INTO pdp.dol_brouillon (plateforme_id, du, regles, version_de_depart, ouvert_at, modifie_par, modifie_at)
VALUES (:plateforme, :du, cast(:regles AS jsonb), :version, :maintenant, :par, :maintenant)
ON CONFLICT (plateforme_id) DO NOTHING
RETURNING revision;

-- name: ecrire_brouillon
-- The draft as now written.
UPDATE pdp.dol_brouillon SET du = :du, regles = cast(:regles AS jsonb), revision = revision + 1, modifie_par = :par, modifie_at = :maintenant
WHERE plateforme_id = :plateforme;

-- name: supprimer_brouillon
-- Signed or given up.
DELETE FROM pdp.dol_brouillon WHERE plateforme_id = :plateforme;

-- name: lister_passes
-- Past files as the delegation saw them on the day they were known, where each went and whether a médecin-conseil chose.
SELECT s.id, k.connu_le, s.palier, e.motif_categorie, e.risque, e.ald, extract(year FROM age(k.connu_le, a.date_naissance))::integer AS age,
    pdp.priorite_du_jour(s.id, k.connu_le) AS priorite, CASE WHEN s.statut <> 'a_trier' THEN s.statut END AS decision,
    coalesce(s.mode_decision = 'mc', false) AS par_medecin
FROM pdp.signalement s
JOIN pdp.episode e ON e.id = s.episode_id
JOIN identite.assure a ON a.id = s.assure_id
CROSS JOIN LATERAL (SELECT (s.connu_at AT TIME ZONE :fuseau)::date AS connu_le) k
WHERE s.plateforme_id = :plateforme AND k.connu_le BETWEEN :du AND :au
    AND s.statut IN ('a_trier', 'oriente_csam', 'oriente_ism', 'convocation_mc', 'sans_suite')
ORDER BY s.connu_at DESC, s.id;

-- name: list_delegues
-- Files oriented by a rule, latest first.
SELECT s.id, s.statut, s.decide_at, s.palier, a.nom, a.prenom, a.date_naissance, r.libelle AS regle_libelle, v.version
FROM pdp.signalement s
JOIN identite.assure a ON a.id = s.assure_id
JOIN pdp.dol_regle r ON r.id = s.dol_regle_id
JOIN pdp.dol_version v ON v.id = s.dol_version_id
WHERE s.mode_decision = 'delegue' AND (cast(:regle AS uuid) IS NULL OR s.dol_regle_id = cast(:regle AS uuid))
ORDER BY s.decide_at DESC, s.id
LIMIT :limite;

-- name: list_derogations
-- What médecins-conseils changed, latest first; the person is an opaque id.
SELECT d.id, d.signalement_id, d.cible_avant, d.cible_apres, d.motif, d.fait_at, d.annulee_at, g.nom AS medecin_nom, g.prenom AS medecin_prenom,
    r.libelle AS regle_libelle, v.version
FROM pdp.dol_derogation d
JOIN pdp.agent g ON g.id = d.medecin_id
JOIN pdp.dol_regle r ON r.id = d.dol_regle_id
JOIN pdp.dol_version v ON v.id = d.dol_version_id
ORDER BY d.fait_at DESC, d.id
LIMIT :limite;

-- name: verrouiller_delegue
-- A file and the rule that oriented it, locked; with its own parcours still open, and whether anybody has begun with the person.
SELECT s.id, s.plateforme_id, s.assure_id, s.statut, s.mode_decision, s.dol_version_id, s.dol_regle_id, p.id AS parcours_id,
    coalesce(p.statut NOT IN ('a_affecter', 'affecte'), false)
        OR EXISTS (SELECT 1 FROM pdp.contact c WHERE c.parcours_id = p.id AND c.saisie_par_erreur_at IS NULL) AS commence
FROM pdp.signalement s
LEFT JOIN pdp.parcours p ON p.signalement_id = s.id AND p.clos_at IS NULL
WHERE s.id = :signalement
FOR UPDATE OF s;

-- name: verrouiller_suivis
-- Follow-ups of a file, locked.
SELECT id, clos_at FROM pdp.suivi_medical WHERE signalement_id = :signalement AND saisie_par_erreur_at IS NULL FOR UPDATE;

-- name: retirer_suivi
-- The orientation that opened it was changed: it ends, without an outcome of its own.
UPDATE pdp.suivi_medical SET clos_at = :maintenant, clos_par = :par, issue = 'sans_suite', saisie_par_erreur_at = :maintenant WHERE id = :suivi;

-- name: creer_derogation
-- What was changed, of which rule, and why.
INSERT INTO pdp.dol_derogation (plateforme_id, assure_id, signalement_id, dol_version_id, dol_regle_id, cible_avant, cible_apres, motif, medecin_id, fait_at)
VALUES (:plateforme, :assure, :signalement, :version, :regle, :avant, :apres, :motif, :par, :maintenant)
RETURNING id;

-- name: lister_rechutes
-- Question asked to the coordinator of a former parcours because of this file, still open.
SELECT t.id FROM pdp.tache t JOIN pdp.parcours p ON p.id = t.parcours_id
WHERE p.assure_id = :assure AND t.motif = 'rechute' AND t.cause = :cause AND t.fermee_at IS NULL;
