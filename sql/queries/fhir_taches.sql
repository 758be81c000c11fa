-- name: connue
-- The partner's part of the last Task kept about a hand-over of this partner; a row with nothing when none was, none when it is not its own.
SELECT o.id, t.ressource, t.version
FROM pdp.orientation o LEFT JOIN pdp.tache_fhir t ON t.orientation_id = o.id
WHERE o.id = :orientation AND o.partenaire_id = :partenaire;

-- name: garder
-- The last Task of a partner; an older version never replaces a newer one.
INSERT INTO pdp.tache_fhir AS t (orientation_id, plateforme_id, partenaire_id, version, ressource, lue_at)
VALUES (:orientation, :plateforme, :partenaire, :version, cast(:ressource AS jsonb), :maintenant)
ON CONFLICT (orientation_id) DO UPDATE SET version = excluded.version, ressource = excluded.ressource, lue_at = excluded.lue_at
WHERE t.version <= excluded.version AND t.partenaire_id = excluded.partenaire_id;

-- name: lister
-- Hand-overs of the partner of the signed context as Tasks, from the oldest change: its last answer counts before it is applied.
SELECT * FROM (
    SELECT o.id, o.plateforme_id, p.id_source, p.nom AS partenaire, f.libelle AS plateforme, f.telephone, o.dispositif, o.motif_lisible AS motif,
        o.contenu_lisible AS contenu, o.proposee_at,
        coalesce(a.statut, o.statut) AS statut, coalesce(a.motif, o.refus_motif) AS refus_motif, coalesce(a.compte_rendu, o.compte_rendu) AS compte_rendu,
        greatest(o.version_partenaire, coalesce(v.version, 0)) AS version, greatest(o.envoyee_at, o.repondue_at, v.recu_at, q.dite_at) AS modifiee_at,
        t.ressource, t.version AS ressource_version, coalesce(q.paroles, '[]') AS paroles
    FROM pdp.orientation o
    JOIN pdp.partenaire p ON p.id = o.partenaire_id
    JOIN pdp.plateforme f ON f.id = o.plateforme_id
    LEFT JOIN pdp.tache_fhir t ON t.orientation_id = o.id
    LEFT JOIN LATERAL (SELECT i.statut, i.motif, i.compte_rendu FROM pdp.inbox i
        WHERE i.orientation_id = o.id AND i.traite_at IS NULL AND i.nature = 'statut' ORDER BY i.version DESC, i.recu_at DESC LIMIT 1) a ON true
    LEFT JOIN LATERAL (SELECT max(i.version) AS version, max(i.recu_at) AS recu_at FROM pdp.inbox i WHERE i.orientation_id = o.id) v ON true
    LEFT JOIN LATERAL (  -- what the platform wrote: its questions, its answers
        SELECT max(d.dite_at) AS dite_at, jsonb_agg(jsonb_build_array(d.dite_at, d.texte) ORDER BY d.dite_at) AS paroles
        FROM pdp.echange_question e
        CROSS JOIN LATERAL (SELECT CASE e.par WHEN 'csam' THEN e.posee_at ELSE e.repondue_at END AS dite_at,
            CASE e.par WHEN 'csam' THEN e.texte ELSE e.reponse END AS texte) d
        WHERE e.orientation_id = o.id AND e.retiree_at IS NULL AND d.texte IS NOT NULL) q ON true
    WHERE (cast(:orientation AS uuid) IS NULL OR o.id = :orientation)
      AND (o.statut IN ('envoyee', 'recue', 'acceptee', 'en_cours') OR coalesce(o.repondue_at, o.envoyee_at) >= :visible_depuis)
) l
WHERE (cast(:depuis AS timestamptz) IS NULL OR l.modifiee_at > :depuis)
  AND (cast(:jusqu_a AS timestamptz) IS NULL OR l.modifiee_at < :jusqu_a)
  AND (cast(:apres_at AS timestamptz) IS NULL OR (l.modifiee_at, l.id) > (cast(:apres_at AS timestamptz), cast(:apres_id AS uuid)))
ORDER BY l.modifiee_at, l.id
LIMIT :limite;

-- name: verrouiller
-- One writer at a time on the answers to a hand-over (a partner may read it, not lock its row).
SELECT pg_advisory_xact_lock(hashtextextended(cast(:orientation AS text), 43));

-- name: lire_moi
-- Whether the partner of the signed context is still one on that day.
SELECT p.actif_du <= :jour AND (p.actif_au IS NULL OR p.actif_au >= :jour) AS actif FROM pdp.partenaire p;
