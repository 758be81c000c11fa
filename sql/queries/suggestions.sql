-- name: lire_personne
-- What routing rests on: where the person lives, the occupational health service and the employers declared for the contracts that still run,
-- and what was said at the last interview. Without any declaration, the employer of the last payment.
SELECT p.plateforme_id, s.commune_insee AS commune, t.emploi, t.social,
    ARRAY(
        SELECT DISTINCT d.valeur
        FROM pdp.fait_dsn d
        WHERE d.assure_id = p.assure_id AND d.genre = 'spst' AND d.valeur IS NOT NULL AND NOT d.annule
          AND NOT EXISTS (SELECT FROM pdp.fait_dsn f WHERE f.assure_id = p.assure_id AND f.genre = 'fin_contrat' AND NOT f.annule
              AND f.siret IS NOT DISTINCT FROM d.siret AND f.debut BETWEEN d.debut AND :jour)
        ORDER BY d.valeur
    ) AS spst,
    CASE WHEN e.sirets = '{}' THEN ARRAY(
        SELECT v.siret FROM pdp.ij_versee v WHERE v.assure_id = p.assure_id AND v.siret IS NOT NULL ORDER BY v.debut DESC, v.siret LIMIT 1
    ) ELSE e.sirets END AS employeurs
FROM pdp.parcours p
JOIN identite.assure s ON s.id = p.assure_id
CROSS JOIN LATERAL (
    SELECT ARRAY(
        SELECT DISTINCT d.siret
        FROM pdp.fait_dsn d
        WHERE d.assure_id = p.assure_id AND d.genre IN ('spst', 'arret') AND d.siret IS NOT NULL AND NOT d.annule
          AND NOT EXISTS (SELECT FROM pdp.fait_dsn f WHERE f.assure_id = p.assure_id AND f.genre = 'fin_contrat' AND NOT f.annule
              AND f.siret IS NOT DISTINCT FROM d.siret AND f.debut BETWEEN d.debut AND :jour)
        ORDER BY d.siret
    ) AS sirets
) e
LEFT JOIN LATERAL (SELECT emploi, social FROM pdp.tele_echange WHERE parcours_id = p.id AND statut IN ('realise', 'realise_partiel')
    ORDER BY debut_at DESC LIMIT 1) t ON true
WHERE p.id = :parcours;

-- name: lister_partenaires
-- Every partner in activity that day, except one: whom it serves for that person, its places, who is away, its usual delay, agreement, refusal.
SELECT n.id, n.nom, n.type, n.telephone, n.horaires, a.id IS NOT NULL AS accord_actif,
    z.code AS zone, EXISTS (SELECT FROM pdp.partenaire_desserte d WHERE d.partenaire_id = n.id AND d.genre = 'zone' AND d.retire_at IS NULL) AS zones,
    EXISTS (SELECT FROM pdp.partenaire_desserte d WHERE d.partenaire_id = n.id AND d.genre = 'spst' AND d.retire_at IS NULL
        AND d.code = ANY (cast(:spst AS text[]))) AS spst,
    EXISTS (SELECT FROM pdp.partenaire_desserte d, unnest(cast(:employeurs AS text[])) AS e (siret) WHERE d.partenaire_id = n.id
        AND d.genre = 'employeur' AND d.retire_at IS NULL AND d.code IN (e.siret, left(e.siret, 9))) AS employeur,
    u.places, u.periode, u.pris, u.complet_jusqu_au, u.ferme_jusqu_au, u.relais, r.refus_motif AS refus, r.repondue_at AS refus_at,
    m.reponse_jours AS delai_jours, coalesce(m.repondues, 0) AS delai_nombre
FROM pdp.parcours p
JOIN pdp.partenaire n ON n.plateforme_id = p.plateforme_id AND n.actif_du <= :jour AND (n.actif_au IS NULL OR :jour <= n.actif_au)
JOIN pdp.partenaires_au(:jour) u ON u.partenaire_id = n.id
LEFT JOIN pdp.delais_des_partenaires(:depuis, :jour) m ON m.partenaire_id = n.id
LEFT JOIN LATERAL pdp.accord_en_vigueur(p.id, n.type, n.id, :jour) a ON true
LEFT JOIN LATERAL (SELECT d.code FROM pdp.partenaire_desserte d
    WHERE d.partenaire_id = n.id AND d.genre = 'zone' AND d.retire_at IS NULL AND starts_with(cast(:commune AS text), d.code)
    ORDER BY length(d.code) DESC LIMIT 1) z ON true
LEFT JOIN LATERAL (SELECT o.refus_motif, o.repondue_at FROM pdp.orientation o
    WHERE o.parcours_id = p.id AND o.partenaire_id = n.id AND o.statut = 'refusee' ORDER BY o.repondue_at DESC LIMIT 1) r ON true
WHERE p.id = :parcours AND n.id IS DISTINCT FROM cast(:sauf AS uuid)
ORDER BY n.type, n.nom, n.id;
