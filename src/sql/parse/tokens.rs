//! Words and signs: what may occur at all, before anything is parsed.

use std::collections::BTreeMap;

use sqlparser::{
    keywords::Keyword,
    tokenizer::{Token, TokenWithSpan, Tokenizer, Whitespace},
};

use super::{Language, MAX_BYTES, MAX_PARENTHESES, MAX_TOKENS, ParseError, Source, convert::meant_type, source};

/// Cuts the text into words and signs without blanks; what the language has not is an error here.
pub(super) fn tokenize(source: &Source) -> Result<Vec<TokenWithSpan>, ParseError> {
    let too_large = |what: &str| Err(source.whole_error(&format!("the expression has more than {what}")).too_large());
    if source.text.len() > MAX_BYTES {
        return too_large("64 KiB");
    }
    let mut tokens = Tokenizer::new(&Language, source.text).tokenize_with_location().map_err(|error| {
        let text = error.to_string();
        let (what, _) = source::split_location(&text);
        source
            .error_at(&what.to_lowercase(), error.location)
            .help("Text stands in single quotes: `'it''s'`; names may stand in double quotes.")
    })?;
    if let Some(comment) = tokens.iter().find(|token| is_comment(&token.token)) {
        return Err(source
            .error("a comment is not part of an expression", comment)
            .help("Put it into `description:`, or behind a `#` of YAML outside of the text."));
    }
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF));
    if tokens.len() > MAX_TOKENS {
        return too_large(&format!("{MAX_TOKENS} words and signs"));
    }
    let mut tokens = with_claims(tokens);
    check_nesting(source, &tokens)?;
    for at in 0..tokens.len() {
        check_sign(source, &tokens, at)?;
        check_word(source, &tokens, at)?;
    }
    forget_keywords(&mut tokens);
    Ok(tokens)
}

/// The word before a claim of who asks.
pub(super) const PRINCIPAL: &str = "$principal";

/// Makes the `$principal` of `$principal.country` the first word of a path, which no name can be, and a list of the
/// one claim behind `in`: `country in $principal.countries` → `country in ($principal.countries)`.
fn with_claims(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut result: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(mut token) = tokens.next() {
        let names_claim = matches!(&token.token, Token::Placeholder(word) if word == PRINCIPAL)
            && tokens.peek().is_some_and(|next| next.token == Token::Period);
        if !names_claim {
            result.push(token);
            continue;
        }
        let span = token.span;
        token.token = Token::make_word(PRINCIPAL, None);
        let is_list = result.last().and_then(|before| plain_word(&before.token));
        let is_list = is_list.is_some_and(|word| word.eq_ignore_ascii_case("in"));
        if is_list {
            result.push(TokenWithSpan { token: Token::LParen, span });
        }
        result.push(token);
        result.extend(tokens.next());
        result.extend(tokens.next());
        if is_list {
            result.push(TokenWithSpan { token: Token::RParen, span });
        }
    }
    result
}

fn is_comment(token: &Token) -> bool {
    matches!(token, Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)))
}

fn check_nesting(source: &Source, tokens: &[TokenWithSpan]) -> Result<(), ParseError> {
    let mut depth = 0_usize;
    for token in tokens {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_PARENTHESES {
            let message = format!("parentheses are nested more than {MAX_PARENTHESES} deep");
            return Err(source.error(&message, token).too_large());
        }
    }
    Ok(())
}

fn check_sign(source: &Source, tokens: &[TokenWithSpan], at: usize) -> Result<(), ParseError> {
    let token = &tokens[at];
    let help = match &token.token {
        Token::Word(_)
        | Token::Number(_, false)
        | Token::SingleQuotedString(_)
        | Token::Comma
        | Token::LParen
        | Token::RParen
        | Token::Period
        | Token::Eq
        | Token::Neq
        | Token::Lt
        | Token::Gt
        | Token::LtEq
        | Token::GtEq
        | Token::Plus
        | Token::Minus
        | Token::Mul
        | Token::Div
        | Token::Mod
        | Token::StringConcat => return Ok(()),
        Token::DoubleColon => &cast_to(tokens.get(at + 1)),
        Token::SemiColon => "An expression is one value, not a statement; leave the semicolon off.",
        Token::Placeholder(word) if word.eq_ignore_ascii_case(PRINCIPAL) => {
            "Name a claim of who asks behind it: `$principal.country`."
        }
        Token::Placeholder(_) | Token::AtSign | Token::Colon | Token::Question => {
            "Definitions take no parameters; write the constant itself."
        }
        Token::DoubleEq | Token::Assignment => "Equality is written `=`.",
        Token::ExclamationMark => "Write `not`, or `<>` between values.",
        Token::Arrow | Token::LongArrow | Token::HashArrow | Token::HashLongArrow => {
            "Write `json_text(document, 'key')`."
        }
        Token::Char('`') | Token::LBracket | Token::RBracket => {
            "Names with other signs stand in double quotes: `\"Net Price\"`; lists only behind `in`, in parentheses."
        }
        Token::Char('‘' | '’' | '‚' | '“' | '”' | '„' | '«' | '»') => {
            "Text stands in straight single quotes: `'express'`; a text editor has made curly ones of them."
        }
        Token::LBrace | Token::RBrace => "Definitions have no templates; write the name or the constant itself.",
        Token::Tilde | Token::DoubleTilde => "Write `like`, `contains(x, 'part')` or `starts_with(x, 'part')`.",
        Token::Caret => "Powers are not part of the language; multiply.",
        Token::DuckIntDiv => "Write `floor(a / b)`.",
        Token::Spaceship => "Write `a = b or (a is null and b is null)`.",
        _ => "Text stands in single quotes; the operators are `+ - * / % || = <> < <= > >= and or not`.",
    };
    let written = &source.text[source.offset(token.span.start)..source.offset(token.span.end)];
    Err(source.error(&format!("`{written}` is not part of the language"), token).help(help))
}

/// Refuses words that begin what the language has not: subqueries, statements, windows.
fn check_word(source: &Source, tokens: &[TokenWithSpan], at: usize) -> Result<(), ParseError> {
    let Some(word) = plain_word(&tokens[at].token) else { return Ok(()) };
    let before = at.checked_sub(1).map(|at| &tokens[at].token);
    let after = tokens.get(at + 1).map(|token| &token.token);
    let is_part_of_path = before == Some(&Token::Period) || after == Some(&Token::Period);
    if is_part_of_path {
        return Ok(());
    }
    let called = after == Some(&Token::LParen);
    let begins = before.is_none() && matches!(after, Some(Token::Word(_)));
    let (what, help) = match word.to_ascii_lowercase().as_str() {
        "select" => ("a subquery", "Declare a join and use the other model's dimensions, or give the model an `sql:`."),
        "over" if called => {
            ("a window function", "A running total is a metric with `window:`, `to_date:` or `all_time:`.")
        }
        "filter" if called && before == Some(&Token::RParen) => {
            ("FILTER", "Write the condition into the metric's `where:`.")
        }
        "within" if before == Some(&Token::RParen) => ("WITHIN GROUP", "A percentile is a metric with `agg: p90`."),
        "interval" if matches!(after, Some(Token::SingleQuotedString(_) | Token::Number(..))) => {
            ("INTERVAL", "Compare dates by `periods_between('day', a, b)`.")
        }
        "extract" | "date_part" | "datepart" if called => {
            ("EXTRACT", "Write the part behind a time dimension: `booked_at.day_of_week`, `booked_at.hour_of_day`.")
        }
        "try_cast" | "safe_cast" | "convert" | "try_convert" if called => {
            let is_as =
                |token: &TokenWithSpan| plain_word(&token.token).is_some_and(|word| word.eq_ignore_ascii_case("as"));
            let behind = tokens[at..].iter().position(is_as).and_then(|distance| tokens.get(at + distance + 1));
            ("this cast", &*cast_to(behind))
        }
        "insert" | "update" | "delete" | "merge" | "drop" | "create" | "alter" | "grant" | "truncate" | "copy"
        | "attach" | "install" | "load" | "call" | "set" | "pragma" | "export" | "with" | "use" | "begin"
        | "declare" | "execute"
            if begins =>
        {
            ("a statement", "An expression is one value, such as `price * quantity`.")
        }
        _ => return Ok(()),
    };
    Err(source.error(&format!("{what} is not part of the language"), &tokens[at]).help(help))
}

/// Says how a cast to the type of a token is written.
fn cast_to(token: Option<&TokenWithSpan>) -> String {
    let meant = token.and_then(|token| plain_word(&token.token)).and_then(meant_type);
    format!("Write `cast(x as {})`.", meant.unwrap_or("string"))
}

/// Returns what to write instead of a word that `sqlparser` stumbled over.
pub(super) fn help_for_word(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "ilike" => "Write `lower(x) like 'a%'`.",
        "similar" | "regexp" | "rlike" | "glob" => "Write `like`, `contains(x, 'part')` or `starts_with(x, 'part')`.",
        "escape" => "`like` has no escape character; for literal text write `contains(x, '50%')`.",
        "at" => "Zones come from the project and the request; write `date(t)` for the local day.",
        "distinct" => "Write `a = b or (a is null and b is null)`.",
        "collate" => "Write `lower(a) = lower(b)`.",
        "div" => "Write `floor(a / b)`.",
        "mod" => "Write `a % b`.",
        "isnull" | "notnull" => "Write `x is null`.",
        "from" | "where" | "group" | "order" | "having" | "limit" | "join" | "union" => {
            "An expression is one value; tables belong to models, conditions to `where:`."
        }
        "as" => "Leave the alias off; the name is the definition's own.",
        "case" | "when" | "then" | "else" | "end" => "Write `case when x > 1 then 'a' else 'b' end`.",
        _ => return None,
    })
}

/// Returns a word that is not in quotes.
pub(super) fn plain_word(token: &Token) -> Option<&str> {
    match token {
        Token::Word(word) if word.quote_style.is_none() => Some(&word.value),
        _ => None,
    }
}

/// Makes every word a plain name that is not a word of the language, so that `time`, `interval` and `trim` are names.
fn forget_keywords(tokens: &mut [TokenWithSpan]) {
    for at in 0..tokens.len() {
        let opens_call = at.checked_sub(1).is_some_and(|at| tokens[at].token == Token::LParen);
        let before_text = matches!(tokens.get(at + 1).map(|token| &token.token), Some(Token::SingleQuotedString(_)));
        let in_path = at.checked_sub(1).is_some_and(|at| tokens[at].token == Token::Period);
        let Token::Word(word) = &mut tokens[at].token else { continue };
        let kept = match word.keyword {
            Keyword::AND
            | Keyword::OR
            | Keyword::NOT
            | Keyword::IN
            | Keyword::BETWEEN
            | Keyword::LIKE
            | Keyword::IS
            | Keyword::NULL
            | Keyword::TRUE
            | Keyword::FALSE
            | Keyword::CASE
            | Keyword::WHEN
            | Keyword::THEN
            | Keyword::ELSE
            | Keyword::END
            | Keyword::CAST
            | Keyword::AS => !in_path,
            Keyword::DATE | Keyword::TIMESTAMP | Keyword::DATETIME => before_text,
            Keyword::DISTINCT => opens_call,
            _ => false,
        };
        if !kept {
            word.keyword = Keyword::NoKeyword;
        }
    }
}

/// Turns `exists(claims where kind = 'lost')` into a call of two arguments.
///
/// Returns for each call of `exists` the byte of its name and the byte behind its closing parenthesis.
pub(super) fn rewrite_exists(
    source: &Source,
    tokens: &mut [TokenWithSpan],
) -> Result<BTreeMap<usize, usize>, ParseError> {
    let mut calls = BTreeMap::new();
    for at in 0..tokens.len() {
        let is_exists = plain_word(&tokens[at].token).is_some_and(|word| word.eq_ignore_ascii_case("exists"));
        if !is_exists || tokens.get(at + 1).is_none_or(|token| token.token != Token::LParen) {
            continue;
        }
        let (mut depth, mut condition) = (0_usize, None);
        for inner in at + 1..tokens.len() {
            match &tokens[inner].token {
                Token::LParen => depth += 1,
                Token::RParen => depth -= 1,
                Token::Comma if depth == 1 => {
                    return Err(source
                        .error("`exists` has no second argument", &tokens[inner])
                        .help("Write `exists(claims where kind = 'lost')`."));
                }
                token if depth == 1 && condition.is_none() => {
                    let is_where = plain_word(token).is_some_and(|word| word.eq_ignore_ascii_case("where"));
                    condition = is_where.then_some(inner);
                }
                _ => {}
            }
            if depth == 0 {
                calls.insert(source.offset(tokens[at].span.start), source.offset(tokens[inner].span.end));
                break;
            }
        }
        if let Some(condition) = condition {
            tokens[condition].token = Token::Comma;
        }
    }
    Ok(calls)
}

/// Splits at commas that stand in no parentheses.
pub(super) fn split_at_commas(tokens: Vec<TokenWithSpan>) -> Vec<Vec<TokenWithSpan>> {
    let mut parts = vec![Vec::new()];
    let mut depth = 0_usize;
    for token in tokens {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            Token::Comma if depth == 0 => {
                parts.push(Vec::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("there is at least one part").push(token);
    }
    parts
}
