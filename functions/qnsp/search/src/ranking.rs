//! The documents that match a query, the best first. The logarithms that they are ranked by are not what the database
//! computes, so how rare the words are is read before the matches.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crypto::seal::DataKey;
use model::qnsp::search::Hit;
use platform::{Row, Statement};
use policy::qnsp::search::{B, K1, expand, rarity, words};
use qnsp::Caller;
use serde::Deserialize;
use serde_json::{Value, json};
use service::{Blob, Error, Result, blob};

use crate::{
    document_store::{TITLE, aad},
    maintenance,
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

/// What says where a query looks: read before its matches.
pub(crate) struct Facts {
    /// Maintenance is due, and may change what is found.
    pub is_due: bool,
    /// Whoever has no data key has no documents.
    key: Option<Arc<DataKey>>,
    words: usize,
    alternatives: Vec<Alternative>,
    counts: Vec<Count>,
}

/// How many documents of an index hold a term, and the sums of the index.
#[derive(Deserialize)]
struct Count {
    index: String,
    documents: i64,
    words: i64,
    term: String,
    holding: i64,
}

/// One round trip, unless the words have synonyms or this instance has not opened the tenant's key yet: how many documents
/// hold a term can be asked for only once the term is known.
pub(crate) async fn read_facts(caller: &Caller, query: &str, index: Option<&str>) -> Result<Facts> {
    let words: BTreeSet<_> = words(query).collect();
    let words: Vec<_> = words.into_iter().collect();
    let tenant = caller.tenant();
    let mut look = caller.look();
    let due = look.push(maintenance::select_due(caller));
    let groups = look.push(synonyms::select(tenant, &Value::from_iter(words.iter().cloned()).to_string(), index));
    let key = look.read_data_key(tenant);
    let counts = key.open().map(|key| look.push(select_counts(tenant, index, &alternatives(key, &words, &[]))));
    let outcomes = look.run().await?;
    let mut facts = Facts {
        is_due: outcomes.row(due).is_some(),
        key: outcomes.data_key(&key)?,
        words: words.len(),
        alternatives: Vec::new(),
        counts: Vec::new(),
    };
    let Some(key) = &facts.key else { return Ok(facts) };
    let groups = outcomes.rows(groups).iter().map(KnownGroup::of).collect::<Result<Vec<_>>>()?;
    facts.alternatives = alternatives(key, &words, &groups);
    facts.counts = match counts {
        Some(counts) if facts.alternatives.len() == words.len() => read_counts(outcomes.row(counts))?,
        _ => read_counts(caller.app.query(select_counts(tenant, index, &facts.alternatives)).await?.first())?,
    };
    Ok(facts)
}

pub(crate) async fn search(caller: &Caller, facts: &Facts, limit: i64) -> Result<Found> {
    let Some(key) = &facts.key else { return Ok(Found::default()) };
    let (tenant, words) = (caller.tenant(), facts.words);
    let (weighted, postings) = weighted(&facts.alternatives, &facts.counts, words);
    // A word that no document holds leaves nothing to be found.
    let Some(rarest) = (0..words).min_by_key(|word| postings.get(*word)) else { return Ok(Found::default()) };
    if postings.get(rarest) == Some(&0) {
        return Ok(Found::default());
    }
    let rows = caller.app.query(select_matches(tenant, &weighted, (words, rarest), limit)).await?;
    let total = rows.first().map(|row| row.get("total")).transpose()?.unwrap_or_default();
    let hits = rows.iter().map(|row| hit(row, key, tenant)).collect::<Result<_>>()?;
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

/// One row: a JSON list of [`Count`], for each index and term that there is.
fn select_counts(tenant: &str, index: Option<&str>, alternatives: &[Alternative]) -> Statement {
    let terms: BTreeSet<_> = alternatives.iter().flat_map(|alternative| alternative.terms.iter().cloned()).collect();
    let select = Statement::new(
        "SELECT json_group_array(json_array(i.name, i.documents, i.words, w.term, w.documents)) AS counts \
         FROM qnsp_search_indices i CROSS JOIN json_each(?3) t CROSS JOIN qnsp_search_words w ON w.tenant_id = ?1 \
         AND w.index_name = i.name AND w.term = t.value WHERE i.tenant_id = ?1 AND (?2 IS NULL OR i.name = ?2)",
    );
    select.bind(tenant).bind(index.map(str::to_owned)).bind(Value::from_iter(terms).to_string())
}

fn read_counts(row: Option<&Row>) -> Result<Vec<Count>> {
    let unreadable = "counts of a search that are not JSON";
    let counts: String = row.ok_or_else(|| Error::internal(unreadable))?.get("counts")?;
    serde_json::from_str(&counts).map_err(|_| Error::internal(unreadable))
}

/// The terms of the alternatives in each index, with what they are worth there; and in how many places each word, or what
/// it expands to, stands.
fn weighted(alternatives: &[Alternative], counts: &[Count], words: usize) -> (Vec<Value>, Vec<i64>) {
    let mut by_term = BTreeMap::<&str, Vec<(&str, f64, f64, i64)>>::new();
    for count in counts {
        let (documents, holding) = (count.documents, count.holding);
        let mean = count.words as f64 / documents.max(1) as f64;
        let worth = (count.index.as_str(), rarity(documents.max(holding), holding), mean.max(1.0), holding);
        by_term.entry(&count.term).or_default().push(worth);
    }
    let (mut weighted, mut postings) = (Vec::new(), vec![0_i64; words]);
    for (number, alternative) in alternatives.iter().enumerate() {
        let size = alternative.terms.len();
        for term in &alternative.terms {
            for (index, worth, mean, holding) in by_term.get(term.as_str()).into_iter().flatten() {
                weighted.push(json!([alternative.word, number, size, index, term, worth, mean]));
                if let Some(postings) = postings.get_mut(alternative.word) {
                    *postings = postings.saturating_add(*holding);
                }
            }
        }
    }
    weighted.truncate(MOST_TERMS);
    (weighted, postings)
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
    let title = blob("d.sealed_title", "sealed_title");
    let select = Statement::new(format!(
        "WITH asked AS MATERIALIZED (SELECT value ->> 0 AS word, value ->> 1 AS alternative, value ->> 2 AS size, \
         value ->> 3 AS index_name, value ->> 4 AS term, value ->> 5 AS worth, value ->> 6 AS mean FROM json_each(?2)), \
         {candidates}whole AS (SELECT s.document, a.word, total(a.worth * s.tf * ({K1} + 1) \
         / (s.tf + {K1} * (1 - {B} + {B} * s.length / a.mean))) AS score FROM {joined} \
         GROUP BY s.document, a.word, a.alternative HAVING count(*) = a.size), \
         best AS (SELECT document, word, max(score) AS score FROM whole GROUP BY document, word), \
         found AS (SELECT document, round(total(score), {DECIMALS}) AS score FROM best GROUP BY document \
         HAVING count(*) = ?3) \
         SELECT d.document_id, d.index_name, {title}, f.score, count(*) OVER () AS total \
         FROM found f JOIN qnsp_search_documents d ON d.id = f.document AND d.tenant_id = ?1 \
         ORDER BY f.score DESC, d.document_id, d.index_name LIMIT ?4"
    ));
    let words = i64::try_from(words).unwrap_or(i64::MAX);
    select.bind(tenant).bind(Value::from(weighted).to_string()).bind(words).bind(limit)
}

fn hit(row: &Row, key: &DataKey, tenant: &str) -> Result<Hit> {
    let (index_name, document_id): (String, String) = (row.get("index_name")?, row.get("document_id")?);
    let title = key.open(&aad(TITLE, tenant, &index_name, &document_id), &row.get::<Blob>("sealed_title")?.0)?;
    let title = String::from_utf8(title.to_vec()).map_err(|_| Error::internal("a title that is not text"))?;
    Ok(Hit { document_id, index_name, title, score: row.get("score")? })
}
