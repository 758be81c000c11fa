-- Searches of the watch for what breaks a parcours: the médecin-conseil is told, and decides.

-- name: injoignables
-- Enough calls in vain (or a wrong number), then a letter without an answer in time; one call per day and part of the day counts, and counts
-- restart when the person is reached or gives a number, or the parcours is relaunched.
WITH depart AS (
    SELECT p.id, p.assure_id,
        greatest(
            (SELECT max(c.survenu_at) FROM pdp.contact c WHERE c.parcours_id = p.id AND c.saisie_par_erreur_at IS NULL
                AND c.resultat NOT IN ('messagerie', 'non_reponse', 'tiers', 'numero_faux')),
            (SELECT max(al.decide_at) FROM pdp.alerte al WHERE al.parcours_id = p.id AND al.decision = 'relancer_parcours'),
            (SELECT max(i.annule_at) FROM pdp.issue i WHERE i.parcours_id = p.id AND i.jalon = 'cloture'),
            (SELECT max(n.dit_at) FROM identite.coordonnee_dite n WHERE n.assure_id = p.assure_id AND n.genre = 'telephone' AND n.etat = 'dite'
                AND n.retiree_at IS NULL),
            '-infinity') AS depuis_at
    FROM pdp.parcours p
    WHERE p.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR p.id = :parcours)
        AND p.clos_at IS NULL AND p.statut IN ('affecte', 'contact_en_cours', 'entretien_realise', 'accord_demande', 'oriente', 'en_accompagnement')
        AND NOT EXISTS (SELECT 1 FROM pdp.silence_du_jour(p.assure_id, :jour) z WHERE z.motif = 'deces')
), comptes AS (
    SELECT DISTINCT ON (d.id, faux, date_trunc('day', l.le), l.le >= date_trunc('day', l.le) + make_interval(hours => cast(:midi AS integer)),
            l.le >= date_trunc('day', l.le) + make_interval(hours => cast(:fin_apres_midi AS integer)))
        d.id AS parcours_id, d.assure_id, d.depuis_at, c.id, c.survenu_at, faux
    FROM depart d
    JOIN pdp.contact c ON c.parcours_id = d.id AND c.survenu_at > d.depuis_at AND c.saisie_par_erreur_at IS NULL
    CROSS JOIN LATERAL (SELECT c.survenu_at AT TIME ZONE :fuseau AS le, c.resultat = 'numero_faux' AS faux) l
    WHERE c.canal <> 'courrier' AND c.resultat IN ('messagerie', 'non_reponse', 'tiers', 'numero_faux')
    ORDER BY d.id, faux, date_trunc('day', l.le), l.le >= date_trunc('day', l.le) + make_interval(hours => cast(:midi AS integer)),
        l.le >= date_trunc('day', l.le) + make_interval(hours => cast(:fin_apres_midi AS integer)), c.survenu_at, c.id
), essais AS (
    SELECT k.*, row_number() OVER (PARTITION BY k.parcours_id ORDER BY k.survenu_at, k.id) AS rang FROM comptes k
), decisifs AS (
    SELECT DISTINCT ON (parcours_id) parcours_id, assure_id, depuis_at, id, survenu_at, rang
    FROM essais WHERE rang >= :essais OR faux ORDER BY parcours_id, rang
), courriers AS (
    SELECT x.*, (SELECT min(l.envoye_at) FROM (
            SELECT c.survenu_at AS envoye_at FROM pdp.contact c
            WHERE c.parcours_id = x.parcours_id AND c.canal = 'courrier' AND c.saisie_par_erreur_at IS NULL AND c.survenu_at >= x.survenu_at
            UNION ALL
            SELECT t.fermee_at FROM pdp.tache t
            WHERE t.parcours_id = x.parcours_id AND t.motif IN ('autre_canal', 'courrier_injoignable') AND t.fermee_at >= x.survenu_at
                AND t.issue <> ALL (cast(:issues_sans_courrier AS text[]))
                -- a letter written here counts from the day it is posted, not from the day it was asked for
                AND NOT EXISTS (SELECT 1 FROM pdp.outbox o WHERE o.parcours_id = x.parcours_id AND o.type = 'injoignable' AND o.cree_at >= x.survenu_at)
            UNION ALL
            SELECT o.livre_at FROM pdp.outbox o
            WHERE o.parcours_id = x.parcours_id AND o.type = 'injoignable' AND o.cree_at >= x.survenu_at AND o.etat = 'livre'
        ) l) AS courrier_at
    FROM decisifs x
)
SELECT k.parcours_id, k.assure_id, k.id::text AS cause, k.id AS objet_id, k.courrier_at AS survenu_at, NULL::timestamptz AS echeance_at,
    jsonb_build_object('essais', k.rang, 'jours', extract(day FROM cast(:maintenant AS timestamptz) - k.courrier_at)::integer) AS faits
FROM courriers k
WHERE k.courrier_at + make_interval(days => cast(:courrier_jours AS integer)) <= :maintenant
    AND NOT EXISTS (SELECT 1 FROM pdp.alerte al WHERE al.assure_id = k.assure_id AND al.type = 'parcours_interrompu' AND al.decide_at IS NOT NULL
        AND al.cause = k.id::text)
ORDER BY k.parcours_id;

-- name: absences_repetees
-- Enough missed appointments since the last one held or the last relaunch, and none to come.
WITH depart AS (
    SELECT p.id, p.assure_id,
        greatest(
            (SELECT max(x.debut_at) FROM pdp.tele_echange x WHERE x.parcours_id = p.id AND x.statut IN ('realise', 'realise_partiel')),
            (SELECT max(al.decide_at) FROM pdp.alerte al WHERE al.parcours_id = p.id AND al.decision = 'relancer_parcours'),
            (SELECT max(i.annule_at) FROM pdp.issue i WHERE i.parcours_id = p.id AND i.jalon = 'cloture'),
            '-infinity') AS depuis_at
    FROM pdp.parcours p
    WHERE p.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR p.id = :parcours) AND p.clos_at IS NULL AND p.statut <> 'interrompu'
        AND NOT EXISTS (SELECT 1 FROM pdp.tele_echange x WHERE x.parcours_id = p.id AND x.statut IN ('planifie', 'confirme'))
        AND NOT EXISTS (SELECT 1 FROM pdp.silence_du_jour(p.assure_id, :jour) z WHERE z.motif = 'deces')
), manques AS (
    SELECT d.id AS parcours_id, d.assure_id, x.id, x.debut_at, row_number() OVER (PARTITION BY d.id ORDER BY x.debut_at, x.id) AS rang
    FROM depart d JOIN pdp.tele_echange x ON x.parcours_id = d.id AND x.statut = 'absent' AND x.debut_at > d.depuis_at
)
SELECT m.parcours_id, m.assure_id, m.id::text AS cause, m.id AS objet_id, m.debut_at AS survenu_at, NULL::timestamptz AS echeance_at,
    jsonb_build_object('absences', m.rang) AS faits
FROM manques m
WHERE m.rang = :absences
    AND NOT EXISTS (SELECT 1 FROM pdp.alerte al WHERE al.assure_id = m.assure_id AND al.type = 'parcours_interrompu' AND al.decide_at IS NOT NULL
        AND al.cause = m.id::text)
ORDER BY m.parcours_id;

-- name: accompagnements_refuses
-- Last word of the person about being followed: refused, or withdrawn; not yet decided by the médecin-conseil.
SELECT p.id AS parcours_id, p.assure_id, a.id::text AS cause, a.id AS objet_id, coalesce(a.retire_at, a.recueilli_at) AS survenu_at,
    NULL::timestamptz AS echeance_at, jsonb_build_object('circonstance', CASE WHEN a.decision = 'refuse' THEN 'refus' ELSE 'retrait' END) AS faits
FROM pdp.parcours p
CROSS JOIN LATERAL (
    SELECT id, decision, retire_at, recueilli_at FROM pdp.accord
    WHERE parcours_id = p.id AND destinataire = 'accompagnement' AND saisie_par_erreur_at IS NULL ORDER BY recueilli_at DESC, ordre DESC LIMIT 1
) a
WHERE p.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR p.id = :parcours) AND p.clos_at IS NULL AND p.statut <> 'interrompu'
    AND (a.decision = 'refuse' OR a.retire_at IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM pdp.alerte al WHERE al.assure_id = p.assure_id AND al.type = 'accord_retire' AND al.decide_at IS NOT NULL
        AND al.cause = a.id::text)
ORDER BY p.id;

-- name: sans_relais
-- The last hand-over was refused or left without effect, and nothing took over since.
SELECT p.id AS parcours_id, p.assure_id, o.id::text AS cause, o.id AS objet_id, o.repondue_at AS survenu_at, NULL::timestamptz AS echeance_at,
    jsonb_build_object('dispositif', o.dispositif, 'jours', extract(day FROM cast(:maintenant AS timestamptz) - o.repondue_at)::integer) AS faits
FROM pdp.parcours p
CROSS JOIN LATERAL (
    SELECT id, dispositif, statut, repondue_at FROM pdp.orientation WHERE parcours_id = p.id AND saisie_par_erreur_at IS NULL ORDER BY proposee_at DESC, id DESC LIMIT 1
) o
WHERE p.plateforme_id = :plateforme AND (cast(:parcours AS uuid) IS NULL OR p.id = :parcours) AND p.clos_at IS NULL AND p.statut <> 'interrompu'
    AND o.statut IN ('refusee', 'sans_suite')
    AND NOT EXISTS (SELECT 1 FROM pdp.silence_du_jour(p.assure_id, :jour) z WHERE z.motif = 'deces')
    AND o.repondue_at + make_interval(days => cast(:sans_relais_jours AS integer)) <= :maintenant
    AND NOT EXISTS (SELECT 1 FROM pdp.orientation v WHERE v.parcours_id = p.id AND v.statut IN ('envoyee', 'recue', 'acceptee', 'en_cours'))
    AND NOT EXISTS (SELECT 1 FROM pdp.tele_echange x WHERE x.parcours_id = p.id AND x.statut IN ('planifie', 'confirme'))
    AND NOT EXISTS (SELECT 1 FROM pdp.alerte al WHERE al.parcours_id = p.id AND al.decision = 'relancer_parcours' AND al.decide_at > o.repondue_at)
    AND NOT EXISTS (SELECT 1 FROM pdp.alerte al WHERE al.assure_id = p.assure_id AND al.type = 'parcours_interrompu' AND al.decide_at IS NOT NULL
        AND al.cause = o.id::text)
ORDER BY p.id;
