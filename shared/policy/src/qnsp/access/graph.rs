//! Who reaches what in a tenant, as nodes and edges.

use std::collections::{BTreeMap, BTreeSet};

use model::qnsp::access::{Edge, EdgeType, Graph, Node, NodeType};
use serde_json::json;

/// The most nodes that are shown.
pub const MOST_NODES: usize = 1_000;

/// What a graph is made of.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub tenant: String,
    pub tenant_name: String,
    /// From a principal `type:id` to a resource `type/id`, and how often; a pair may come twice.
    pub access: Vec<(String, String, i64)>,
    /// Principals `type:id` that are members, whether they reach anything or not.
    pub members: BTreeSet<String>,
    /// What was not read to its end.
    pub cut: Vec<&'static str>,
}

/// The graph, of the nodes with the greatest weights if there are too many. The tenant is always one of them.
pub fn graph(facts: Facts) -> Graph {
    let mut weights: BTreeMap<(String, String), i64> = BTreeMap::new();
    for (principal, resource, weight) in facts.access {
        *weights.entry((user_id(&principal), format!("resource:{resource}"))).or_default() += weight;
    }
    let mut nodes: BTreeMap<String, (NodeType, i64)> = BTreeMap::new();
    for principal in &facts.members {
        nodes.entry(user_id(principal)).or_insert((NodeType::User, 0));
    }
    for ((user, resource), weight) in &weights {
        nodes.entry(user.clone()).or_insert((NodeType::User, 0)).1 += weight;
        nodes.entry(resource.clone()).or_insert((NodeType::Resource, 0)).1 += weight;
    }
    let mut cut = facts.cut;
    if nodes.len() >= MOST_NODES {
        let mut by_weight: Vec<_> = nodes.into_iter().collect();
        by_weight.sort_by(|(a, (_, first)), (b, (_, second))| second.cmp(first).then_with(|| a.cmp(b)));
        if by_weight.len() > MOST_NODES - 1 {
            cut.insert(0, "nodes");
            by_weight.truncate(MOST_NODES - 1);
        }
        nodes = by_weight.into_iter().collect();
    }
    let tenant_id = format!("tenant:{}", facts.tenant);
    let members = nodes.iter().filter(|(_, (kind, _))| *kind == NodeType::User);
    let membership = members.map(|(user, _)| Edge {
        source: tenant_id.clone(),
        target: user.clone(),
        kind: EdgeType::Membership,
        weight: 1,
    });
    let is_shown =
        |((user, resource), _): &(&(String, String), &i64)| nodes.contains_key(user) && nodes.contains_key(resource);
    let access = weights.iter().filter(is_shown).map(|((user, resource), weight)| Edge {
        source: user.clone(),
        target: resource.clone(),
        kind: EdgeType::Access,
        weight: *weight,
    });
    let mut edges: Vec<_> = membership.chain(access).collect();
    edges.sort_by(|a, b| (&a.source, &a.target).cmp(&(&b.source, &b.target)));
    let label = |id: &str| id.split_once(':').map_or(id, |(_, rest)| rest).to_owned();
    let others = nodes.into_iter().map(|(id, (kind, weight))| Node {
        label: label(&id),
        id,
        kind,
        metadata: json!({ "weight": weight }),
    });
    let tenant = Node { id: tenant_id, kind: NodeType::Tenant, label: facts.tenant_name, metadata: json!({}) };
    let mut nodes: Vec<_> = others.chain([tenant]).collect();
    nodes.sort_by(|a, b| a.id.cmp(&b.id));
    Graph { nodes, edges, truncated: !cut.is_empty(), cut }
}

/// `user:<id>`; of another type `user:<type>:<id>`.
fn user_id(principal: &str) -> String {
    if principal.starts_with("user:") { principal.to_owned() } else { format!("user:{principal}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(access: &[(&str, &str, i64)], members: &[&str]) -> Facts {
        let text = |text: &str| text.to_owned();
        Facts {
            tenant: text("t"),
            tenant_name: text("Name"),
            access: access.iter().map(|(user, resource, weight)| (text(user), text(resource), *weight)).collect(),
            members: members.iter().map(|member| text(member)).collect(),
            cut: Vec::new(),
        }
    }

    #[test]
    fn users_are_members_and_reach_resources() {
        let access = [("user:a", "doc/1", 2), ("user:a", "doc/1", 3), ("service:s", "doc/1", 1)];
        let graph = graph(facts(&access, &["user:b", "user:a"]));
        let nodes: Vec<_> =
            graph.nodes.iter().map(|node| format!("{} {} {}", node.id, node.label, node.metadata)).collect();
        assert_eq!(
            nodes,
            [
                r#"resource:doc/1 doc/1 {"weight":6}"#,
                "tenant:t Name {}",
                r#"user:a a {"weight":5}"#,
                r#"user:b b {"weight":0}"#,
                r#"user:service:s service:s {"weight":1}"#,
            ]
        );
        let edges: Vec<_> =
            graph.edges.iter().map(|edge| format!("{} {} {}", edge.source, edge.target, edge.weight)).collect();
        assert_eq!(
            edges,
            [
                "tenant:t user:a 1",
                "tenant:t user:b 1",
                "tenant:t user:service:s 1",
                "user:a resource:doc/1 5",
                "user:service:s resource:doc/1 1",
            ]
        );
        assert!(!graph.truncated && graph.cut.is_empty());
    }

    #[test]
    fn of_too_many_nodes_those_of_the_greatest_weight_are_shown_and_no_edge_without_them() {
        let many: Vec<_> = (1..=1_000_i64).map(|n| (format!("user:{n:04}"), format!("doc/{n:04}"), n)).collect();
        let graph = graph(Facts { access: many, ..facts(&[], &["user:nobody"]) });
        assert_eq!((graph.nodes.len(), graph.truncated, graph.cut.as_slice()), (MOST_NODES, true, &["nodes"][..]));
        // 999 nodes: the pairs from 1000 down to 502, and of 501 the resource, whose id comes first.
        let access: Vec<_> = graph.edges.iter().filter(|edge| edge.kind == EdgeType::Access).collect();
        assert_eq!((access.len(), access.iter().map(|edge| edge.weight).min()), (499, Some(502)));
        let ids: BTreeSet<_> = graph.nodes.iter().map(|node| node.id.as_str()).collect();
        assert!(ids.contains("resource:doc/0501") && !ids.contains("user:0501") && !ids.contains("user:nobody"));
        assert!(
            graph.edges.iter().all(|edge| ids.contains(edge.source.as_str()) && ids.contains(edge.target.as_str()))
        );
    }
}
