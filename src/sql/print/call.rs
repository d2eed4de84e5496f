//! Calls of functions: what every dialect says alike is written here, the rest by the dialect.

use super::{Level, Writer};
use crate::sql::{
    Function, SqlExpr,
    dialect::{Call, TimeCall},
};

impl Writer {
    /// Writes a function.
    pub(super) fn call(&mut self, function: Function, args: &[SqlExpr]) -> Level {
        let call = match (function, args) {
            (Function::Coalesce, _) => return self.function("COALESCE", args),
            (Function::NullIf, _) => return self.function("NULLIF", args),
            (Function::Lower, _) => return self.everywhere("lower", args),
            (Function::Upper, _) => return self.everywhere("upper", args),
            (Function::Length, _) => return self.everywhere("length", args),
            (Function::Replace, _) => return self.everywhere("replace", args),
            (Function::Abs, _) => return self.everywhere("abs", args),
            (Function::Floor, _) => return self.everywhere("floor", args),
            (Function::Ceil, _) => return self.everywhere("ceil", args),
            (Function::Trim, [text]) => Call::Trim(text),
            (Function::Sha256, [text]) => Call::Sha256(text),
            (Function::Concat, _) => Call::Concat(args),
            (Function::Substring, [text, from_and_length @ ..]) => Call::Substring(text, from_and_length),
            (Function::StartsWith, [text, prefix]) => Call::StartsWith([text, prefix]),
            (Function::EndsWith, [text, suffix]) => Call::EndsWith([text, suffix]),
            (Function::Contains, [text, part]) => Call::Contains([text, part]),
            (Function::JsonText, [document, key]) => Call::JsonText(document, key),
            (Function::Round, _) => Call::Round(args),
            (Function::Greatest, _) => Call::Greatest(args),
            (Function::Least, _) => Call::Least(args),
            _ => return self.time_call(function, args),
        };
        self.syntax.call(self, call)
    }

    /// Writes a function of dates and times.
    fn time_call(&mut self, function: Function, args: &[SqlExpr]) -> Level {
        let call = match (function, args) {
            (Function::DateOf, [time]) => TimeCall::DateOf(time),
            (Function::LocalTime(zone), [instant]) => TimeCall::LocalTime(zone, instant),
            (Function::InstantOf(zone), [time]) => TimeCall::InstantOf(zone, time),
            (Function::Truncate { granularity, week_start, fiscal_start_month }, [time]) => {
                TimeCall::Truncate { time, granularity, week_start, fiscal_start_month }
            }
            (Function::TruncateInstant { zone, granularity }, [instant]) => {
                TimeCall::TruncateInstant { zone, granularity, instant }
            }
            (Function::AddUnits(unit), [time, count]) => TimeCall::AddUnits(unit, time, count),
            (Function::PeriodsBetween { granularity, week_start, fiscal_start_month }, [from, to]) => {
                TimeCall::PeriodsBetween { from, to, granularity, week_start, fiscal_start_month }
            }
            (Function::MicrosecondsBetween { instants }, [from, to]) => {
                TimeCall::MicrosecondsBetween { from, to, instants }
            }
            (Function::Part { part, week_start }, [time]) => TimeCall::Part { time, part, week_start },
            (Function::WrittenTruncate(_) | Function::WrittenDate | Function::WrittenPeriodsBetween(_), _) => {
                unreachable!("resolve lowers every function as written")
            }
            (
                Function::Coalesce
                | Function::NullIf
                | Function::Lower
                | Function::Upper
                | Function::Length
                | Function::Replace
                | Function::Abs
                | Function::Floor
                | Function::Ceil
                | Function::Trim
                | Function::Sha256
                | Function::Concat
                | Function::Substring
                | Function::StartsWith
                | Function::EndsWith
                | Function::Contains
                | Function::JsonText
                | Function::Round
                | Function::Greatest
                | Function::Least
                | Function::DateOf
                | Function::LocalTime(_)
                | Function::InstantOf(_)
                | Function::Truncate { .. }
                | Function::TruncateInstant { .. }
                | Function::AddUnits(_)
                | Function::PeriodsBetween { .. }
                | Function::MicrosecondsBetween { .. }
                | Function::Part { .. },
                _,
            ) => unreachable!("the parser and the planner count arguments"),
        };
        self.syntax.time_call(self, call)
    }

    /// Writes a function that has one name everywhere, in the letters of the dialect.
    fn everywhere(&mut self, name: &str, args: &[SqlExpr]) -> Level {
        if self.syntax.has_function_names_in_capitals() {
            return self.function(&name.to_ascii_uppercase(), args);
        }
        self.function(name, args)
    }
}
