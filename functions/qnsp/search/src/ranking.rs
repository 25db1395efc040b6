//! The documents that match a query, the best first. What is read here is shown to nobody before the batch of the call has
//! judged who asks.

use std::collections::{BTreeMap, BTreeSet};

use crypto::seal::DataKey;
use model::qnsp::search::Hit;
use platform::{Row, Statement};
use policy::qnsp::search::{B, K1, expand, rarity, words};
use qnsp::Caller;
use serde_json::{Value, json};
use service::{Anonymous, Error, Result};

use crate::{
    document_store::{TITLE, aad},
    synonyms::{self, KnownGroup},
    terms::term,
};

/// How many alternatives to its words a query has at most: synonyms beyond are left out.
const MOST: usize = 1_000;

/// How many terms in how many indexes are looked for at most; the words themselves come first.
const MOST_TERMS: usize = 10_000;

/// The decimals of a score, by which matches are ordered, too.
const DECIMALS: i32 = 4;

#[derive(Default)]
pub(crate) struct Found {
    pub hits: Vec<Hit>,
    pub total: i64,
}

/// One word of a query, or what it expands to: the terms that a document must all hold.
struct Alternative {
    word: usize,
    terms: BTreeSet<String>,
}

pub(crate) async fn search(caller: &Caller, query: &str, index: Option<&str>, limit: i64) -> Result<Found> {
    let words: BTreeSet<_> = words(query).collect();
    if words.is_empty() {
        return Ok(Found::default());
    }
    let tenant = caller.tenant();
    let words: Vec<_> = words.into_iter().collect();
    let background = Anonymous::background(&caller.app);
    let mut batch = background.batch();
    let groups = batch.push(synonyms::select(tenant, &Value::from_iter(words.iter().cloned()).to_string(), index));
    let key = batch.read_data_key(tenant);
    let outcomes = batch.read().await?;
    // Whoever has no data key has no documents.
    let Some(key) = outcomes.data_key(&key)? else { return Ok(Found::default()) };
    let groups = outcomes.rows(groups).iter().map(KnownGroup::of).collect::<Result<Vec<_>>>()?;
    let alternatives = alternatives(&key, &words, &groups);

    let counts = caller.app.query(select_counts(tenant, index, &alternatives)).await?;
    let (weighted, postings) = weighted(&alternatives, &counts, words.len())?;
    // A word that no document holds leaves nothing to be found.
    let Some(rarest) = (0..words.len()).min_by_key(|word| postings.get(*word)) else { return Ok(Found::default()) };
    if postings.get(rarest) == Some(&0) {
        return Ok(Found::default());
    }
    let select = select_matches(tenant, &weighted, (words.len(), rarest), limit);
    let rows = caller.app.query(select).await?;
    let total = rows.first().map(|row| row.get("total")).transpose()?.unwrap_or_default();
    let hits = rows.iter().map(|row| hit(row, &key, tenant)).collect::<Result<_>>()?;
    Ok(Found { hits, total })
}

/// The words of the query as terms, and behind them what they expand to.
fn alternatives(key: &DataKey, query: &[String], groups: &[KnownGroup]) -> Vec<Alternative> {
    let alternative = |word: usize, words: BTreeSet<String>| Alternative {
        word,
        terms: words.iter().map(|word| term(key, word)).collect(),
    };
    let own = query.iter().enumerate().map(|(word, text)| alternative(word, BTreeSet::from([text.clone()])));
    let expansions = query.iter().enumerate().flat_map(|(word, text)| {
        let expansions = expand(groups.iter().map(|known| &known.group), text);
        expansions.into_iter().map(move |expansion| (word, words(&expansion).collect::<BTreeSet<_>>()))
    });
    let expansions = expansions.filter(|(_, words)| !words.is_empty()).map(|(word, words)| alternative(word, words));
    own.chain(expansions).take(MOST.max(query.len())).collect()
}

/// How many documents of each index hold a term, and the sums of the index.
fn select_counts(tenant: &str, index: Option<&str>, alternatives: &[Alternative]) -> Statement {
    let terms: BTreeSet<_> = alternatives.iter().flat_map(|alternative| alternative.terms.iter().cloned()).collect();
    let select = Statement::new(
        "SELECT i.name, i.documents, i.words, w.term, w.documents AS holding FROM qnsp_search_indices i \
         CROSS JOIN json_each(?3) t JOIN qnsp_search_words w ON w.tenant_id = ?1 AND w.index_name = i.name \
         AND w.term = t.value WHERE i.tenant_id = ?1 AND (?2 IS NULL OR i.name = ?2)",
    );
    select.bind(tenant).bind(index.map(str::to_owned)).bind(Value::from_iter(terms).to_string())
}

/// The terms of the alternatives in each index, with what they are worth there; and in how many places each word, or what
/// it expands to, stands.
fn weighted(alternatives: &[Alternative], counts: &[Row], words: usize) -> Result<(Vec<Value>, Vec<i64>)> {
    let mut by_term = BTreeMap::<String, Vec<(String, f64, f64, i64)>>::new();
    for row in counts {
        let (documents, holding): (i64, i64) = (row.get("documents")?, row.get("holding")?);
        let mean = row.get::<i64>("words")? as f64 / documents.max(1) as f64;
        let worth = (row.get("name")?, rarity(documents.max(holding), holding), mean.max(1.0), holding);
        by_term.entry(row.get("term")?).or_default().push(worth);
    }
    let (mut weighted, mut postings) = (Vec::new(), vec![0_i64; words]);
    for (number, alternative) in alternatives.iter().enumerate() {
        let size = alternative.terms.len();
        for term in &alternative.terms {
            for (index, worth, mean, holding) in by_term.get(term).into_iter().flatten() {
                weighted.push(json!([alternative.word, number, size, index, term, worth, mean]));
                if let Some(postings) = postings.get_mut(alternative.word) {
                    *postings = postings.saturating_add(*holding);
                }
            }
        }
    }
    weighted.truncate(MOST_TERMS);
    Ok((weighted, postings))
}

/// A document matches when it holds all terms of an alternative of each word; of several the best counts. Of several words
/// the rarest says which documents the others are looked for in, so that a common one costs no more than that.
fn select_matches(tenant: &str, weighted: &[Value], (words, rarest): (usize, usize), limit: i64) -> Statement {
    const OF: &str = "s.tenant_id = ?1 AND s.index_name = a.index_name AND s.term = a.term";
    let (candidates, joined) = if words > 1 {
        let candidates = format!(
            "candidates AS MATERIALIZED (SELECT DISTINCT s.document FROM asked a CROSS JOIN qnsp_search_terms s ON {OF} \
             WHERE a.word = {rarest}), "
        );
        (
            candidates,
            format!(
                "candidates c CROSS JOIN asked a CROSS JOIN qnsp_search_terms s ON {OF} AND s.document = c.document"
            ),
        )
    } else {
        (String::new(), format!("asked a CROSS JOIN qnsp_search_terms s ON {OF}"))
    };
    let select = Statement::new(format!(
        "WITH asked AS MATERIALIZED (SELECT value ->> 0 AS word, value ->> 1 AS alternative, value ->> 2 AS size, \
         value ->> 3 AS index_name, value ->> 4 AS term, value ->> 5 AS worth, value ->> 6 AS mean FROM json_each(?2)), \
         {candidates}whole AS (SELECT s.document, a.word, total(a.worth * s.tf * ({K1} + 1) \
         / (s.tf + {K1} * (1 - {B} + {B} * s.length / a.mean))) AS score FROM {joined} \
         GROUP BY s.document, a.word, a.alternative HAVING count(*) = a.size), \
         best AS (SELECT document, word, max(score) AS score FROM whole GROUP BY document, word), \
         found AS (SELECT document, round(total(score), {DECIMALS}) AS score FROM best GROUP BY document \
         HAVING count(*) = ?3) \
         SELECT d.document_id, d.index_name, d.sealed_title, f.score, count(*) OVER () AS total \
         FROM found f JOIN qnsp_search_documents d ON d.id = f.document AND d.tenant_id = ?1 \
         ORDER BY f.score DESC, d.document_id, d.index_name LIMIT ?4"
    ));
    let words = i64::try_from(words).unwrap_or(i64::MAX);
    select.bind(tenant).bind(Value::from(weighted).to_string()).bind(words).bind(limit)
}

fn hit(row: &Row, key: &DataKey, tenant: &str) -> Result<Hit> {
    let (index_name, document_id): (String, String) = (row.get("index_name")?, row.get("document_id")?);
    let title = key.open(&aad(TITLE, tenant, &index_name, &document_id), &row.get::<Vec<u8>>("sealed_title")?)?;
    let title = String::from_utf8(title.to_vec()).map_err(|_| Error::internal("a title that is not text"))?;
    Ok(Hit { document_id, index_name, title, score: row.get("score")? })
}
