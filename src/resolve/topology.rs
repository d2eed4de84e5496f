//! Puts things that need one another in an order, and finds the circles.
//!
//! **Invariant:** no recursion, so that a chain of ten thousand metrics cannot exhaust the stack.

/// The order of nodes, and the circles among them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// Every node once, each behind those that it needs, as far as there is no circle.
    pub(super) nodes: Vec<usize>,
    /// Each circle, from one of its nodes along its needs; the first needs the second, the last the first.
    pub(super) circles: Vec<Vec<usize>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unseen,
    Open,
    Done,
}

/// Orders the nodes `0..needs.len()`, where `needs[n]` are the nodes that must come before `n`.
pub(super) fn order(needs: &[Vec<usize>]) -> Order {
    let mut state = vec![State::Unseen; needs.len()];
    let mut found = Order { nodes: Vec::with_capacity(needs.len()), circles: Vec::new() };
    for start in 0..needs.len() {
        if state[start] != State::Unseen {
            continue;
        }
        state[start] = State::Open;
        // Each entry is a node and how many of its needs were walked.
        let mut path = vec![(start, 0)];
        while let Some((node, walked)) = path.last_mut() {
            let node = *node;
            let Some(need) = needs[node].get(*walked).copied() else {
                state[node] = State::Done;
                found.nodes.push(node);
                path.pop();
                continue;
            };
            *walked += 1;
            match state[need] {
                State::Unseen => {
                    state[need] = State::Open;
                    path.push((need, 0));
                }
                State::Open => {
                    let begin = path.iter().position(|(open, _)| *open == need).expect("an open node is on the path");
                    found.circles.push(path[begin..].iter().map(|(open, _)| *open).collect());
                }
                State::Done => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_comes_behind_what_it_needs() {
        let found = order(&[vec![2], vec![], vec![1]]);
        assert_eq!(found, Order { nodes: vec![1, 2, 0], circles: vec![] });
    }

    #[test]
    fn a_circle_is_found_once_and_the_rest_is_still_ordered() {
        let found = order(&[vec![1], vec![2, 3], vec![0], vec![]]);
        assert_eq!(found.circles, vec![vec![0, 1, 2]]);
        assert_eq!(found.nodes.len(), 4);
    }

    #[test]
    fn a_long_chain_is_no_problem() {
        let needs: Vec<Vec<usize>> = (0..100_000).map(|node| if node == 0 { vec![] } else { vec![node - 1] }).collect();
        assert!(order(&needs).circles.is_empty());
    }
}
