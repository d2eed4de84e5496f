//! Typed indices and the arenas they point into.
//!
//! After `resolve`, a metric is a [`MetricId`], never a string: names and spans live in the arena.
//!
//! **Invariant:** an id is only made by the arena that holds its item, so indexing cannot fail.

use std::{fmt, marker::PhantomData, ops};

/// A typed index; one kind per arena.
pub trait Id: Copy + Eq + Ord + fmt::Debug {
    /// Makes the id of the item at `index`.
    fn from_index(index: usize) -> Self;
    /// Returns the position of the item in its arena.
    fn index(self) -> usize;
}

macro_rules! define_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl Id for $name {
            fn from_index(index: usize) -> Self {
                Self(u32::try_from(index).expect("an arena holds fewer than 2^32 items"))
            }
            fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

define_ids! {
    /// A physical table, as declared under `tables:` or named by a model.
    TableId,
    /// A model: a table, or one SELECT, with a declared grain.
    ModelId,
    /// A dimension of one model.
    DimensionId,
    /// A to-one join from one model to another.
    JoinId,
    /// A metric.
    MetricId,
    /// A calendar from a table.
    CalendarId,
    /// A granularity of a calendar.
    GranularityId,
    /// A policy about the rows of a model.
    PolicyId,
}

/// Items of one kind in source order, addressed by their typed index.
#[derive(Clone, PartialEq, Eq)]
pub struct Arena<I, T> {
    items: Vec<T>,
    id: PhantomData<I>,
}

impl<I: Id, T> Arena<I, T> {
    /// Returns an empty arena.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an item and returns its id.
    pub fn push(&mut self, item: T) -> I {
        self.items.push(item);
        I::from_index(self.items.len() - 1)
    }

    /// Iterates over the items with their ids, in source order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (I, &T)> + ExactSizeIterator {
        self.items.iter().enumerate().map(|(index, item)| (I::from_index(index), item))
    }

    /// Iterates over the items, in source order.
    pub fn values(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }

    /// Iterates over the ids, in source order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = I> + use<I, T> {
        (0..self.items.len()).map(I::from_index)
    }

    /// Returns the number of items.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl<I, T> Default for Arena<I, T> {
    fn default() -> Self {
        Self { items: Vec::new(), id: PhantomData }
    }
}

impl<I: Id, T> ops::Index<I> for Arena<I, T> {
    type Output = T;
    fn index(&self, id: I) -> &T {
        &self.items[id.index()]
    }
}

impl<I: Id, T> ops::IndexMut<I> for Arena<I, T> {
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.items[id.index()]
    }
}

impl<I, T: fmt::Debug> fmt::Debug for Arena<I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.items).finish()
    }
}
