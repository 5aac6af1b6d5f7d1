//! Recursive descent over the forms whose meaning is certain. It evaluates while
//! it reads, so what it returns is the check's table of truth values. It must not
//! skip a token, accept a type, an operator or a name that it does not know, or
//! fold the case of a name.

use std::collections::BTreeSet;
use std::vec::IntoIter;

use thiserror::Error;

use super::array;
use super::lexer::{self, Token};
use super::predicate::{Connective, Predicate, Truth};

/// Why a check is not proved to be a closed list. Each message is a sentence whose
/// subject is the check.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum Obstacle {
    #[error("it uses `{0}`, which has no place in a plain list of values")]
    Unexpected(String),
    #[error("its text ends too early")]
    Ends,
    #[error("it refers to `{0}`, which is not the column")]
    OtherName(String),
    #[error("it casts to `{0}`, which is not one of the types text and character varying")]
    Type(String),
    #[error("it casts to {0} characters, which may cut the value")]
    Cut(usize),
    #[error("it casts something other than the column or a list of literals")]
    Cast,
    #[error("it holds the array {0}, which is not a flat list")]
    Array(String),
    #[error("it compares something other than the column with literals")]
    Comparison,
    #[error("it uses a value where a condition stands, or a condition where a value stands")]
    Sort,
    #[error("it is nested more than {MAX_DEPTH} levels deep")]
    Depth,
}

/// Deeper nesting is refused, so that no text can exhaust the stack. PostgreSQL
/// prints chains of AND and OR flat; what people write stays under ten.
const MAX_DEPTH: usize = 64;

/// What an expression is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject<'a> {
    /// A table's column, by its bare name.
    Column(&'a str),
    /// The value of a domain, which is printed as the key word `VALUE`.
    DomainValue,
}

/// Evaluates a printed expression over its subject.
pub(super) fn predicate(expression: &str, subject: Subject<'_>) -> Result<Predicate, Obstacle> {
    let mut parser = Parser {
        tokens: lexer::tokens(expression)?.into_iter(),
        subject,
        depth: 0,
    };
    let predicate = parser.expression()?.into_predicate()?;
    match parser.tokens.next() {
        None => Ok(predicate),
        Some(token) => Err(Obstacle::Unexpected(token.to_string())),
    }
}

/// What a part of the expression is.
enum Term {
    Column,
    /// A string literal before its cast.
    Literal(String),
    /// NULL before its cast.
    Null,
    /// A value of a text type, or its NULL.
    Text(Option<String>),
    /// An array of a text type, or its NULL.
    List(Option<BTreeSet<Option<String>>>),
    Condition(Predicate),
}

impl Term {
    fn into_predicate(self) -> Result<Predicate, Obstacle> {
        match self {
            Self::Condition(predicate) => Ok(predicate),
            _ => Err(Obstacle::Sort),
        }
    }
}

/// A type that a cast may name. `limit` is the length of `character varying(n)`.
enum Type {
    Text { limit: Option<usize> },
    TextArray { limit: Option<usize> },
    Boolean,
}

struct Parser<'a> {
    tokens: IntoIter<Token<'a>>,
    subject: Subject<'a>,
    depth: usize,
}

impl<'a> Parser<'a> {
    /// Conditions joined by OR: the loosest form, and so any expression.
    fn expression(&mut self) -> Result<Term, Obstacle> {
        if self.depth == MAX_DEPTH {
            return Err(Obstacle::Depth);
        }
        self.depth += 1;
        let term = self.chain(Connective::Or, "OR", |parser| {
            parser.chain(Connective::And, "AND", Self::negation)
        });
        self.depth -= 1;
        term
    }

    fn chain(
        &mut self,
        connective: Connective,
        word: &str,
        operand: impl Fn(&mut Self) -> Result<Term, Obstacle>,
    ) -> Result<Term, Obstacle> {
        let first = operand(self)?;
        if !self.next_is_word(word) {
            return Ok(first);
        }
        let mut terms = vec![first.into_predicate()?];
        while self.eat_word(word) {
            terms.push(operand(self)?.into_predicate()?);
        }
        Ok(Term::Condition(Predicate::join(connective, terms)))
    }

    fn negation(&mut self) -> Result<Term, Obstacle> {
        let mut count = 0_usize;
        while self.eat_word("NOT") {
            count += 1;
        }
        let term = self.test()?;
        if count == 0 {
            return Ok(term);
        }
        let predicate = term.into_predicate()?;
        let is_odd = count % 2 == 1;
        Ok(Term::Condition(if is_odd {
            predicate.negated()
        } else {
            predicate
        }))
    }

    /// `… IS [NOT] NULL`, `… IS [NOT] TRUE` and the like.
    fn test(&mut self) -> Result<Term, Obstacle> {
        let mut term = self.comparison()?;
        while self.eat_word("IS") {
            let negated = self.eat_word("NOT");
            let tested = match (term, self.next()?) {
                (Term::Column, Token::Word("NULL")) => Predicate::is_null(),
                (Term::Condition(it), Token::Word("TRUE")) => it.is(Truth::True),
                (Term::Condition(it), Token::Word("FALSE")) => it.is(Truth::False),
                (Term::Condition(it), Token::Word("UNKNOWN")) => it.is(Truth::Unknown),
                (_, token) => return Err(Obstacle::Unexpected(format!("IS {token}"))),
            };
            term = Term::Condition(if negated { tested.negated() } else { tested });
        }
        Ok(term)
    }

    fn comparison(&mut self) -> Result<Term, Obstacle> {
        let left = self.cast()?;
        let negated = if self.eat_symbol("=") {
            false
        } else if self.eat_symbol("<>") {
            true
        } else {
            return Ok(left);
        };
        let compare = |value| {
            let equals = Predicate::equals(value);
            if negated { equals.negated() } else { equals }
        };
        let predicate = match self.quantifier() {
            Some(connective) => match (left, self.parenthesised()?) {
                (Term::Column, Term::List(Some(values))) => {
                    Predicate::join(connective, values.into_iter().map(compare))
                }
                (Term::Column, Term::List(None)) => Predicate::constant(Truth::Unknown),
                _ => return Err(Obstacle::Comparison),
            },
            None => match (left, self.cast()?) {
                (Term::Column, Term::Text(value)) | (Term::Text(value), Term::Column) => {
                    compare(value)
                }
                _ => return Err(Obstacle::Comparison),
            },
        };
        Ok(Term::Condition(predicate))
    }

    /// ANY is OR over the elements, ALL is AND.
    fn quantifier(&mut self) -> Option<Connective> {
        if self.eat_word("ANY") {
            Some(Connective::Or)
        } else if self.eat_word("ALL") {
            Some(Connective::And)
        } else {
            None
        }
    }

    fn parenthesised(&mut self) -> Result<Term, Obstacle> {
        self.expect_symbol("(")?;
        let term = self.expression()?;
        self.expect_symbol(")")?;
        Ok(term)
    }

    fn cast(&mut self) -> Result<Term, Obstacle> {
        let mut term = self.primary()?;
        while self.eat_symbol("::") {
            term = cast_to(self.type_name()?, term)?;
        }
        Ok(term)
    }

    fn primary(&mut self) -> Result<Term, Obstacle> {
        if self.next_is(&Token::Symbol("(")) {
            return self.parenthesised();
        }
        match self.next()? {
            Token::Literal(value) => Ok(Term::Literal(value)),
            Token::Word("NULL") => Ok(Term::Null),
            Token::Word("true") => Ok(Term::Condition(Predicate::constant(Truth::True))),
            Token::Word("false") => Ok(Term::Condition(Predicate::constant(Truth::False))),
            Token::Word("ARRAY") => self.array(),
            Token::Word("VALUE") if self.subject == Subject::DomainValue => Ok(Term::Column),
            Token::Quoted(name) if self.subject == Subject::Column(name.as_str()) => {
                Ok(Term::Column)
            }
            // An upper-case letter marks a key word such as CURRENT_USER or VALUE:
            // a column of that very name is printed in quotes.
            Token::Word(name) if self.subject == Subject::Column(name) && !has_upper_case(name) => {
                Ok(Term::Column)
            }
            token @ (Token::Word(_) | Token::Quoted(_)) => {
                Err(Obstacle::OtherName(token.to_string()))
            }
            token => Err(Obstacle::Unexpected(token.to_string())),
        }
    }

    /// The elements of `ARRAY[…]`.
    fn array(&mut self) -> Result<Term, Obstacle> {
        self.expect_symbol("[")?;
        let mut values = BTreeSet::new();
        if self.eat_symbol("]") {
            return Ok(Term::List(Some(values)));
        }
        loop {
            match self.expression()? {
                Term::Text(value) => values.insert(value),
                Term::List(_) => return Err(Obstacle::Array("ARRAY[ARRAY[…]]".to_owned())),
                _ => return Err(Obstacle::Comparison),
            };
            if !self.eat_symbol(",") {
                self.expect_symbol("]")?;
                return Ok(Term::List(Some(values)));
            }
        }
    }

    fn type_name(&mut self) -> Result<Type, Obstacle> {
        let limit = match self.next()? {
            Token::Word("boolean") => return Ok(Type::Boolean),
            Token::Word("text") => None,
            Token::Quoted(name) if name == "text" => None,
            Token::Word("character") if self.eat_word("varying") => self.length()?,
            token => return Err(self.other_type(&token)),
        };
        if !self.eat_symbol("[") {
            return Ok(Type::Text { limit });
        }
        self.expect_symbol("]")?;
        Ok(Type::TextArray { limit })
    }

    /// Refuses a type, by its whole name where a schema stands before it.
    fn other_type(&mut self, first: &Token<'_>) -> Obstacle {
        let mut name = first.to_string();
        if self.eat_symbol(".")
            && let Some(token) = self.tokens.next()
        {
            name = format!("{name}.{token}");
        }
        Obstacle::Type(name)
    }

    fn length(&mut self) -> Result<Option<usize>, Obstacle> {
        if !self.eat_symbol("(") {
            return Ok(None);
        }
        let length = match self.next()? {
            Token::Number(digits) => digits
                .parse()
                .map_err(|_| Obstacle::Unexpected(digits.to_owned()))?,
            token => return Err(Obstacle::Unexpected(token.to_string())),
        };
        self.expect_symbol(")")?;
        Ok(Some(length))
    }

    fn next(&mut self) -> Result<Token<'a>, Obstacle> {
        self.tokens.next().ok_or(Obstacle::Ends)
    }

    fn next_is(&self, token: &Token<'_>) -> bool {
        self.tokens.as_slice().first() == Some(token)
    }

    fn next_is_word(&self, word: &str) -> bool {
        self.next_is(&Token::Word(word))
    }

    fn eat(&mut self, token: &Token<'_>) -> bool {
        let found = self.next_is(token);
        if found {
            self.tokens.next();
        }
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        self.eat(&Token::Word(word))
    }

    fn eat_symbol(&mut self, symbol: &str) -> bool {
        self.eat(&Token::Symbol(symbol))
    }

    fn expect_symbol(&mut self, symbol: &str) -> Result<(), Obstacle> {
        match self.next()? {
            Token::Symbol(found) if found == symbol => Ok(()),
            token => Err(Obstacle::Unexpected(token.to_string())),
        }
    }
}

fn has_upper_case(name: &str) -> bool {
    name.contains(|character: char| character.is_ascii_uppercase())
}

fn cast_to(target: Type, term: Term) -> Result<Term, Obstacle> {
    match (term, target) {
        (Term::Column, Type::Text { limit: None }) => Ok(Term::Column),
        (Term::Column, Type::Text { limit: Some(limit) }) => Err(Obstacle::Cut(limit)),
        (Term::Literal(value), Type::Text { limit }) => uncut(limit, Some(value)).map(Term::Text),
        (Term::Text(value), Type::Text { limit }) => uncut(limit, value).map(Term::Text),
        (Term::Literal(literal), Type::TextArray { limit }) => {
            let values = array::elements(&literal).ok_or(Obstacle::Array(literal))?;
            uncut_list(limit, values)
        }
        (Term::List(Some(values)), Type::TextArray { limit }) => uncut_list(limit, values),
        (Term::List(None) | Term::Null, Type::TextArray { .. }) => Ok(Term::List(None)),
        (Term::Null, Type::Text { .. }) => Ok(Term::Text(None)),
        (Term::Null, Type::Boolean) => Ok(Term::Condition(Predicate::constant(Truth::Unknown))),
        _ => Err(Obstacle::Cast),
    }
}

fn uncut_list(limit: Option<usize>, values: BTreeSet<Option<String>>) -> Result<Term, Obstacle> {
    let values = values.into_iter().map(|value| uncut(limit, value));
    Ok(Term::List(Some(values.collect::<Result<_, _>>()?)))
}

/// The value itself, if a cast to `limit` characters cannot change it. Bytes are
/// counted, because what a character is depends on the database's encoding, and in
/// none of them are there more characters than bytes here.
fn uncut(limit: Option<usize>, value: Option<String>) -> Result<Option<String>, Obstacle> {
    match (limit, &value) {
        (Some(limit), Some(text)) if text.len() > limit => Err(Obstacle::Cut(limit)),
        _ => Ok(value),
    }
}
