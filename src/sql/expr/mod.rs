//! The portable expression language as a tree, over any kind of leaf.

mod function;
mod operator;

pub use function::Function;
pub use operator::{BinaryOp, UnaryOp};

use crate::{
    catalog::ColumnType,
    files::{Span, Spanned},
    time::{NaiveDate, NaiveDateTime},
};

/// A scalar expression whose leaves are `N`.
///
/// `N` is [`Name`] after parsing, `project::Ref` after resolving, and [`super::Leaf`] in SQL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expr<N> {
    /// A name, or what a name stands for.
    Leaf(N),
    /// A constant of a definition, or one that the planner computed; written into the text.
    Literal(Literal),
    /// A value that came with a request; always bound, never written into the text.
    Parameter(Literal),
    /// An operator with one operand.
    Unary {
        /// The operator.
        op: UnaryOp,
        /// The operand.
        arg: Box<Self>,
    },
    /// An operator with two operands.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// The left operand.
        left: Box<Self>,
        /// The right operand.
        right: Box<Self>,
    },
    /// `CASE WHEN … THEN … ELSE … END`; a CASE with an operand is parsed to this form.
    Case {
        /// Conditions and results, in order.
        branches: Vec<(Self, Self)>,
        /// The result where no condition holds; null if absent.
        otherwise: Option<Box<Self>>,
    },
    /// `CAST(arg AS type)`.
    Cast {
        /// The value.
        arg: Box<Self>,
        /// The type it becomes.
        to: ColumnType,
    },
    /// `arg IS [NOT] NULL`.
    IsNull {
        /// The value.
        arg: Box<Self>,
        /// Whether NOT is there.
        negated: bool,
    },
    /// `arg IS [NOT] TRUE`: two-valued, null counts as false.
    IsTrue {
        /// The condition.
        arg: Box<Self>,
        /// Whether NOT is there.
        negated: bool,
    },
    /// `arg [NOT] IN (list)`; an empty list holds nothing.
    In {
        /// The value.
        arg: Box<Self>,
        /// The members.
        list: Vec<Self>,
        /// Whether NOT is there.
        negated: bool,
    },
    /// `arg [NOT] BETWEEN low AND high`, both ends included.
    Between {
        /// The value.
        arg: Box<Self>,
        /// The least value inside.
        low: Box<Self>,
        /// The greatest value inside.
        high: Box<Self>,
        /// Whether NOT is there.
        negated: bool,
    },
    /// `arg [NOT] LIKE pattern`, with `%` and `_`, case-sensitive, with no escape character.
    Like {
        /// The text.
        arg: Box<Self>,
        /// The pattern.
        pattern: Box<Self>,
        /// Whether NOT is there.
        negated: bool,
    },
    /// A function that every dialect has an exact form for.
    Call {
        /// The function.
        function: Function,
        /// Its arguments.
        args: Vec<Self>,
    },
}

/// A name as written, before it is resolved.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Name {
    /// `price`, `customers.country`, `booked_at.month`: words with the span of each, relative to the expression.
    Path(Vec<Spanned<String>>),
    /// `exists(claims where kind = 'lost')`: whether a to-many join has a row that fulfils the condition.
    Exists {
        /// The model or role on the many side.
        path: Vec<Spanned<String>>,
        /// The condition over that model's names.
        filter: Option<Box<Expr<Name>>>,
        /// The whole call.
        span: Span,
    },
    /// `$principal.country`: a claim of who asks, which only the `rows` of a policy may name.
    Claim {
        /// The name of the claim.
        name: Spanned<String>,
    },
    /// A call of a function that the parser does not know, kept so that resolving can name it.
    UnknownFunction {
        /// Its name.
        name: Spanned<String>,
    },
    /// A call of an aggregate, which only `agg:` may say.
    AggregateFunction {
        /// Its name.
        name: Spanned<String>,
    },
}

/// A constant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Literal {
    /// NULL.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number, as its digits with an optional sign.
    Integer(i64),
    /// An exact decimal, as its digits: `12.50`.
    Decimal(String),
    /// A floating-point number, by the bits of an `f64`.
    Float(u64),
    /// Text.
    String(String),
    /// A day.
    Date(NaiveDate),
    /// A wall-clock time.
    DateTime(NaiveDateTime),
    /// An instant, as the wall-clock time of UTC.
    Timestamp(NaiveDateTime),
}

impl Literal {
    /// Returns the type of the constant.
    pub fn column_type(&self) -> ColumnType {
        match self {
            Self::Null => ColumnType::Unknown,
            Self::Boolean(_) => ColumnType::Boolean,
            Self::Integer(_) => ColumnType::Integer,
            Self::Decimal(_) => ColumnType::Decimal,
            Self::Float(_) => ColumnType::Float,
            Self::String(_) => ColumnType::String,
            Self::Date(_) => ColumnType::Date,
            Self::DateTime(_) => ColumnType::DateTime,
            Self::Timestamp(_) => ColumnType::Timestamp,
        }
    }
}

impl Expr<Name> {
    /// Calls `visit` for every name that is compared with a constant text: `status = 'paid'`, `status in ('paid', 'open')`.
    pub fn for_each_compared_text<'a>(&'a self, visit: &mut dyn FnMut(&'a [Spanned<String>], &'a str)) {
        let mut pair = |side: &'a Self, other: &'a Self| {
            if let (Self::Leaf(Name::Path(words)), Self::Literal(literal) | Self::Parameter(literal)) = (side, other)
                && let Literal::String(text) = literal
            {
                visit(words, text);
            }
        };
        match self {
            Self::Binary { op, left, right } if op.is_comparison() => {
                pair(left, right);
                pair(right, left);
            }
            Self::In { arg, list, .. } => list.iter().for_each(|item| pair(arg, item)),
            Self::Between { arg, low, high, .. } => [low, high].into_iter().for_each(|end| pair(arg, end)),
            _ => {}
        }
        self.for_each_child(&mut |child| child.for_each_compared_text(visit));
    }
}

impl<N> Expr<N> {
    /// Rebuilds the expression with every leaf replaced.
    pub fn map<M>(&self, leaf: &mut impl FnMut(&N) -> Expr<M>) -> Expr<M> {
        let boxed = |arg: &Self, leaf: &mut dyn FnMut(&N) -> Expr<M>| Box::new(arg.map_dyn(leaf));
        match self {
            Self::Leaf(name) => leaf(name),
            Self::Literal(literal) => Expr::Literal(literal.clone()),
            Self::Parameter(literal) => Expr::Parameter(literal.clone()),
            Self::Unary { op, arg } => Expr::Unary { op: *op, arg: boxed(arg, leaf) },
            Self::Binary { op, left, right } => {
                Expr::Binary { op: *op, left: boxed(left, leaf), right: boxed(right, leaf) }
            }
            Self::Case { branches, otherwise } => Expr::Case {
                branches: branches.iter().map(|(when, then)| (*boxed(when, leaf), *boxed(then, leaf))).collect(),
                otherwise: otherwise.as_ref().map(|arg| boxed(arg, leaf)),
            },
            Self::Cast { arg, to } => Expr::Cast { arg: boxed(arg, leaf), to: *to },
            Self::IsNull { arg, negated } => Expr::IsNull { arg: boxed(arg, leaf), negated: *negated },
            Self::IsTrue { arg, negated } => Expr::IsTrue { arg: boxed(arg, leaf), negated: *negated },
            Self::In { arg, list, negated } => Expr::In {
                arg: boxed(arg, leaf),
                list: list.iter().map(|item| *boxed(item, leaf)).collect(),
                negated: *negated,
            },
            Self::Between { arg, low, high, negated } => Expr::Between {
                arg: boxed(arg, leaf),
                low: boxed(low, leaf),
                high: boxed(high, leaf),
                negated: *negated,
            },
            Self::Like { arg, pattern, negated } => {
                Expr::Like { arg: boxed(arg, leaf), pattern: boxed(pattern, leaf), negated: *negated }
            }
            Self::Call { function, args } => {
                Expr::Call { function: *function, args: args.iter().map(|arg| *boxed(arg, leaf)).collect() }
            }
        }
    }

    /// Rebuilds the expression from its leaves up; `change` sees every part after its own parts were rebuilt.
    #[must_use]
    pub fn rebuild(self, change: &mut dyn FnMut(Self) -> Self) -> Self {
        let boxed = |arg: Box<Self>, change: &mut dyn FnMut(Self) -> Self| Box::new(arg.rebuild(change));
        let rebuilt = match self {
            Self::Leaf(_) | Self::Literal(_) | Self::Parameter(_) => self,
            Self::Unary { op, arg } => Self::Unary { op, arg: boxed(arg, change) },
            Self::Binary { op, left, right } => {
                Self::Binary { op, left: boxed(left, change), right: boxed(right, change) }
            }
            Self::Case { branches, otherwise } => Self::Case {
                branches: branches
                    .into_iter()
                    .map(|(when, then)| (when.rebuild(change), then.rebuild(change)))
                    .collect(),
                otherwise: otherwise.map(|arg| boxed(arg, change)),
            },
            Self::Cast { arg, to } => Self::Cast { arg: boxed(arg, change), to },
            Self::IsNull { arg, negated } => Self::IsNull { arg: boxed(arg, change), negated },
            Self::IsTrue { arg, negated } => Self::IsTrue { arg: boxed(arg, change), negated },
            Self::In { arg, list, negated } => Self::In {
                arg: boxed(arg, change),
                list: list.into_iter().map(|item| item.rebuild(change)).collect(),
                negated,
            },
            Self::Between { arg, low, high, negated } => {
                Self::Between { arg: boxed(arg, change), low: boxed(low, change), high: boxed(high, change), negated }
            }
            Self::Like { arg, pattern, negated } => {
                Self::Like { arg: boxed(arg, change), pattern: boxed(pattern, change), negated }
            }
            Self::Call { function, args } => {
                Self::Call { function, args: args.into_iter().map(|arg| arg.rebuild(change)).collect() }
            }
        };
        change(rebuilt)
    }

    fn map_dyn<M>(&self, leaf: &mut dyn FnMut(&N) -> Expr<M>) -> Expr<M> {
        self.map(&mut |name| leaf(name))
    }

    /// Calls `visit` for every leaf, from left to right.
    pub fn for_each_leaf<'a>(&'a self, visit: &mut dyn FnMut(&'a N)) {
        match self {
            Self::Leaf(name) => visit(name),
            _ => self.for_each_child(&mut |child| child.for_each_leaf(visit)),
        }
    }

    /// Calls `visit` for every direct part, from left to right.
    pub fn for_each_child<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        match self {
            Self::Leaf(_) | Self::Literal(_) | Self::Parameter(_) => {}
            Self::Unary { arg, .. } | Self::Cast { arg, .. } | Self::IsNull { arg, .. } | Self::IsTrue { arg, .. } => {
                visit(arg);
            }
            Self::Binary { left, right, .. } => {
                visit(left);
                visit(right);
            }
            Self::Case { branches, otherwise } => {
                for (when, then) in branches {
                    visit(when);
                    visit(then);
                }
                if let Some(otherwise) = otherwise {
                    visit(otherwise);
                }
            }
            Self::In { arg, list, .. } => {
                visit(arg);
                list.iter().for_each(visit);
            }
            Self::Between { arg, low, high, .. } => {
                visit(arg);
                visit(low);
                visit(high);
            }
            Self::Like { arg, pattern, .. } => {
                visit(arg);
                visit(pattern);
            }
            Self::Call { args, .. } => args.iter().for_each(visit),
        }
    }

    /// Joins two expressions by an operator.
    #[must_use]
    pub fn binary(self, op: BinaryOp, right: Self) -> Self {
        Self::Binary { op, left: Box::new(self), right: Box::new(right) }
    }

    /// Returns `self AND right`.
    #[must_use]
    pub fn and(self, right: Self) -> Self {
        self.binary(BinaryOp::And, right)
    }

    /// Returns `self OR right`.
    #[must_use]
    pub fn or(self, right: Self) -> Self {
        self.binary(BinaryOp::Or, right)
    }

    /// Joins conditions by AND; none gives nothing.
    pub fn all(conditions: impl IntoIterator<Item = Self>) -> Option<Self> {
        balanced(conditions.into_iter().collect(), Self::and)
    }

    /// Returns the conditions that hold together: the reverse of [`Expr::all`].
    pub fn conjuncts(&self) -> Vec<&Self> {
        match self {
            Self::Binary { op: BinaryOp::And, left, right } => {
                let mut all = left.conjuncts();
                all.extend(right.conjuncts());
                all
            }
            other => vec![other],
        }
    }

    /// Joins conditions by OR; none gives nothing.
    pub fn any(conditions: impl IntoIterator<Item = Self>) -> Option<Self> {
        balanced(conditions.into_iter().collect(), Self::or)
    }

    /// Calls a function.
    pub fn call(function: Function, args: Vec<Self>) -> Self {
        Self::Call { function, args }
    }

    /// Returns `self IS [NOT] NULL`.
    #[must_use]
    pub fn is_null(self, negated: bool) -> Self {
        Self::IsNull { arg: Box::new(self), negated }
    }

    /// Returns `self IS [NOT] TRUE`.
    #[must_use]
    pub fn is_true(self, negated: bool) -> Self {
        Self::IsTrue { arg: Box::new(self), negated }
    }

    /// Returns `CASE WHEN condition THEN self END`.
    #[must_use]
    pub fn when(self, condition: Self) -> Self {
        Self::Case { branches: vec![(condition, self)], otherwise: None }
    }
}

/// Joins neighbours until one is left. A thousand conditions so lie ten deep, and not a thousand: whoever walks over them
/// needs a stack.
fn balanced<N>(mut parts: Vec<Expr<N>>, join: fn(Expr<N>, Expr<N>) -> Expr<N>) -> Option<Expr<N>> {
    while parts.len() > 1 {
        let mut single = parts.into_iter();
        parts = Vec::with_capacity(single.len().div_ceil(2));
        while let Some(left) = single.next() {
            parts.push(match single.next() {
                Some(right) => join(left, right),
                None => left,
            });
        }
    }
    parts.pop()
}
