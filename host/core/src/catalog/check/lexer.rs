//! Tokens of a printed expression. Only what PostgreSQL's printer emits under
//! `standard_conforming_strings = on` is a token; nothing is folded to lower case,
//! because the printer quotes every name that is not already lower case.

use std::fmt;

use super::parser::Obstacle;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A key word, or a name printed without quotes.
    Word(&'a str),
    /// A double-quoted name, without its quotes.
    Quoted(String),
    /// A string literal's value. A backslash stands for itself.
    Literal(String),
    Number(&'a str),
    /// A bracket, a comma, a dot, `::`, or an operator as long as its characters go on.
    Symbol(&'a str),
}

impl fmt::Display for Token<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(text) | Self::Number(text) | Self::Symbol(text) => out.write_str(text),
            Self::Quoted(name) => write!(out, "\"{name}\""),
            Self::Literal(value) => write!(out, "'{value}'"),
        }
    }
}

/// Splits an expression into tokens.
pub(super) fn tokens(expression: &str) -> Result<Vec<Token<'_>>, Obstacle> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_ascii_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '\'' => delimited(rest, '\'').map(|(value, after)| (Token::Literal(value), after))?,
            '"' => delimited(rest, '"').map(|(name, after)| (Token::Quoted(name), after))?,
            _ => plain(rest, first)?,
        };
        tokens.push(token);
        rest = after.trim_ascii_start();
    }
    Ok(tokens)
}

/// Text between two delimiters, which stand doubled inside it.
fn delimited(text: &str, delimiter: char) -> Result<(String, &str), Obstacle> {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character != delimiter {
            value.push(character);
        } else if characters.next_if(|&(_, next)| next == delimiter).is_some() {
            value.push(delimiter);
        } else {
            return Ok((value, &text[at + 1..]));
        }
    }
    Err(Obstacle::Ends)
}

/// A token that is a stretch of the text itself.
fn plain(text: &str, first: char) -> Result<(Token<'_>, &str), Obstacle> {
    let stretch = |belongs: fn(char) -> bool| {
        text.split_at(text.find(|next| !belongs(next)).unwrap_or(text.len()))
    };
    if starts_word(first) {
        let (word, after) = stretch(|next| starts_word(next) || next.is_ascii_digit());
        Ok((Token::Word(word), after))
    } else if first.is_ascii_digit() {
        let (number, after) = stretch(|next| next.is_ascii_digit());
        Ok((Token::Number(number), after))
    } else if "()[],.".contains(first) {
        let (symbol, after) = text.split_at(1);
        Ok((Token::Symbol(symbol), after))
    } else if text.starts_with("::") {
        let (symbol, after) = text.split_at(2);
        Ok((Token::Symbol(symbol), after))
    } else if is_operator(first) {
        let (symbol, after) = stretch(is_operator);
        Ok((Token::Symbol(symbol), after))
    } else {
        Err(Obstacle::Unexpected(first.to_string()))
    }
}

fn starts_word(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_'
}

/// PostgreSQL manual, "Lexical Structure", operators.
fn is_operator(character: char) -> bool {
    "+-*/<>=~!@#%^&|`?".contains(character)
}
