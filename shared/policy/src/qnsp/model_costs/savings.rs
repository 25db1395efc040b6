//! What could be saved, by what was used in a period.

use model::qnsp::ai::RecommendationType;

use super::Cost;

/// More requests of one model in one hour than these could be fewer.
const MOST_REQUESTS: i64 = 100;

/// What is known of a model and a period.
#[derive(Clone, Debug, Default)]
pub struct ModelFacts {
    pub name: String,
    pub cost: Cost,
    pub tokens: i64,
    /// The requests of the hour with the most of them.
    pub busiest_hour: i64,
    /// Records with the hash of a prompt, those that repeat an earlier one, and what these cost.
    pub hashed: i64,
    pub repeated: i64,
    pub repeated_cost: Cost,
    /// Whether a model of this name has the type `llm`, and whether one of these is active.
    pub is_llm: bool,
    pub is_active_llm: bool,
}

/// Something that could be saved.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    pub kind: RecommendationType,
    pub model: String,
    pub title: String,
    /// US dollars with 2 decimals.
    pub amount: f64,
}

/// One finding at most of each type and model.
pub fn savings(models: &[ModelFacts]) -> Vec<Saved> {
    let total = models.iter().fold(Cost::default(), |sum, model| sum.plus(model.cost));
    let mut all = Vec::new();
    for model in models {
        let mut add = |kind, title, amount| all.push(Saved { kind, model: model.name.clone(), title, amount });
        let is_most_of_it = model.cost.0.saturating_mul(2) > total.0;
        if model.is_llm
            && is_most_of_it
            && let Some(cheaper) = cheaper(model, models)
        {
            let title = format!("Use {} instead of {}", cheaper.name, model.name);
            add(RecommendationType::ModelSwitch, title, model.cost.share(30));
        }
        if model.busiest_hour > MOST_REQUESTS {
            let title = format!("Send requests to {} in batches", model.name);
            add(RecommendationType::BatchOptimization, title, model.cost.share(10));
        }
        if model.repeated > 0 && model.repeated.saturating_mul(5) >= model.hashed {
            let title = format!("Keep answers of {} for prompts that come again", model.name);
            add(RecommendationType::Caching, title, model.repeated_cost.share(100));
        }
    }
    all
}

/// The active model of the same type that costs least a token, if it costs less.
fn cheaper<'a>(model: &ModelFacts, models: &'a [ModelFacts]) -> Option<&'a ModelFacts> {
    // Compared without dividing; a model without tokens is dearer than any with them.
    let price = |one: &ModelFacts, other: &ModelFacts| {
        let (one_cost, other_cost) =
            (one.cost.0.saturating_mul(other.tokens.into()), other.cost.0.saturating_mul(one.tokens.into()));
        one_cost.cmp(&other_cost)
    };
    let others = models.iter().filter(|other| other.is_active_llm && other.tokens > 0 && other.name != model.name);
    let cheapest = others.min_by(|one, other| price(one, other).then_with(|| one.name.cmp(&other.name)))?;
    price(cheapest, model).is_lt().then_some(cheapest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A model of the type `llm` that is active, with dollars and tokens.
    fn llm(name: &str, dollars: i64, tokens: i64) -> ModelFacts {
        let cost = Cost::of_millionths(dollars * 1_000_000);
        ModelFacts { name: name.to_owned(), cost, tokens, is_llm: true, is_active_llm: true, ..ModelFacts::default() }
    }

    fn found(models: &[ModelFacts]) -> Vec<(&'static str, String, f64)> {
        savings(models).into_iter().map(|saved| (saved.kind.into(), saved.model, saved.amount)).collect()
    }

    #[test]
    fn a_model_that_costs_most_of_it_may_be_switched_for_a_cheaper_one() {
        let switch = |amount| vec![("model_switch", "dear".to_owned(), amount)];
        assert_eq!(found(&[llm("dear", 10, 1_000), llm("cheap", 1, 1_000)]), switch(3.0));
        assert_eq!(found(&[llm("dear", 10, 1_000), llm("cheap", 9, 1_000)]), switch(3.0));
        // Half of the cost is not more than half of it, and who costs as much a token is no cheaper.
        assert_eq!(found(&[llm("dear", 10, 1_000), llm("cheap", 10, 9_000)]), []);
        assert_eq!(found(&[llm("dear", 10, 1_000), llm("same", 1, 100)]), []);
        for other in [
            ModelFacts { is_active_llm: false, ..llm("cheap", 1, 1_000) },
            ModelFacts { is_llm: false, is_active_llm: false, ..llm("cheap", 1, 1_000) },
            llm("cheap", 0, 0),
        ] {
            assert_eq!(found(&[llm("dear", 10, 1_000), other]), []);
        }
        assert_eq!(found(&[ModelFacts { is_llm: false, ..llm("dear", 10, 1_000) }, llm("cheap", 1, 1_000)]), []);
        assert_eq!(found(&[llm("dear", 10, 0), llm("cheap", 1, 1)]), switch(3.0));
        let title = savings(&[llm("dear", 10, 10), llm("b", 1, 10), llm("a", 1, 10)]).remove(0).title;
        assert_eq!(title, "Use a instead of dear");
    }

    #[test]
    fn more_than_a_hundred_requests_of_an_hour_may_be_sent_together() {
        let of = |busiest_hour| found(&[ModelFacts { busiest_hour, ..llm("m", 7, 0) }]);
        assert_eq!(of(100), []);
        assert_eq!(of(101), [("batch_optimization", "m".to_owned(), 0.7)]);
    }

    #[test]
    fn a_fifth_of_prompts_that_come_again_may_be_kept() {
        let of = |hashed, repeated| {
            let repeated_cost = Cost::of_millionths(1_234_999);
            found(&[ModelFacts { hashed, repeated, repeated_cost, ..llm("m", 7, 0) }])
        };
        assert_eq!(of(0, 0), []);
        assert_eq!(of(6, 1), []);
        assert_eq!(of(5, 1), [("caching", "m".to_owned(), 1.23)]);
    }
}
