-- name: enregistrer
-- One attempt per form key.
INSERT INTO pdp.contact (plateforme_id, parcours_id, agent_id, survenu_at, canal, resultat, note, cle_saisie, entrant, script_version)
SELECT plateforme_id, id, :agent, :maintenant, :canal, :resultat, :note, :cle, :entrant, :script FROM pdp.parcours WHERE id = :parcours
ON CONFLICT (cle_saisie) DO NOTHING
RETURNING id;

-- name: est_connu
-- Whether an attempt bears this form key.
SELECT 1 FROM pdp.contact WHERE cle_saisie = :cle;

-- name: lister_essais
-- Calls of a parcours, oldest first, with the instant from which they count: relaunched, reopened, or a number given by the person.
SELECT c.survenu_at, c.resultat, d.depuis_at
FROM (SELECT greatest(
        (SELECT max(al.decide_at) FROM pdp.alerte al WHERE al.parcours_id = p.id AND al.decision = 'relancer_parcours'),
        (SELECT max(i.annule_at) FROM pdp.issue i WHERE i.parcours_id = p.id AND i.jalon = 'cloture'),
        (SELECT max(n.dit_at) FROM identite.coordonnee_dite n WHERE n.assure_id = p.assure_id AND n.genre = 'telephone' AND n.etat = 'dite'
            AND n.retiree_at IS NULL)) AS depuis_at
    FROM pdp.parcours p WHERE p.id = :parcours) d
LEFT JOIN pdp.contact c ON c.parcours_id = :parcours AND c.saisie_par_erreur_at IS NULL AND c.canal = 'telephone'
ORDER BY c.survenu_at, c.id;

-- name: lire_envois
-- When the message and the letter that follow the attempts were asked for.
SELECT max(fermee_at) FILTER (WHERE issue = 'message_envoye') AS message_at,
    max(fermee_at) FILTER (WHERE issue = 'envoye' AND motif IN ('premier_appel', 'nouvel_appel', 'autre_canal', 'courrier_injoignable')) AS courrier_at
FROM pdp.tache
WHERE parcours_id = :parcours AND fermee_at >= coalesce(cast(:depuis AS timestamptz), 'infinity');

-- name: verrouiller
-- One attempt, locked.
SELECT id, plateforme_id, parcours_id, agent_id, resultat, saisie_par_erreur_at FROM pdp.contact WHERE id = :contact FOR UPDATE;

-- name: annuler
-- Entered in error: the row stays.
UPDATE pdp.contact SET saisie_par_erreur_at = :maintenant WHERE id = :contact;
