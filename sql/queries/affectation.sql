-- name: verrouiller_plateforme
-- Serialises assignment and redistribution on a platform until the end of the transaction.
SELECT pg_advisory_xact_lock(hashtext('affectation'), hashtext(:plateforme));

-- name: lister_presents
-- CSAM in service that day: neither away, nor replaced by a redistribution in force (for good when it has no return).
SELECT a.id, a.numero, a.nom, a.prenom, a.quotite, a.territoire, a.competences
FROM pdp.agent a
WHERE a.plateforme_id = :plateforme AND a.role = 'csam' AND a.actif_du <= :jour AND (a.actif_au IS NULL OR :jour <= a.actif_au)
    AND NOT EXISTS (SELECT 1 FROM pdp.absence_agent x WHERE x.agent_id = a.id AND :jour BETWEEN x.du AND x.au)
    AND NOT EXISTS (SELECT 1 FROM pdp.redistribution r WHERE r.agent_id = a.id AND r.du <= :jour AND (r.au IS NULL OR :jour <= r.au)
        AND r.annulee_at IS NULL)
ORDER BY a.numero;

-- name: lister_charges
-- Open parcours of each CSAM of the platform, by what makes their effort: phase, hand-overs under way, first days.
SELECT p.csam_id, p.statut, p.orientations, p.recent, count(*)::integer AS nombre
FROM (
    SELECT q.csam_id, q.statut, (q.decide_at AT TIME ZONE :fuseau)::date >= :recent_depuis AS recent,
        (SELECT count(*) FROM pdp.orientation o
         WHERE o.parcours_id = q.id AND o.statut IN ('en_attente_accord', 'envoyee', 'recue', 'acceptee', 'en_cours'))::integer AS orientations
    FROM pdp.parcours q
    WHERE q.plateforme_id = :plateforme AND q.clos_at IS NULL AND q.csam_id IS NOT NULL
) p
GROUP BY p.csam_id, p.statut, p.orientations, p.recent;

-- name: lister_attente
-- Parcours to assign, most urgent first, with the coordinator of a parcours of the same person closed not long ago; what somebody holds waits.
SELECT p.id, s.commune_insee, s.langue, (p.decide_at AT TIME ZONE :fuseau)::date >= :recent_depuis AS recent,
    (SELECT q.csam_id FROM pdp.parcours q
     WHERE q.assure_id = p.assure_id AND q.id <> p.id AND q.csam_id IS NOT NULL AND q.cloture_motif NOT IN ('doublon', 'erreur')
       AND (q.clos_at AT TIME ZONE :fuseau)::date > :continuite_depuis
     ORDER BY q.clos_at DESC, q.id LIMIT 1) AS precedent
FROM pdp.parcours p
JOIN identite.assure s ON s.id = p.assure_id
WHERE p.plateforme_id = :plateforme AND p.statut = 'a_affecter' AND p.csam_id IS NULL
ORDER BY p.priorite DESC, p.decide_at, p.id
FOR NO KEY UPDATE OF p SKIP LOCKED;

-- name: affecter
-- Everything of many assignments at once: coordinator, history with its reason, first call, journal.
WITH choisi AS (
    SELECT c.parcours_id, c.csam_id, c.motif
    FROM unnest(cast(:parcours AS uuid[]), cast(:csam AS uuid[]), cast(:motifs AS text[])) AS c (parcours_id, csam_id, motif)
), change AS (
    UPDATE pdp.parcours p
    SET csam_id = c.csam_id, statut = :statut, version = p.version + 1, dernier_evenement_at = greatest(p.dernier_evenement_at, :maintenant)
    FROM choisi c
    WHERE p.id = c.parcours_id AND p.csam_id IS NULL AND p.statut = 'a_affecter'
    RETURNING p.id, p.plateforme_id, p.assure_id, p.signalement_id, p.csam_id, c.motif
), historique AS (
    INSERT INTO pdp.affectation (plateforme_id, parcours_id, csam_id, du, motif, par_type, par_id)
    SELECT plateforme_id, id, csam_id, :maintenant, motif, :type, :par FROM change
), appel AS (
    INSERT INTO pdp.tache (plateforme_id, parcours_id, motif, balle, echeance_at, cause, origine, ouverte_at, ouverte_par)
    SELECT plateforme_id, id, :appel, :balle, :echeance, signalement_id, 'automatique', :maintenant, :par FROM change ORDER BY id
    ON CONFLICT (parcours_id, motif, cause) WHERE fermee_at IS NULL DO NOTHING
    RETURNING plateforme_id, parcours_id
), consigne AS (
    SELECT journal.consigner_lot('parcours_affecte', coalesce((
        SELECT jsonb_agg(jsonb_build_object('plateforme_id', plateforme_id, 'assure_id', assure_id, 'parcours_id', id,
            'donnees', jsonb_build_object('csam_id', csam_id, 'motif', motif)) ORDER BY id) FROM change), '[]')) AS affectes
), consigne_tache AS (
    SELECT journal.consigner_lot('tache_ouverte', coalesce((
        SELECT jsonb_agg(jsonb_build_object('plateforme_id', plateforme_id, 'parcours_id', parcours_id,
            'donnees', jsonb_build_object('motif', cast(:appel AS text), 'echeance_at', cast(:echeance AS timestamptz))) ORDER BY parcours_id)
        FROM appel), '[]')) AS ouvertes
)
SELECT consigne.affectes, consigne_tache.ouvertes FROM consigne, consigne_tache;
