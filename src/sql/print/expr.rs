//! Expressions as text, with no more parentheses than they need.

use super::{Level, Writer};
use crate::sql::{
    Aggregate, AggregateFunction, BinaryOp, Column, Expr, Leaf, Literal, OrderTerm, SqlExpr, UnaryOp, Window,
    WindowFunction, dialect::Sketches,
};

/// How many branches of a CASE stand on one line.
const BRANCHES_OF_A_LINE: usize = 3;
/// How many keys of a window stand on one line.
const KEYS_OF_A_LINE: usize = 3;

impl Writer {
    /// Writes an expression; in parentheses if it binds looser than `min`.
    pub(in crate::sql) fn expr(&mut self, expr: &SqlExpr, min: Level) {
        let start = self.out.len();
        if self.bare(expr) < min {
            self.out.insert(start, '(');
            self.out.push(')');
        }
    }

    /// Writes an expression and says how tightly it binds.
    fn bare(&mut self, expr: &SqlExpr) -> Level {
        match expr {
            Expr::Leaf(leaf) => self.leaf(leaf),
            Expr::Literal(literal) => self.syntax.literal(&mut self.out, literal),
            Expr::Parameter(value) => self.parameter(value),
            Expr::Unary { op: UnaryOp::Negate, arg } => {
                // `--` would begin a comment, so a negated negative stands in parentheses.
                self.put("-");
                self.expr(arg, Level::Primary);
                Level::Unary
            }
            Expr::Unary { op: UnaryOp::Not, arg } => {
                self.put("NOT ");
                self.expr(arg, Level::Comparison);
                Level::Not
            }
            Expr::Binary { op, left, right } => self.binary(*op, expr, left, right),
            Expr::Case { branches, otherwise } => self.case(branches, otherwise.as_deref()),
            Expr::Cast { arg, to } => self.syntax.cast(self, arg, *to),
            Expr::IsNull { arg, negated } => self.postfix(arg, *negated, " IS NULL", " IS NOT NULL"),
            Expr::IsTrue { arg, negated } => self.syntax.is_true(self, arg, *negated),
            Expr::In { list, negated, .. } if list.is_empty() => {
                self.put(if *negated { "TRUE" } else { "FALSE" });
                Level::Primary
            }
            Expr::In { arg, list, negated } => {
                self.postfix(arg, *negated, " IN (", " NOT IN (");
                self.list(list);
                self.put(")");
                Level::Comparison
            }
            Expr::Between { arg, low, high, negated } => {
                self.postfix(arg, *negated, " BETWEEN ", " NOT BETWEEN ");
                // GoogleSQL takes the first AND that is not in parentheses for the one of BETWEEN, even within CASE.
                let start = self.out.len();
                self.expr(low, Level::Concat);
                if self.out[start..].contains(" AND ") {
                    self.out.insert(start, '(');
                    self.out.push(')');
                }
                self.put(" AND ");
                self.expr(high, Level::Concat);
                Level::Comparison
            }
            Expr::Like { arg, pattern, negated } => {
                self.postfix(arg, *negated, " LIKE ", " NOT LIKE ");
                self.syntax.like_pattern(self, pattern);
                Level::Comparison
            }
            Expr::Call { function, args } => self.call(*function, args),
        }
    }

    /// Writes `arg IS NULL` and its like.
    pub(in crate::sql) fn postfix(&mut self, arg: &SqlExpr, negated: bool, plain: &str, not: &str) -> Level {
        self.expr(arg, Level::Concat);
        self.put(if negated { not } else { plain });
        Level::Comparison
    }

    fn binary(&mut self, op: BinaryOp, whole: &SqlExpr, left: &SqlExpr, right: &SqlExpr) -> Level {
        match op {
            BinaryOp::And => self.chain(whole, op, Level::And, |writer| writer.put(" AND ")),
            BinaryOp::Or => self.chain(whole, op, Level::Or, |writer| writer.put(" OR ")),
            BinaryOp::Divide => self.syntax.divide(self, left, right),
            BinaryOp::Modulo => self.syntax.modulo(self, left, right),
            BinaryOp::Concat => {
                let is_chain = matches!(left, Expr::Binary { op: BinaryOp::Concat, .. });
                self.expr(left, if is_chain { Level::Concat } else { Level::Unary });
                self.put(" || ");
                self.expr(right, Level::Unary);
                Level::Concat
            }
            BinaryOp::Add => self.infix(left, " + ", right, Level::Add, Level::Multiply),
            BinaryOp::Subtract => self.infix(left, " - ", right, Level::Add, Level::Multiply),
            BinaryOp::Multiply => self.infix(left, " * ", right, Level::Multiply, Level::Unary),
            BinaryOp::Eq => self.comparison(left, " = ", right),
            BinaryOp::NotEq => self.comparison(left, " <> ", right),
            BinaryOp::Lt => self.comparison(left, " < ", right),
            BinaryOp::LtEq => self.comparison(left, " <= ", right),
            BinaryOp::Gt => self.comparison(left, " > ", right),
            BinaryOp::GtEq => self.comparison(left, " >= ", right),
            BinaryOp::Same => self.same(left, right),
        }
    }

    /// Writes `left op right`, where `left` may be of the operator's own level.
    pub(in crate::sql) fn infix(
        &mut self,
        left: &SqlExpr,
        op: &str,
        right: &SqlExpr,
        own: Level,
        tighter: Level,
    ) -> Level {
        self.expr(left, own);
        self.put(op);
        self.expr(right, tighter);
        own
    }

    /// Writes that two values are equal or both null.
    pub(in crate::sql) fn same(&mut self, left: &SqlExpr, right: &SqlExpr) -> Level {
        self.comparison(left, " IS NOT DISTINCT FROM ", right)
    }

    fn comparison(&mut self, left: &SqlExpr, op: &str, right: &SqlExpr) -> Level {
        self.expr(left, Level::Concat);
        self.put(op);
        self.expr(right, Level::Concat);
        Level::Comparison
    }

    /// Writes `a AND b AND c` without parentheses, however the tree leans, and without recursion on its left side.
    pub(super) fn chain(
        &mut self,
        whole: &SqlExpr,
        chained: BinaryOp,
        level: Level,
        mut between: impl FnMut(&mut Self),
    ) -> Level {
        let mut waiting = vec![whole];
        let mut first = true;
        while let Some(expr) = waiting.pop() {
            match expr {
                Expr::Binary { op, left, right } if *op == chained => {
                    waiting.push(right);
                    waiting.push(left);
                }
                operand => {
                    if !std::mem::take(&mut first) {
                        between(self);
                    }
                    self.expr(operand, level);
                }
            }
        }
        level
    }

    fn case(&mut self, branches: &[(SqlExpr, SqlExpr)], otherwise: Option<&SqlExpr>) -> Level {
        if branches.is_empty() {
            return match otherwise {
                Some(otherwise) => self.bare(otherwise),
                None => self.syntax.literal(&mut self.out, &Literal::Null),
            };
        }
        self.put("CASE");
        if self.is_pretty() && branches.len() > BRANCHES_OF_A_LINE {
            self.deeper(|writer| writer.branches(branches, otherwise, Self::line));
            self.line();
        } else {
            self.branches(branches, otherwise, |writer| writer.put(" "));
            self.put(" ");
        }
        self.put("END");
        Level::Primary
    }

    fn branches(
        &mut self,
        branches: &[(SqlExpr, SqlExpr)],
        otherwise: Option<&SqlExpr>,
        mut between: impl FnMut(&mut Self),
    ) {
        for (when, then) in branches {
            between(self);
            self.put("WHEN ");
            self.expr(when, Level::Or);
            self.put(" THEN ");
            self.expr(then, Level::Or);
        }
        if let Some(otherwise) = otherwise {
            between(self);
            self.put("ELSE ");
            self.expr(otherwise, Level::Or);
        }
    }

    fn leaf(&mut self, leaf: &Leaf) -> Level {
        match leaf {
            Leaf::Column(column) => self.column(column),
            Leaf::Aggregate(aggregate) => self.aggregate(aggregate),
            Leaf::Window(window) => self.window(window),
            Leaf::Exists(select) => {
                self.put("EXISTS ");
                self.block(|writer| writer.select(select));
                Level::Primary
            }
            Leaf::InSelect { arg, select } => {
                self.expr(arg, Level::Concat);
                self.put(" IN ");
                self.block(|writer| writer.select(select));
                Level::Comparison
            }
            Leaf::Scalar(select) => {
                self.block(|writer| writer.select(select));
                Level::Primary
            }
            Leaf::Grouping(column) => {
                self.put("GROUPING(");
                self.column(column);
                self.put(")");
                Level::Primary
            }
            Leaf::Verbatim(text) => {
                self.verbatim(text);
                Level::Primary
            }
        }
    }

    /// Writes SQL of the project in parentheses; a comment in it ends before the closing one.
    pub(super) fn verbatim(&mut self, text: &str) {
        self.put("(");
        self.put(text);
        let may_end_in_comment = ["--", "//", "#"].iter().any(|begin| text.contains(begin));
        self.put(if may_end_in_comment { "\n)" } else { ")" });
    }

    fn column(&mut self, column: &Column) -> Level {
        if let Some(table) = &column.table {
            self.identifier(table);
            self.put(".");
        }
        self.identifier(&column.name);
        Level::Primary
    }

    fn aggregate(&mut self, Aggregate { function, arg }: &Aggregate) -> Level {
        let plain = |writer: &mut Self, open: &str| {
            writer.put(open);
            match arg {
                Some(arg) => writer.expr(arg, Level::Or),
                None => writer.put("*"),
            }
            writer.put(")");
            Level::Primary
        };
        match function {
            AggregateFunction::Count => plain(self, "COUNT("),
            AggregateFunction::CountDistinct => plain(self, "COUNT(DISTINCT "),
            AggregateFunction::Sum => plain(self, "SUM("),
            AggregateFunction::Min => plain(self, "MIN("),
            AggregateFunction::Max => plain(self, "MAX("),
            AggregateFunction::ApproxCountDistinct => {
                let arg = arg.as_ref().expect("an estimate has an argument");
                self.syntax.approx_count_distinct(self, arg)
            }
            AggregateFunction::Sketch => self.of_sketches(arg.as_ref(), |sketches| sketches.sketch),
            AggregateFunction::MergedSketch => self.of_sketches(arg.as_ref(), |sketches| sketches.merged),
            AggregateFunction::SketchEstimate => self.of_sketches(arg.as_ref(), |sketches| sketches.estimate),
            AggregateFunction::AnyValue => {
                let arg = arg.as_ref().expect("any value is one of an argument");
                self.syntax.any_value(self, arg)
            }
            AggregateFunction::Avg => {
                let arg = arg.as_ref().expect("an average has an argument");
                self.syntax.average(self, arg)
            }
            AggregateFunction::Percentile(millionths) => {
                let arg = arg.as_ref().expect("a percentile has an argument");
                self.syntax.percentile(self, arg, *millionths)
            }
            AggregateFunction::DiscretePercentile(millionths) => {
                let arg = arg.as_ref().expect("a percentile has an argument");
                self.syntax.discrete_percentile(self, arg, *millionths)
            }
            AggregateFunction::GroupPercentile(millionths) => {
                let arg = arg.as_ref().expect("a percentile has an argument");
                self.syntax.group_percentile(self, arg, *millionths)
            }
            AggregateFunction::GroupDiscretePercentile(millionths) => {
                let arg = arg.as_ref().expect("a percentile has an argument");
                self.syntax.group_discrete_percentile(self, arg, *millionths)
            }
            AggregateFunction::ApproxPercentile(millionths) => {
                let arg = arg.as_ref().expect("a percentile has an argument");
                self.syntax.approx_percentile(self, arg, *millionths)
            }
        }
    }

    fn of_sketches(&mut self, arg: Option<&SqlExpr>, text: fn(&Sketches) -> (&'static str, &'static str)) -> Level {
        let (open, close) = text(self.syntax.sketches().expect("sketches are planned where there are some"));
        self.put(open);
        self.expr(arg.expect("a sketch has an argument"), Level::Or);
        self.put(close);
        Level::Primary
    }

    fn window(&mut self, window: &Window) -> Level {
        match &window.function {
            WindowFunction::Aggregate(aggregate) => {
                self.aggregate(aggregate);
            }
            WindowFunction::RowNumber => self.put("ROW_NUMBER()"),
            WindowFunction::Rank => self.put("RANK()"),
        }
        if self.is_pretty() && window.partition_by.len() > KEYS_OF_A_LINE {
            return self.window_of_lines(window);
        }
        self.put(" OVER (");
        if !window.partition_by.is_empty() {
            self.put("PARTITION BY ");
            self.list(&window.partition_by);
        }
        self.put(if window.partition_by.is_empty() || window.order_by.is_empty() { "" } else { " " });
        self.order_of_window(window);
        self.put(")");
        Level::Primary
    }

    /// Writes what a window has between its parentheses with each key on a line of its own.
    fn window_of_lines(&mut self, window: &Window) -> Level {
        self.put(" OVER ");
        self.block(|writer| {
            writer.put("PARTITION BY");
            writer.deeper(|writer| {
                for (at, key) in window.partition_by.iter().enumerate() {
                    writer.put(if at > 0 { "," } else { "" });
                    writer.line();
                    writer.expr(key, Level::Or);
                }
            });
            if !window.order_by.is_empty() {
                writer.line();
            }
            writer.order_of_window(window);
        });
        Level::Primary
    }

    fn order_of_window(&mut self, window: &Window) {
        for (at, term) in window.order_by.iter().enumerate() {
            self.put(if at > 0 { ", " } else { "ORDER BY " });
            self.syntax.window_order(self, term);
        }
    }

    /// Writes `GREATEST(a, b)` such that a null among the arguments gives null, for dialects that would skip it.
    pub(in crate::sql) fn null_if_any(&mut self, name: &str, args: &[SqlExpr]) -> Level {
        let nullable = |arg: &&SqlExpr| {
            matches!(arg, Expr::Literal(Literal::Null)) || !matches!(arg, Expr::Literal(_) | Expr::Parameter(_))
        };
        let mut nullable = args.iter().filter(nullable).peekable();
        if nullable.peek().is_none() {
            return self.function(name, args);
        }
        self.put("CASE WHEN ");
        for (at, arg) in nullable.enumerate() {
            self.put(if at > 0 { " OR " } else { "" });
            self.expr(arg, Level::Concat);
            self.put(" IS NULL");
        }
        self.put(" THEN NULL ELSE ");
        self.function(name, args);
        self.put(" END");
        Level::Primary
    }

    /// Writes a term of ORDER BY that says where nulls go.
    pub(in crate::sql) fn order_term(&mut self, term: &OrderTerm) {
        self.expr(&term.expr, Level::Or);
        self.put(if term.descending { " DESC" } else { "" });
        self.put(if term.nulls_first { " NULLS FIRST" } else { " NULLS LAST" });
    }
}
