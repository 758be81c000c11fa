-- name: compter_groupes
-- Open refused lines by feed and reason, of the platform or of none: those that wait for somebody, those whose decision waits for the next reception.
SELECT f.flux, q.code, min(q.message) AS exemple, count(*) FILTER (WHERE c.id IS NULL) AS a_traiter, count(c.id) AS en_attente, max(q.connu_at) AS derniere_at
FROM identite.quarantaine q
JOIN pdp.flux_fichier f ON f.id = q.fichier_id
LEFT JOIN identite.correction_quarantaine c ON c.quarantaine_id = q.id AND c.traitee_at IS NULL AND c.annulee_at IS NULL
WHERE (q.resolue_at IS NULL OR c.id IS NOT NULL) AND (q.plateforme_id IS NULL) = cast(:sans_plateforme AS boolean)
GROUP BY f.flux, q.code
ORDER BY count(*) DESC, f.flux, q.code;

-- name: compter_etats
-- Lines by what they wait for, for the filters.
SELECT count(*) FILTER (WHERE q.resolue_at IS NULL AND c.id IS NULL AND q.plateforme_id IS NOT NULL) AS a_traiter,
       count(c.id) FILTER (WHERE q.plateforme_id IS NOT NULL) AS en_attente,
       count(*) FILTER (WHERE q.resolue_at IS NOT NULL AND c.id IS NULL AND q.plateforme_id IS NOT NULL) AS traitees,
       count(*) FILTER (WHERE q.resolue_at IS NULL AND q.plateforme_id IS NULL) AS sans_plateforme
FROM identite.quarantaine q
LEFT JOIN identite.correction_quarantaine c ON c.quarantaine_id = q.id AND c.traitee_at IS NULL AND c.annulee_at IS NULL;

-- name: lister_lignes
-- Refused lines of one state, by feed, reason or file when asked: where and why, never what they hold.
SELECT q.id, f.flux, f.nom AS fichier, q.numero_ligne, q.champ, q.code, q.message, q.connu_at, q.resolue_at, q.resolution, c.decision AS en_attente
FROM identite.quarantaine q
JOIN pdp.flux_fichier f ON f.id = q.fichier_id
LEFT JOIN identite.correction_quarantaine c ON c.quarantaine_id = q.id AND c.traitee_at IS NULL AND c.annulee_at IS NULL
WHERE (q.plateforme_id IS NULL) = (cast(:etat AS text) = 'sans_plateforme')
  AND CASE cast(:etat AS text) WHEN 'en_attente' THEN c.id IS NOT NULL
                 WHEN 'traitees' THEN q.resolue_at IS NOT NULL AND c.id IS NULL
                 WHEN 'sans_plateforme' THEN q.resolue_at IS NULL
                 ELSE q.resolue_at IS NULL AND c.id IS NULL END
  AND (cast(:flux AS text) IS NULL OR f.flux = :flux)
  AND (cast(:code AS text) IS NULL OR q.code = :code)
  AND (cast(:fichier AS uuid) IS NULL OR q.fichier_id = :fichier)
ORDER BY coalesce(q.resolue_at, q.connu_at) DESC, f.nom, q.numero_ligne
LIMIT :limite;

-- name: trouver_ligne
-- One refused line of the platform, without its content.
SELECT q.id, f.flux, f.nom AS fichier, q.numero_ligne, q.champ, q.code, q.message, q.connu_at, q.resolue_at, q.resolution, c.decision AS en_attente
FROM identite.quarantaine q
JOIN pdp.flux_fichier f ON f.id = q.fichier_id
LEFT JOIN identite.correction_quarantaine c ON c.quarantaine_id = q.id AND c.traitee_at IS NULL AND c.annulee_at IS NULL
WHERE q.id = :ligne AND q.plateforme_id IS NOT NULL;

-- name: lister_decisions
-- What was decided about a line and what came of it, latest first.
SELECT c.decision, c.champs, c.motif, c.demandee_at, c.annulee_at, c.traitee_at, c.resultat, c.resultat_message, a.nom, a.prenom
FROM identite.correction_quarantaine c JOIN pdp.agent a ON a.id = c.agent_id
WHERE c.quarantaine_id = :ligne
ORDER BY c.demandee_at DESC, c.id;

-- name: ouvrir_ligne
-- Content of a line, encrypted; the function journals the opening.
SELECT identite.ouvrir_ligne(:ligne);

-- name: trouver_departement
-- Department of a platform.
SELECT departement FROM pdp.plateforme WHERE id = :plateforme;

-- name: demander
-- A decision about one line; no row when another one already waits.
INSERT INTO identite.correction_quarantaine (plateforme_id, quarantaine_id, decision, contenu_chiffre, champs, motif, agent_id, demandee_at)
VALUES (:plateforme, :ligne, :decision, :contenu, :champs, :motif, :agent, :maintenant)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: demander_lot
-- The same decision about every open line of one feed and reason, of the platform or of none.
INSERT INTO identite.correction_quarantaine (plateforme_id, quarantaine_id, decision, motif, agent_id, demandee_at)
SELECT :plateforme, q.id, :decision, cast(:motif AS text), :agent, :maintenant
FROM identite.quarantaine q JOIN pdp.flux_fichier f ON f.id = q.fichier_id
WHERE q.resolue_at IS NULL AND (q.plateforme_id IS NULL) = cast(:sans_plateforme AS boolean) AND f.flux = :flux AND q.code = :code
ON CONFLICT DO NOTHING;

-- name: retirer_demande
-- Take back a decision that no reception has seen yet.
UPDATE identite.correction_quarantaine SET annulee_at = :maintenant WHERE quarantaine_id = :ligne AND traitee_at IS NULL AND annulee_at IS NULL;

-- name: reserver_demandes
-- Decisions to apply, oldest first, with the content to replay.
SELECT c.id, c.quarantaine_id, c.plateforme_id, c.decision, coalesce(c.contenu_chiffre, q.contenu_chiffre) AS contenu, q.fichier_id, f.flux
FROM identite.correction_quarantaine c
JOIN identite.quarantaine q ON q.id = c.quarantaine_id
JOIN pdp.flux_fichier f ON f.id = q.fichier_id
WHERE c.traitee_at IS NULL AND c.annulee_at IS NULL
ORDER BY c.demandee_at, c.id
LIMIT :limite
FOR NO KEY UPDATE OF c, q SKIP LOCKED;

-- name: lister_hors_plateforme
-- Pivot ids that no person of the platform bears and that somebody bears elsewhere.
SELECT a.id_source FROM identite.assure a
WHERE a.id_source = ANY (cast(:ids AS text[]))
GROUP BY a.id_source
HAVING bool_and(a.plateforme_id <> :plateforme);

-- name: lister_pris_arrets_prescrits
-- Lines of the batch that changed something.
SELECT numero FROM retenu_arrets_prescrits;

-- name: lister_pris_assures
-- Lines of the batch that changed something.
SELECT numero FROM retenu_assures;

-- name: lister_pris_ij_versees
-- Lines of the batch that changed something.
SELECT numero FROM retenu_ij_versees;

-- name: lister_pris_ald_invalidite
-- Lines of the batch that changed something.
SELECT numero FROM retenu_ald_invalidite;

-- name: conclure_demande
-- What came of one decision; the content before a correction is kept beside it.
UPDATE identite.correction_quarantaine c
SET traitee_at = :maintenant, resultat = :resultat, resultat_champ = :champ, resultat_code = :code, resultat_message = :message,
    contenu_avant_chiffre = CASE WHEN c.decision = 'corriger' THEN q.contenu_chiffre END
FROM identite.quarantaine q
WHERE c.id = :id AND q.id = c.quarantaine_id;

-- name: conclure_ligne
-- The line leaves the quarantine, or stays with its new reason; a corrected content replaces the former one, a corrected key is unknown.
UPDATE identite.quarantaine q
SET contenu_chiffre = coalesce(c.contenu_chiffre, q.contenu_chiffre),
    resolue_at = CASE WHEN c.resultat = 'encore_refuse' THEN NULL ELSE c.traitee_at END,
    resolution = CASE c.resultat WHEN 'encore_refuse' THEN NULL WHEN 'abandonne' THEN 'abandonnee'
                                 ELSE CASE c.decision WHEN 'corriger' THEN 'corrigee' ELSE 'rejouee' END END,
    champ = CASE WHEN c.resultat = 'encore_refuse' THEN c.resultat_champ ELSE q.champ END,
    code = CASE WHEN c.resultat = 'encore_refuse' THEN c.resultat_code ELSE q.code END,
    message = CASE WHEN c.resultat = 'encore_refuse' THEN c.resultat_message ELSE q.message END,
    cle_metier = CASE WHEN c.resultat = 'encore_refuse' THEN cast(:cle AS text) ELSE q.cle_metier END,
    cle_ligne = CASE WHEN c.champs && cast(:cles AS text[]) THEN NULL ELSE q.cle_ligne END,
    version_ligne = CASE WHEN c.champs && cast(:cles AS text[]) THEN NULL ELSE q.version_ligne END
FROM identite.correction_quarantaine c
WHERE c.id = :id AND q.id = c.quarantaine_id;

-- name: consigner_demandes
-- One journal event per decision applied.
SELECT journal.consigner_lot('correction_appliquee', jsonb_agg(jsonb_build_object('plateforme_id', c.plateforme_id,
    'donnees', jsonb_build_object('quarantaine_id', c.quarantaine_id, 'decision', c.decision, 'resultat', c.resultat))))
FROM identite.correction_quarantaine c
WHERE c.id = ANY (cast(:ids AS uuid[]))
HAVING count(*) > 0;

-- name: rattacher_depots
-- A refused line that names no platform goes to the platform of the manager who sent its file: somebody must see it.
UPDATE identite.quarantaine q
SET plateforme_id = d.plateforme_id
FROM pdp.flux_fichier f
JOIN LATERAL (SELECT plateforme_id FROM pdp.fichier_depose WHERE flux = f.flux AND empreinte = f.empreinte ORDER BY depose_at LIMIT 1) d ON true
WHERE f.id = q.fichier_id AND q.plateforme_id IS NULL AND q.resolue_at IS NULL;

-- name: fermer_sans_plateforme
-- Lines of no platform that nobody claimed in time, by feed.
WITH ferme AS (
    UPDATE identite.quarantaine q SET resolue_at = :maintenant, resolution = 'abandonnee'
    FROM pdp.flux_fichier f
    WHERE f.id = q.fichier_id AND q.plateforme_id IS NULL AND q.resolue_at IS NULL AND q.connu_at < :limite
    RETURNING f.flux
)
SELECT flux, count(*) AS lignes FROM ferme GROUP BY flux ORDER BY flux;

-- name: deposer
-- A file sent by hand.
INSERT INTO pdp.fichier_depose (plateforme_id, agent_id, flux, nom, empreinte, taille_octets, depose_at, deja_recu)
VALUES (:plateforme, :agent, :flux, :nom, :empreinte, :taille, :maintenant, :deja_recu)
RETURNING id;

-- name: trouver_contenu
-- When a content was loaded, if it was.
SELECT nom, recu_at FROM pdp.flux_fichier WHERE flux = :flux AND empreinte = :empreinte AND etat = 'charge';

-- name: lister_depots
-- Files sent by hand, latest first, and what became of each content.
SELECT d.id, d.flux, d.nom, d.taille_octets, d.depose_at, d.deja_recu, a.nom AS agent_nom, a.prenom AS agent_prenom, f.id AS fichier_id, f.nom AS recu_sous,
       f.etat, f.motif, f.lignes, f.admises, f.inchangees, f.rejetees, f.recu_at
FROM pdp.fichier_depose d
JOIN pdp.agent a ON a.id = d.agent_id
LEFT JOIN pdp.flux_fichier f ON f.flux = d.flux AND f.empreinte = d.empreinte
WHERE cast(:depot AS uuid) IS NULL OR d.id = :depot
ORDER BY d.depose_at DESC, d.id
LIMIT :limite;

-- name: compter_raisons
-- Refused lines of one file that the manager may see, by reason.
SELECT q.code, min(q.message) AS exemple, count(*) AS nombre, count(*) FILTER (WHERE q.resolue_at IS NULL) AS ouvertes
FROM identite.quarantaine q
WHERE q.fichier_id = :fichier
GROUP BY q.code
ORDER BY count(*) DESC, q.code;
