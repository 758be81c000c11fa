-- name: lister_exemples
-- One opaque id per situation worth a picture, among the parcours of the coordinator of an account.
WITH mien AS (
    SELECT p.* FROM pdp.parcours p JOIN securite.compte c ON c.agent_id = p.csam_id WHERE c.login = :csam
), exemple (cle, id, rang) AS (
    SELECT 'nouveau', m.id, row_number() OVER (ORDER BY m.priorite DESC, m.id)
    FROM mien m WHERE m.statut = 'affecte' AND NOT EXISTS (SELECT 1 FROM pdp.contact c WHERE c.parcours_id = m.id)
    UNION ALL
    SELECT 'planifie', m.id, row_number() OVER (ORDER BY t.debut_at, m.id)
    FROM mien m JOIN pdp.tele_echange t ON t.parcours_id = m.id
    WHERE m.statut = 'entretien_planifie' AND t.statut IN ('planifie', 'confirme') AND t.debut_at > :maintenant
    UNION ALL
    SELECT 'tele_echange_passe', t.id, row_number() OVER (ORDER BY t.debut_at, t.id)
    FROM mien m JOIN pdp.tele_echange t ON t.parcours_id = m.id
    WHERE m.clos_at IS NULL AND t.statut IN ('planifie', 'confirme') AND t.fin_at < :maintenant
    UNION ALL
    SELECT 'tele_echange_realise', t.id, row_number() OVER (ORDER BY t.debut_at DESC, t.id)
    FROM mien m JOIN pdp.tele_echange t ON t.parcours_id = m.id WHERE t.statut = 'realise'
    UNION ALL
    SELECT 'entretien_realise', m.id, row_number() OVER (ORDER BY m.dernier_evenement_at DESC, m.id)
    FROM mien m WHERE m.clos_at IS NULL AND m.statut IN ('entretien_realise', 'accord_demande')
        AND NOT EXISTS (SELECT 1 FROM pdp.orientation o WHERE o.parcours_id = m.id)
    UNION ALL
    SELECT 'reponse', m.id, row_number() OVER (ORDER BY m.clos_at IS NOT NULL, o.statut = 'refusee', o.repondue_at DESC, m.id)
    FROM mien m JOIN pdp.orientation o ON o.parcours_id = m.id WHERE o.repondue_at IS NOT NULL
    UNION ALL
    SELECT 'refus', m.id, row_number() OVER (ORDER BY m.clos_at IS NOT NULL, o.repondue_at DESC, m.id)
    FROM mien m JOIN pdp.orientation o ON o.parcours_id = m.id WHERE o.statut = 'refusee'
    UNION ALL
    SELECT 'clos', m.id, row_number() OVER (ORDER BY m.clos_at DESC, m.id) FROM mien m WHERE m.clos_at IS NOT NULL
    UNION ALL
    SELECT 'rechute', m.id, row_number() OVER (ORDER BY t.echeance_at, m.id)
    FROM mien m JOIN pdp.tache t ON t.parcours_id = m.id WHERE t.motif = 'rechute' AND t.fermee_at IS NULL
    UNION ALL
    SELECT 'conseiller', c.agent_id, 1 FROM securite.compte c WHERE c.login = :csam
    UNION ALL
    SELECT 'ligne', q.id, row_number() OVER (ORDER BY q.champ LIKE 'date%' DESC, q.connu_at DESC, q.id)
    FROM identite.quarantaine q JOIN securite.compte c ON c.plateforme_id = q.plateforme_id
    JOIN pdp.flux_fichier f ON f.id = q.fichier_id AND f.flux IN ('assures', 'arrets_prescrits')
    WHERE c.login = :csam AND q.resolue_at IS NULL AND q.champ IS NOT NULL AND q.champ NOT IN ('motif_medical', 'ald', 'hospitalisation')
)
SELECT cle, id FROM exemple WHERE rang = 1;

-- name: choisir_partenaire
-- Login of the partner whose inbox shows most: requests to answer first, then the number of requests.
SELECT c.login
FROM securite.compte c LEFT JOIN pdp.orientation o ON o.partenaire_id = c.partenaire_id AND o.envoyee_at IS NOT NULL
WHERE c.role = 'partenaire' AND c.login = ANY (:logins)
GROUP BY c.login
ORDER BY count(*) FILTER (WHERE o.statut IN ('envoyee', 'recue')) > 0 DESC, count(o.id) DESC, c.login
LIMIT 1;
