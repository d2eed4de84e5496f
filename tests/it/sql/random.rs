//! Random well-typed expressions have one value, whichever engine computes it.

use entente::{
    sql::{BinaryOp, Expr, Function, Literal, Select, SqlExpr, UnaryOp},
    time::{Granularity, Unit, Weekday},
};

use super::engines::run_everywhere;

/// Pseudo-random numbers that are the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }

    fn one_of<T: Clone>(&mut self, options: &[T]) -> T {
        options[self.below(options.len())].clone()
    }

    fn integer(&mut self, depth: usize) -> SqlExpr {
        if depth == 0 {
            return SqlExpr::integer(self.one_of(&[0, 1, -1, 2, 3, 7, -12, 100]));
        }
        let below = depth - 1;
        match self.below(9) {
            0 => self.binary(&[BinaryOp::Add, BinaryOp::Subtract, BinaryOp::Multiply], Self::integer, below),
            1 => self.binary(&[BinaryOp::Modulo], Self::integer, below),
            2 => Expr::Unary { op: UnaryOp::Negate, arg: Box::new(self.integer(below)) },
            3 => Expr::call(Function::Length, vec![self.text(below)]),
            4 => self.choice(Self::integer, below),
            5 => Expr::call(Function::NullIf, vec![self.integer(below), self.integer(below)]),
            6 => {
                let function = self.one_of(&[Function::Greatest, Function::Least, Function::Coalesce]);
                Expr::call(function, vec![self.integer(below), self.integer(below)])
            }
            7 => {
                let granularity = self.one_of(&[Granularity::Week, Granularity::Month, Granularity::FiscalYear]);
                let function =
                    Function::PeriodsBetween { granularity, week_start: Weekday::Sun, fiscal_start_month: 4 };
                Expr::call(function, vec![self.date(below), self.date(below)])
            }
            _ => Expr::call(Function::Abs, vec![self.integer(below)]),
        }
    }

    fn text(&mut self, depth: usize) -> SqlExpr {
        if depth == 0 {
            let text = self.one_of(&["", "a", "A b", "it's", r"\", r"%_", "ü🙂", "aab", "\n"]);
            return Expr::Literal(Literal::String(text.to_owned()));
        }
        let below = depth - 1;
        match self.below(6) {
            0 => self.binary(&[BinaryOp::Concat], Self::text, below),
            1 => Expr::call(self.one_of(&[Function::Lower, Function::Upper, Function::Trim]), vec![self.text(below)]),
            2 => Expr::call(Function::Concat, vec![self.text(below), self.text(below), self.text(below)]),
            3 => Expr::call(Function::Replace, vec![self.text(below), self.text(below), self.text(below)]),
            4 => Expr::call(Function::Substring, vec![self.text(below), self.integer(below), self.integer(below)]),
            _ => self.choice(Self::text, below),
        }
    }

    fn date(&mut self, depth: usize) -> SqlExpr {
        if depth == 0 {
            let text = self.one_of(&["2024-02-29", "2023-12-31", "2024-01-01", "2024-03-31", "2021-06-15"]);
            return SqlExpr::date(text.parse().expect("a date"));
        }
        let below = depth - 1;
        match self.below(3) {
            0 => {
                let granularity = self.one_of(&[Granularity::Week, Granularity::Quarter, Granularity::FiscalQuarter]);
                let function = Function::Truncate { granularity, week_start: Weekday::Wed, fiscal_start_month: 11 };
                Expr::call(function, vec![self.date(below)])
            }
            1 => {
                let unit = self.one_of(&[Unit::Day, Unit::Week, Unit::Month, Unit::Year]);
                let count = self.one_of(&[1, -1, 12]);
                Expr::call(Function::AddUnits(unit), vec![self.date(below), SqlExpr::integer(count)])
            }
            _ => self.choice(Self::date, below),
        }
    }

    fn condition(&mut self, depth: usize) -> SqlExpr {
        if depth == 0 {
            return Expr::Literal(Literal::Boolean(self.below(2) == 0));
        }
        let below = depth - 1;
        let compared =
            [BinaryOp::Eq, BinaryOp::NotEq, BinaryOp::Lt, BinaryOp::LtEq, BinaryOp::Gt, BinaryOp::GtEq, BinaryOp::Same];
        let negated = self.below(2) == 0;
        match self.below(12) {
            0 | 1 => self.binary(&[BinaryOp::And, BinaryOp::Or], Self::condition, below),
            2 => Expr::Unary { op: UnaryOp::Not, arg: Box::new(self.condition(below)) },
            3 => self.binary(&compared, Self::integer, below),
            4 => self.binary(&compared[..2], Self::text, below),
            5 => self.binary(&compared, Self::date, below),
            6 => self.condition(below).is_true(negated),
            7 => self.integer(below).is_null(negated),
            8 => Expr::In {
                arg: Box::new(self.integer(below)),
                list: (0..self.below(3)).map(|_| self.integer(0)).collect(),
                negated,
            },
            9 => Expr::Between {
                arg: Box::new(self.integer(below)),
                low: Box::new(self.integer(below)),
                high: Box::new(self.integer(below)),
                negated,
            },
            10 => Expr::Like { arg: Box::new(self.text(below)), pattern: Box::new(self.text(below)), negated },
            _ => {
                let function = self.one_of(&[Function::StartsWith, Function::EndsWith, Function::Contains]);
                Expr::call(function, vec![self.text(below), self.text(below)])
            }
        }
    }

    fn binary(&mut self, ops: &[BinaryOp], make: fn(&mut Self, usize) -> SqlExpr, depth: usize) -> SqlExpr {
        let op = self.one_of(ops);
        make(self, depth).binary(op, make(self, depth))
    }

    fn choice(&mut self, make: fn(&mut Self, usize) -> SqlExpr, depth: usize) -> SqlExpr {
        let branches = vec![(self.condition(depth), make(self, depth))];
        let otherwise = (self.below(2) == 0).then(|| Box::new(make(self, depth)));
        Expr::Case { branches, otherwise }
    }
}

#[test]
fn random_expressions_have_one_value() {
    let mut random = Random(20_241_125);
    let makers: [fn(&mut Random, usize) -> SqlExpr; 4] =
        [Random::integer, Random::text, Random::date, Random::condition];
    let exprs: Vec<SqlExpr> = (0..1_000).map(|at| makers[at % 4](&mut random, 1 + at % 4)).collect();
    let selects: Vec<Select> =
        exprs.iter().map(|expr| Select { items: vec![expr.clone().named("x")], ..Select::default() }).collect();
    for (answers, select) in run_everywhere(&selects).into_iter().zip(&selects) {
        for (engine, rows) in &answers {
            let texts = || entente::sql::Dialect::ALL.map(|dialect| entente::sql::print(select, dialect).sql);
            assert_eq!(*rows, answers[0].1, "{engine}: {:?}", texts());
        }
    }
}
