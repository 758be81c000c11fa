-- name: inserer
-- One message per key; a known key yields no row.
INSERT INTO pdp.outbox (cle, plateforme_id, parcours_id, orientation_id, partenaire_id, canal, type, charge, empreinte, accord_destinataire,
    prochain_essai_at, horizon_at, cree_at)
VALUES (:cle, :plateforme, :parcours, :orientation, :partenaire, :canal, :type, cast(:charge AS jsonb), :empreinte, :destinataire,
    :maintenant, :horizon, :maintenant)
ON CONFLICT (cle) DO NOTHING
RETURNING id;

-- name: trouver_par_cle
-- What is known under a key.
SELECT id, empreinte FROM pdp.outbox WHERE cle = :cle;

-- name: rappeler
-- Take back what nobody is sending.
UPDATE pdp.outbox SET etat = 'rappele', dernier_code = 'rappel'
WHERE orientation_id = :orientation AND type IN ('orientation', 'avis_partenaire') AND etat = 'a_envoyer'
RETURNING plateforme_id, parcours_id, type;

-- name: compter_partis
-- Messages of an orientation that the partner has or may have.
SELECT count(*) FROM pdp.outbox
WHERE orientation_id = :orientation AND type = 'orientation' AND (etat IN ('livre', 'en_cours', 'incertain') OR essais > 0);
