-- A community id of 24 hexadecimal digits is one value in either case, and is stored in lower case from now on. Ids that
-- this deployment generated were always in lower case: its own communities need no change.

-- Of several authorisations of one key in one community, the authorised one that expires last stays.
DELETE FROM key_authorizations WHERE seq IN (
  SELECT seq FROM (
    SELECT seq, row_number() OVER (
      PARTITION BY key_seq, lower(community_id) ORDER BY is_authorized DESC, expires_at DESC, seq) AS place
    FROM key_authorizations WHERE length(community_id) = 24 AND community_id NOT GLOB '*[^0-9a-fA-F]*')
  WHERE place > 1);
UPDATE key_authorizations SET community_id = lower(community_id)
WHERE length(community_id) = 24 AND community_id NOT GLOB '*[^0-9a-fA-F]*' AND community_id <> lower(community_id);

-- A secret is bound to the community as it was spelt when it was sealed: that spelling, where it is another. A secret
-- whose tag exists under the lower-case spelling, or in a newer one under another spelling, stays where it is: nothing
-- is deleted, and no request finds it.
ALTER TABLE secrets ADD COLUMN sealed_community_id TEXT;
UPDATE secrets SET sealed_community_id = community_id, community_id = lower(community_id)
WHERE length(community_id) = 24 AND community_id NOT GLOB '*[^0-9a-fA-F]*' AND community_id <> lower(community_id)
  AND rowid IN (
    SELECT id FROM (
      SELECT rowid AS id, row_number() OVER (
        PARTITION BY tenant_id, lower(community_id), tag
        ORDER BY community_id = lower(community_id) DESC, created_ts DESC, rowid DESC) AS place
      FROM secrets WHERE length(community_id) = 24 AND community_id NOT GLOB '*[^0-9a-fA-F]*')
    WHERE place = 1);

-- Rows of several spellings are put in the order of their times and numbered anew; within one spelling the order stays.
CREATE TABLE consents_in_order AS
SELECT tenant_id, lower(community_id) AS community_id, type,
  row_number() OVER (
    PARTITION BY tenant_id, lower(community_id), type ORDER BY since, community_id, revision) AS revision,
  consent_id, is_enabled, updated_at, updated_by
FROM (
  SELECT *, max(updated_at) OVER (
    PARTITION BY tenant_id, community_id, type ORDER BY revision) AS since
  FROM consents WHERE length(community_id) = 24 AND community_id NOT GLOB '*[^0-9a-fA-F]*');
DELETE FROM consents WHERE length(community_id) = 24 AND community_id NOT GLOB '*[^0-9a-fA-F]*';
INSERT INTO consents (tenant_id, community_id, type, revision, consent_id, is_enabled, updated_at, updated_by)
SELECT tenant_id, community_id, type, revision, consent_id, is_enabled, updated_at, updated_by FROM consents_in_order;
DROP TABLE consents_in_order;
-- The text of a document, which its id is the hash of, keeps the spelling. Where a document is there twice it is the same.
UPDATE OR IGNORE consent_documents SET community_id = lower(community_id)
WHERE length(community_id) = 24 AND community_id NOT GLOB '*[^0-9a-fA-F]*' AND community_id <> lower(community_id);

-- The configuration of a community was stored under a hash, which SQL cannot compute. Its key is the context itself now.
-- Of several spellings the configuration that was changed last is the community's; the others stay under their hashes,
-- where no request finds them.
CREATE TABLE community_configs AS
SELECT old_key, new_key FROM (
  SELECT old_key, new_key, row_number() OVER (PARTITION BY new_key ORDER BY updated_at DESC, revision DESC) AS place
  FROM (
    SELECT context_key AS old_key, updated_at, revision,
      CASE WHEN substr(context, 41, 1) = '"' AND substr(context, 17, 24) NOT GLOB '*[^0-9a-fA-F]*'
        THEN substr(context, 1, 16) || lower(substr(context, 17, 24)) || substr(context, 41)
        ELSE context END AS new_key
    FROM configs WHERE context LIKE '{"communityId":"%'))
WHERE place = 1;
CREATE UNIQUE INDEX community_configs_by_old_key ON community_configs (old_key);
UPDATE configs SET context_key = renamed.new_key, context = renamed.new_key
FROM community_configs renamed WHERE configs.context_key = renamed.old_key;
UPDATE config_revisions SET context_key = renamed.new_key
FROM community_configs renamed WHERE config_revisions.context_key = renamed.old_key;
DROP TABLE community_configs;
