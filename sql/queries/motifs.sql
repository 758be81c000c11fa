-- Motives of signalements that still wait for a decision follow the facts: one more when a rule starts to hold, windows that move or close.

-- name: complete_signalements
-- Rules that hold today and did not on the day of the signalement; a weaker rule never joins a stronger one of its group.
WITH regle AS (
    SELECT * FROM jsonb_to_recordset(cast(:toutes AS jsonb)) AS r (identifiant text, groupe text, rang integer)
),
ajoute AS (
    INSERT INTO pdp.signalement_motif (
        signalement_id, plateforme_id, regle, regle_version, regle_id, libelle, levier, valeur_observee, seuil, parametre_id, points,
        valable_jusqu_au, constate_le
    )
    SELECT
        s.id, :plateforme, m.regle, m.version, m.regle_id, m.libelle, m.levier, m.observe, m.seuil, m.parametre_id, m.points,
        m.valable_jusqu_au, :jour
    FROM candidat AS c
    JOIN pdp.signalement AS s ON s.assure_id = c.assure_id AND s.episode_id = c.episode_id AND s.statut IN ('veille', 'a_trier')
    JOIN constat AS m ON m.candidat_id = c.id
    WHERE c.exclusion IS NULL
        AND NOT EXISTS (
            SELECT 1
            FROM pdp.signalement_motif AS deja
            LEFT JOIN regle AS r ON r.identifiant = deja.regle_id
            WHERE deja.signalement_id = s.id AND (deja.regle = m.regle OR (r.groupe = m.groupe AND r.rang >= m.rang))
        )
    ON CONFLICT DO NOTHING
    RETURNING signalement_id, regle
),
complete AS (
    SELECT s.id, s.assure_id, array_agg(a.regle ORDER BY a.regle) AS regles
    FROM ajoute AS a
    JOIN pdp.signalement AS s ON s.id = a.signalement_id
    GROUP BY s.id, s.assure_id
)
SELECT
    count(*) AS completes,
    journal.consigner_lot('signalement_complete', coalesce(jsonb_agg(jsonb_build_object(
        'plateforme_id', cast(:plateforme AS text), 'assure_id', assure_id, 'donnees', jsonb_build_object('signalement_id', id, 'regles', regles)
    )), '[]')) AS evenements
FROM complete;

-- name: refresh_fenetres
-- Last day of each window under today's facts. It closes for good when the absence was cancelled, when the category of its motif changed, or
-- when a stronger rule of the group holds; a window already closed is left as it was.
WITH regle AS (
    SELECT * FROM jsonb_to_recordset(cast(:toutes AS jsonb)) AS r (identifiant text, fenetre text, motif_categorie text, groupe text, rang integer)
),
motif AS (
    SELECT s.id AS signalement_id, s.survenu_le, m.regle, m.valable_jusqu_au, r.fenetre, r.motif_categorie, r.groupe, r.rang,
        max(r.rang) OVER (PARTITION BY s.id, coalesce(r.groupe, m.regle)) AS rang_fort, s.episode_id
    FROM (
        SELECT s.id, s.survenu_le, s.episode_id
        FROM personne_touchee AS t
        JOIN pdp.signalement AS s ON s.assure_id = t.assure_id AND s.plateforme_id = :plateforme AND s.statut IN ('veille', 'a_trier')
        OFFSET 0
    ) AS s
    CROSS JOIN LATERAL ( -- few signalements wait: their motives are looked up, those of the whole stock are not read
        SELECT x.regle, x.regle_id, x.valable_jusqu_au FROM pdp.signalement_motif AS x WHERE x.signalement_id = s.id OFFSET 0
    ) AS m
    JOIN regle AS r ON r.identifiant = m.regle_id
),
fenetre AS (
    SELECT
        m.signalement_id, m.regle, m.valable_jusqu_au,
        CASE
            WHEN a.episode_id IS NULL THEN least(m.valable_jusqu_au, m.survenu_le - 1)
            WHEN m.rang < m.rang_fort OR m.motif_categorie <> a.motif_categorie THEN least(m.valable_jusqu_au, cast(:jour AS date) - 1)
            ELSE least(
                CASE m.fenetre
                    WHEN 'avant_j180' THEN a.j180_le - 1
                    WHEN 'fin_droits' THEN a.epuisement_le - 1
                    WHEN 'fin_arret' THEN a.fin + cast(:marge AS integer)
                END,
                a.dernier_jour_declare
            )
        END AS fin
    FROM motif AS m
    LEFT JOIN absence AS a ON a.episode_id = m.episode_id
),
change AS (
    SELECT signalement_id, regle, fin
    FROM fenetre
    WHERE fin IS DISTINCT FROM valable_jusqu_au AND NOT coalesce(fin < :jour AND valable_jusqu_au < :jour, false)
)
UPDATE pdp.signalement_motif AS cible SET valable_jusqu_au = c.fin
FROM change AS c
WHERE cible.signalement_id = c.signalement_id AND cible.regle = c.regle
    AND cible.signalement_id = ANY(ARRAY(SELECT signalement_id FROM change)); -- an array, so that the index is used however many motives are stored

-- name: list_parts
-- Parts of a priority, those that count on the day first: what was seen, what a call can still change, until when.
SELECT m.regle, m.regle_version, m.regle_id, m.libelle, m.levier, m.valeur_observee, m.seuil, m.parametre_id, m.points, m.constate_le,
    m.valable_jusqu_au, (m.valable_jusqu_au IS NULL OR cast(:jour AS date) <= m.valable_jusqu_au) AS compte
FROM pdp.signalement_motif AS m
WHERE m.signalement_id = :signalement
ORDER BY compte DESC, m.points DESC, m.regle;
