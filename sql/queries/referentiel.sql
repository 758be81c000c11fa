-- name: vider_parametres
-- All values are written again in the same transaction: readers see the old set or the new one.
DELETE FROM referentiel.parametre;

-- name: inserer_parametre
-- One dated value.
INSERT INTO referentiel.parametre (identifiant, cle, tiroir, plateforme_id, valeur, unite, comparateur, date_reference, du, au, source, confiance,
    verifie_le, verifie_par, note)
VALUES (:identifiant, :cle, :tiroir, :plateforme, cast(:valeur AS jsonb), :unite, :comparateur, :date_reference, :du, :au, :source, :confiance,
    :verifie_le, :verifie_par, :note);

-- name: vider_regles
-- All rules are written again in the same transaction: readers see the old set or the new one.
DELETE FROM referentiel.regle;

-- name: inserer_regle
-- One rule over one period.
INSERT INTO referentiel.regle (identifiant, cle, version, plateforme_id, du, au, phrase, levier, source, observation, parametre, points, fenetre,
    motif_categorie, groupe, rang)
VALUES (:identifiant, :cle, :version, :plateforme, :du, :au, :phrase, :levier, :source, :observation, :parametre, :points, :fenetre,
    :motif_categorie, :groupe, :rang);

-- name: publier_plateforme
-- A platform as configured; its id never changes.
INSERT INTO pdp.plateforme (id, libelle, departement, fuseau, telephone)
VALUES (:id, :libelle, :departement, :fuseau, :telephone)
ON CONFLICT (id) DO UPDATE SET libelle = excluded.libelle, fuseau = excluded.fuseau, telephone = excluded.telephone
WHERE (plateforme.libelle, plateforme.fuseau, plateforme.telephone) IS DISTINCT FROM (excluded.libelle, excluded.fuseau, excluded.telephone);

-- name: lister_plateformes
-- Ids in order.
SELECT id FROM pdp.plateforme ORDER BY id;

-- name: lister_lieux
-- Where the calendar of each platform is.
SELECT id, departement, fuseau FROM pdp.plateforme ORDER BY id;

-- name: lire_plateforme
-- One platform: department and time zone decide holidays and calendar days.
SELECT id, libelle, departement, fuseau, telephone FROM pdp.plateforme WHERE id = :plateforme;

-- name: lister_textes
-- Texts of agreements published so far.
SELECT version, empreinte, au FROM referentiel.texte_accord;

-- name: publier_texte
-- One text, once.
INSERT INTO referentiel.texte_accord (version, plateforme_id, destinataire, texte, finalite, partage, du, au, empreinte)
VALUES (:version, :plateforme, :destinataire, :texte, :finalite, cast(:partage AS jsonb), :du, :au, :empreinte);

-- name: fermer_texte
-- Another one takes its place from the next day.
UPDATE referentiel.texte_accord SET au = :au WHERE version = :version;

-- name: rattacher_accords
-- Agreements older than the table find the very text that they name.
UPDATE pdp.accord a SET texte_empreinte = t.empreinte FROM referentiel.texte_accord t WHERE a.texte_empreinte IS NULL AND t.version = a.texte_version;
