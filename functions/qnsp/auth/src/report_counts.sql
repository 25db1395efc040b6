-- Counts what reports are made of, in the database, so that no number of events has to fit into an instance. The pending
-- report ?2 of the tenant ?1 is completed at ?3. Where ?2 is NULL, the oldest pending ones are: at most ten, and no
-- further one when those before it have 100,000 events.
UPDATE qnsp_federation_reports AS r
SET completed_at = ?3, counts = (
  -- Lists have the 500 rows with most events, so that what is stored has a bound; totals have all.
  WITH events AS MATERIALIZED (
    SELECT recorded_at AS at, id, event_type, provider, user_id, outcome = 'success' AS is_success
    FROM qnsp_federation_events AS e
    WHERE e.tenant_id = r.tenant_id AND e.recorded_at BETWEEN r.start_at AND r.end_at
      AND (r.providers = '[]' OR e.provider IN (SELECT value FROM json_each(r.providers)))
  ),
  -- Failures of a user of which each follows the one before within ten minutes are one run. The fifth of five within ten
  -- minutes opens a burst, which goes on to the end of its run.
  failures AS (
    SELECT user_id, at, id, at - lag(at) OVER by_user AS since_last, lead(at, 4) OVER by_user - at AS until_fifth
    FROM events WHERE r.report_type = 'security' AND NOT is_success
    WINDOW by_user AS (PARTITION BY user_id ORDER BY at, id)
  ),
  runs AS (
    SELECT user_id, at, id, until_fifth, sum(since_last IS NULL OR since_last > 600000) OVER by_user AS run
    FROM failures WINDOW by_user AS (PARTITION BY user_id ORDER BY at, id)
  ),
  opened AS (
    SELECT user_id, at, run, max(coalesce(until_fifth <= 600000, 0)) OVER (PARTITION BY user_id, run ORDER BY at, id) AS is_open
    FROM runs
  ),
  bursts AS (
    SELECT * FROM (
      SELECT user_id, count(*) AS events, min(at) AS first_at, max(at) AS last_at
      FROM opened WHERE is_open GROUP BY user_id, run ORDER BY events DESC, first_at, user_id LIMIT 500)
    ORDER BY first_at, user_id
  )
  SELECT json_object(
    'totals', json((SELECT json_array(count(*), coalesce(sum(is_success), 0), count(DISTINCT user_id)) FROM events)),
    'providers', json((SELECT json_group_array(json_array(provider, events, users, failures)) FROM (
      SELECT * FROM (
        SELECT provider, count(*) AS events, count(DISTINCT user_id) AS users, sum(NOT is_success) AS failures
        FROM events GROUP BY provider ORDER BY events DESC, provider LIMIT 500) ORDER BY provider))),
    'types', json((SELECT json_group_array(json_array(event_type, events)) FROM (
      SELECT event_type, count(*) AS events FROM events GROUP BY event_type ORDER BY events DESC, event_type LIMIT 500))),
    'days', json((SELECT json_group_array(json_array(day, events, failures)) FROM (
      SELECT at / 86400000 AS day, count(*) AS events, sum(NOT is_success) AS failures
      FROM events WHERE r.report_type = 'activity' GROUP BY day ORDER BY day))),
    'bursts', json((SELECT json_group_array(json_array(user_id, events, first_at, last_at)) FROM bursts)),
    'logins', (SELECT count(*) FROM events
      WHERE r.report_type = 'compliance' AND event_type = 'login' AND is_success),
    'covered', (SELECT count(*) FROM events
      WHERE r.report_type = 'compliance' AND event_type = 'login' AND is_success AND EXISTS (
        SELECT 1 FROM qnsp_federation_events AS c
        WHERE c.tenant_id = r.tenant_id AND c.user_id = events.user_id AND c.event_type = 'mfa_challenge'
          AND c.recorded_at BETWEEN max(events.at - 300000, r.start_at) AND min(events.at + 300000, r.end_at)
          AND (r.providers = '[]' OR c.provider IN (SELECT value FROM json_each(r.providers))))),
    'silent', (SELECT count(*) FROM (
        SELECT value AS provider FROM json_each(r.providers)
        UNION
        SELECT p.provider FROM qnsp_federation_providers AS p
        WHERE r.providers = '[]' AND p.tenant_id = r.tenant_id AND p.at >= ?4
      ) AS expected
      WHERE r.report_type = 'compliance' AND expected.provider NOT IN (SELECT provider FROM events))
  )
)
WHERE r.tenant_id = ?1 AND r.completed_at IS NULL
  AND r.id IN (SELECT ?2 UNION ALL SELECT id FROM (
    SELECT id, sum(events) OVER (ORDER BY created_at, id) - events AS events_before FROM (
      SELECT p.id, p.created_at, (SELECT count(*) FROM (
          SELECT 1 FROM qnsp_federation_events AS e
          WHERE e.tenant_id = p.tenant_id AND e.recorded_at BETWEEN p.start_at AND p.end_at LIMIT 100000)) AS events
      FROM qnsp_federation_reports AS p
      WHERE ?2 IS NULL AND p.tenant_id = ?1 AND p.completed_at IS NULL ORDER BY p.created_at, p.id LIMIT 10))
    WHERE events_before < 100000)
