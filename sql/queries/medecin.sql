-- name: list_signalements_a_trier
-- Files waiting for a decision, highest priority of the day first, then longest wait; the medical class is not read here.
SELECT s.id, s.palier, pdp.priorite_du_jour(s.id, :jour) AS priorite, s.survenu_le, s.connu_at, s.source, a.nom, a.prenom, a.date_naissance, a.contrat,
       e.debut, e.fin, e.risque, e.motif_categorie, e.jours_prescrits, e.nb_prescriptions, e.temps_partiel,
       greatest(0, cast(:plafond AS integer) - pdp.jours_comptes(c.comptees, :jour, :annees)) AS ij_restantes, c.epuisement_le,
       (SELECT coalesce(array_agg(m.libelle ORDER BY m.points DESC, m.regle), '{}') FROM pdp.signalement_motif m WHERE m.signalement_id = s.id)
           AS motifs
FROM pdp.signalement s
JOIN identite.assure a ON a.id = s.assure_id
JOIN pdp.episode e ON e.id = s.episode_id
LEFT JOIN pdp.droits_ij c ON c.assure_id = s.assure_id
WHERE s.statut = 'a_trier'
ORDER BY priorite DESC, s.connu_at, s.id
LIMIT :limite;

-- name: count_signalements
-- Files to orient, and decisions of the médecin-conseil and of the delegation since this morning, where the platform is.
WITH ici AS (
    SELECT (cast(:maintenant AS timestamptz) AT TIME ZONE f.fuseau)::date AS jour, f.fuseau FROM pdp.plateforme f WHERE f.id = (SELECT securite.plateforme_courante())
), matin AS (
    SELECT ici.jour::timestamp AT TIME ZONE ici.fuseau AS depuis FROM ici
)
SELECT count(*) FILTER (WHERE s.statut = 'a_trier') AS a_trier,
       min(s.connu_at) FILTER (WHERE s.statut = 'a_trier') AS plus_ancien_at,
       count(*) FILTER (WHERE s.decide_at >= (SELECT depuis FROM matin) AND s.mode_decision = 'mc') AS decides_mc,
       count(*) FILTER (WHERE s.decide_at >= (SELECT depuis FROM matin) AND s.mode_decision = 'delegue') AS decides_delegues
FROM pdp.signalement s
WHERE s.statut = 'a_trier' OR s.decide_at >= (SELECT depuis FROM matin);

-- name: find_dossier
-- One file with its person and its absence; the medical class is not read here.
SELECT s.id, s.plateforme_id, s.assure_id, s.statut, s.palier, s.priorite, s.survenu_le, s.connu_at, s.decide_at, s.mode_decision, s.motif_decision,
       s.source, a.nom, a.prenom, a.date_naissance, a.contrat, e.debut, e.fin, e.risque, e.motif_categorie, e.jours_prescrits, e.nb_prescriptions,
       e.temps_partiel,
       d.nom AS decideur_nom, d.prenom AS decideur_prenom, r.libelle AS regle_libelle, v.version AS dol_version,
       p.id AS parcours_id, p.statut AS parcours_statut, p.clos_at, g.nom AS csam_nom, g.prenom AS csam_prenom
FROM pdp.signalement s
JOIN identite.assure a ON a.id = s.assure_id
JOIN pdp.episode e ON e.id = s.episode_id
LEFT JOIN pdp.agent d ON d.id = s.decide_par
LEFT JOIN pdp.dol_regle r ON r.id = s.dol_regle_id
LEFT JOIN pdp.dol_version v ON v.id = s.dol_version_id
LEFT JOIN LATERAL (
    SELECT q.id, q.statut, q.clos_at, q.csam_id
    FROM pdp.parcours q
    WHERE q.assure_id = s.assure_id
    ORDER BY q.clos_at IS NOT NULL, q.signalement_id <> s.id, q.decide_at DESC
    LIMIT 1
) p ON true
LEFT JOIN pdp.agent g ON g.id = p.csam_id
WHERE s.id = :signalement_id;

-- name: list_motifs
-- Rules that fired for one file, with what they saw and the value they compared to.
SELECT m.regle, m.regle_version, m.libelle, m.points, m.parametre_id
FROM pdp.signalement_motif m
WHERE m.signalement_id = :signalement_id
ORDER BY m.points DESC, m.regle;

-- name: list_prescriptions
-- Prescriptions of the person, latest first, without their medical motif.
SELECT date_debut, date_fin, nature, risque, temps_partiel
FROM pdp.arret_prescrit
WHERE assure_id = :assure_id AND NOT annule
ORDER BY date_debut DESC
LIMIT 40;

-- name: list_evenements
-- History of one person, latest first.
SELECT e.survenu_at, e.evenement, e.auteur_role, e.auteur_type
FROM journal.evenement e
WHERE e.assure_id = :assure_id
ORDER BY e.id DESC
LIMIT 30;

-- name: find_personne_dossier
-- Whom a file is about, for the journal of a medical consultation.
SELECT s.plateforme_id, s.assure_id, p.id AS parcours_id
FROM pdp.signalement s
LEFT JOIN LATERAL (
    SELECT q.id FROM pdp.parcours q WHERE q.assure_id = s.assure_id ORDER BY q.clos_at IS NOT NULL, q.decide_at DESC LIMIT 1
) p ON true
WHERE s.id = :signalement_id;

-- name: list_motifs_medicaux
-- Medical motif of each prescription of a person; only after the consultation is in the journal.
SELECT p.date_debut, p.date_fin, p.nature, p.ald, p.hospitalisation, m.code_cim10
FROM pdp.arret_prescrit p
LEFT JOIN medical.motif_arret m ON m.arret_id = p.id
WHERE p.assure_id = :assure_id AND NOT p.annule
ORDER BY p.date_debut DESC
LIMIT 40;

-- name: list_sante_declaree
-- What the person said of their health, per télé-échange; only after the consultation is in the journal.
SELECT s.recueilli_at, s.reponses
FROM medical.sante_declaree s
JOIN pdp.parcours p ON p.id = s.parcours_id
WHERE p.assure_id = :assure_id
ORDER BY s.recueilli_at DESC
LIMIT 20;

-- name: list_avis
-- Opinions given on the parcours of a person; only after the consultation is in the journal.
SELECT v.texte, v.rendu_at, g.nom AS medecin_nom, g.prenom AS medecin_prenom
FROM medical.avis v
JOIN pdp.parcours p ON p.id = v.parcours_id
LEFT JOIN pdp.agent g ON g.id = v.medecin_id
WHERE p.assure_id = :assure_id
ORDER BY v.rendu_at DESC
LIMIT 20;

-- name: insert_avis
-- One opinion; the key comes from the form, so a double click breaks the key. (A conflict clause would read a row nobody consulted.)
INSERT INTO medical.avis (id, plateforme_id, parcours_id, medecin_id, texte, rendu_at)
VALUES (:id, :plateforme_id, :parcours_id, :medecin_id, :texte, :rendu_at);
