//! The grammar: tests of fields, joined by `not`, `and` and `or` in this order, and parentheses.

use super::error::ConditionError;
use super::operand::{Literal, Operand};
use super::pattern::Pattern;
use super::quoted::Quoted;
use super::token::{Token, Tokens, keyword};
use super::tree::{Check, Node, Operator, Test};
use crate::jsonl::Number;

/// The longest expression, in bytes.
pub(super) const MAX_BYTES: usize = 64 << 10;
/// How deep parentheses and `not` may be nested, and how many dots a name may have: each takes some stack.
pub(super) const MAX_DEPTH: usize = 200;
/// How many regular expressions there may be: each takes memory of its own.
pub(super) const MAX_REGEXES: usize = 64;

/// Operators that other languages spell out, and what is written here.
const SPELLED: [(&str, &str); 16] = [
    ("is", "write = or !="),
    ("eq", "write ="),
    ("ne", "write !="),
    ("lt", "write <"),
    ("le", "write <="),
    ("gt", "write >"),
    ("ge", "write >="),
    ("like", "write ~ for a part of a text"),
    ("ilike", "write ~ /…/i"),
    ("contains", "write ~ for a part of a text"),
    ("matches", "write ~ /…/"),
    ("startswith", "write ~ /^…/"),
    ("endswith", "write ~ /…$/"),
    ("between", "write >= … and <= …, with the name in both"),
    ("exist", "write exists"),
    ("has", "write exists"),
];

/// The tree of an expression, and the names of its fields in the order of their numbers.
pub(super) fn parse(text: &str, now_ns: Option<i64>) -> Result<(Node, Vec<String>), ConditionError> {
    if text.len() > MAX_BYTES {
        let at = (0..=MAX_BYTES).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let message = format!("the expression has {} bytes, and {MAX_BYTES} are the limit", text.len());
        return Err(ConditionError::new(at, message).suggest("shorten it"));
    }
    let mut tokens = Tokens::of(text);
    let (at, token) = tokens.next()?;
    if token == Token::End {
        return Err(
            ConditionError::new(at, "the expression is empty").suggest("write one like level >= warning")
        );
    }
    let mut parser = Parser { tokens, at, token, now_ns, depth: 0, regexes: 0, names: Vec::new() };
    let node = parser.any()?;
    match parser.token {
        Token::End => Ok((node, parser.names)),
        _ => Err(parser.left_over()),
    }
}

struct Parser<'t> {
    tokens: Tokens<'t>,
    /// The token that comes next, and where it begins.
    token: Token<'t>,
    at: usize,
    now_ns: Option<i64>,
    depth: usize,
    regexes: usize,
    names: Vec<String>,
}

impl<'t> Parser<'t> {
    fn advance(&mut self) -> Result<(usize, Token<'t>), ConditionError> {
        let (at, token) = self.tokens.next()?;
        Ok((std::mem::replace(&mut self.at, at), std::mem::replace(&mut self.token, token)))
    }

    /// Takes the next token if it is this keyword.
    fn takes_keyword(&mut self, word: &str) -> Result<bool, ConditionError> {
        let is_next = matches!(self.token, Token::Word(next) if keyword(next) == Some(word));
        if is_next {
            self.advance()?;
        }
        Ok(is_next)
    }

    fn takes_sign(&mut self, sign: &str) -> Result<bool, ConditionError> {
        let is_next = matches!(self.token, Token::Sign(next) if next == sign);
        if is_next {
            self.advance()?;
        }
        Ok(is_next)
    }

    fn any(&mut self) -> Result<Node, ConditionError> {
        let first = self.all()?;
        let mut nodes = Vec::new();
        while self.takes_keyword("or")? {
            nodes.push(self.all()?);
        }
        Ok(join(first, nodes, Node::Any, |node| match node {
            Node::Any(nodes) => Ok(nodes),
            node => Err(node),
        }))
    }

    fn all(&mut self) -> Result<Node, ConditionError> {
        let first = self.negation()?;
        let mut nodes = Vec::new();
        while self.takes_keyword("and")? {
            nodes.push(self.negation()?);
        }
        Ok(join(first, nodes, Node::All, |node| match node {
            Node::All(nodes) => Ok(nodes),
            node => Err(node),
        }))
    }

    fn negation(&mut self) -> Result<Node, ConditionError> {
        let at = self.at;
        if self.takes_keyword("not")? {
            self.deeper(at)?;
            let node = self.negation()?;
            self.depth -= 1;
            return Ok(Node::Not(Box::new(node)));
        }
        if self.takes_sign("(")? {
            return self.group(at);
        }
        self.test().map(|test| Node::Test(Box::new(test)))
    }

    /// What stands in the parentheses of which the first is at `open`.
    fn group(&mut self, open: usize) -> Result<Node, ConditionError> {
        self.deeper(open)?;
        let node = self.any()?;
        self.close(open)?;
        self.depth -= 1;
        Ok(node)
    }

    fn close(&mut self, open: usize) -> Result<(), ConditionError> {
        match self.token {
            Token::End => {
                let error = ConditionError::new(open, "the parenthesis is not closed");
                Err(error.suggest("write ) at its end"))
            }
            Token::Sign(")") => self.advance().map(|_| ()),
            _ => Err(self.left_over()),
        }
    }

    fn deeper(&mut self, at: usize) -> Result<(), ConditionError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = format!("parentheses and not are nested more than {MAX_DEPTH} deep");
            return Err(ConditionError::new(at, message).suggest("leave some out"));
        }
        Ok(())
    }

    fn test(&mut self) -> Result<Test, ConditionError> {
        let name = self.name()?;
        let check = self.check(&name)?;
        let known = self.names.iter().position(|known| *known == name);
        let index = known.unwrap_or_else(|| {
            self.names.push(name.clone());
            self.names.len() - 1
        });
        Ok(Test { name, index, check })
    }

    fn name(&mut self) -> Result<String, ConditionError> {
        let (at, token) = self.advance()?;
        let name = match token {
            Token::Word("logger") => "module".to_owned(),
            Token::Word(word) => match keyword(word) {
                Some(_) => {
                    let error = ConditionError::new(at, format!("{word} stands where a field's name should"));
                    return Err(error.suggest(format!("write \"{word}\" if that is the name")));
                }
                None if Number::parse(word).is_some() => {
                    let error = ConditionError::new(at, format!("{word} stands where a field's name should"));
                    return Err(error.suggest("write the field on the left, or its name in double quotes"));
                }
                None => word.to_owned(),
            },
            Token::Quoted(Quoted { quote: '\'', .. }) => {
                let error = ConditionError::new(at, "a text stands where a field's name should");
                return Err(error.suggest("put a name in double quotes or backticks"));
            }
            Token::Quoted(Quoted { text, .. }) => text,
            token => {
                let error = ConditionError::new(at, format!("a field's name is missing{}", before(&token)));
                return Err(error.suggest("write one like level"));
            }
        };
        if name.matches('.').count() > MAX_DEPTH {
            let error = ConditionError::new(at, format!("the name has more than {MAX_DEPTH} dots"));
            return Err(error.suggest("shorten it"));
        }
        Ok(name)
    }

    fn check(&mut self, name: &str) -> Result<Check, ConditionError> {
        let (at, token) = self.advance()?;
        match token {
            Token::Sign("~") => self.pattern().map(|pattern| Check::Matches { is_wanted: true, pattern }),
            Token::Sign("!~") => self.pattern().map(|pattern| Check::Matches { is_wanted: false, pattern }),
            Token::Sign(sign) => match Operator::of(sign) {
                Some(operator) => {
                    let operand = self.operand(name, sign, operator.is_ordered())?;
                    Ok(Check::Compare(operator, operand))
                }
                None => Err(no_operator(at, name)),
            },
            Token::Word(word) => match keyword(word) {
                Some("exists") => Ok(Check::Exists { is_wanted: true }),
                Some("in") => self.list(name).map(|operands| Check::IsIn { is_wanted: true, operands }),
                Some("not") if self.takes_keyword("exists")? => Ok(Check::Exists { is_wanted: false }),
                Some("not") if self.takes_keyword("in")? => {
                    self.list(name).map(|operands| Check::IsIn { is_wanted: false, operands })
                }
                Some("not") => {
                    let error = ConditionError::new(self.at, "in or exists is missing after not");
                    Err(error.suggest("write != for a comparison, or not before the name"))
                }
                Some(_) => Err(no_operator(at, name)),
                None => Err(unknown_operator(at, word)),
            },
            _ => Err(no_operator(at, name)),
        }
    }

    fn operand(&mut self, name: &str, after: &str, is_ordered: bool) -> Result<Operand, ConditionError> {
        let at = self.at;
        let literal = self.literal(after)?;
        Operand::new(literal, name, is_ordered, self.now_ns)
            .map_err(|(message, suggestion)| ConditionError::new(at, message).suggest(suggestion))
    }

    fn literal(&mut self, after: &str) -> Result<Literal, ConditionError> {
        let (at, token) = self.advance()?;
        match token {
            Token::Word(word) => match keyword(word) {
                None => Ok(Literal { text: word.to_owned(), is_quoted: false }),
                Some(_) => {
                    let error = ConditionError::new(at, format!("{word} stands where a value should"));
                    Err(error.suggest(format!("write \"{word}\" if that is the text")))
                }
            },
            Token::Quoted(Quoted { quote: '`', .. }) => {
                let error = ConditionError::new(at, "a name in backticks stands where a value should");
                Err(error.suggest("put a text in single or double quotes"))
            }
            Token::Quoted(Quoted { text, .. }) => Ok(Literal { text, is_quoted: true }),
            Token::Regex(_) => {
                let error = ConditionError::new(at, "a regular expression stands where a value should");
                Err(error.suggest("write ~ before it, or put a text in quotes"))
            }
            Token::Sign("(") => {
                let error = ConditionError::new(at, format!("a list stands after {after}"));
                Err(error.suggest("write in before a list"))
            }
            Token::Sign(_) | Token::End => {
                let error = ConditionError::new(at, format!("a value is missing after {after}"));
                Err(error.suggest("write a word, a number, or a text in quotes"))
            }
        }
    }

    fn list(&mut self, name: &str) -> Result<Vec<Operand>, ConditionError> {
        let open = self.at;
        if !self.takes_sign("(")? {
            let error = ConditionError::new(open, "a list is missing after in");
            return Err(error.suggest("write it in parentheses, with commas: in (1, 2)"));
        }
        let mut operands = vec![self.operand(name, "(", false)?];
        while self.takes_sign(",")? {
            operands.push(self.operand(name, "the comma", false)?);
        }
        if self.takes_sign(")")? {
            return Ok(operands);
        }
        Err(match self.token {
            Token::End => ConditionError::new(open, "the list is not closed").suggest("write ) at its end"),
            _ => {
                let error = ConditionError::new(self.at, "a comma is missing in the list");
                error.suggest("write commas between values, and ) at the end")
            }
        })
    }

    fn pattern(&mut self) -> Result<Pattern, ConditionError> {
        let at = self.at;
        if !matches!(self.token, Token::Regex(_)) {
            return self.literal("~").map(Pattern::plain);
        }
        let (_, Token::Regex(text)) = self.advance()? else { unreachable!("it was looked at") };
        self.regexes += 1;
        if self.regexes > MAX_REGEXES {
            let error =
                ConditionError::new(at, format!("there are more than {MAX_REGEXES} regular expressions"));
            return Err(error.suggest("write several as one: /one|other/"));
        }
        Pattern::regex(text).map_err(|reason| {
            ConditionError::new(at, format!("the regular expression is not valid: {reason}"))
        })
    }

    /// What follows a whole expression.
    fn left_over(&self) -> ConditionError {
        let error = |message: &str| ConditionError::new(self.at, message);
        match self.token {
            Token::Sign(")") => error("the parenthesis was not opened").suggest("leave it out"),
            Token::Word(_) | Token::Quoted(_) => error("and or or is missing here")
                .suggest("write one between two tests, and quotes around a text with spaces"),
            _ => error("and or or is missing here").suggest("write one between two tests"),
        }
    }
}

/// One node of all that `join` joined: the parts of a part of the same kind are its own.
fn join(
    first: Node,
    others: Vec<Node>,
    joined: fn(Vec<Node>) -> Node,
    parts: fn(Node) -> Result<Vec<Node>, Node>,
) -> Node {
    if others.is_empty() {
        return first;
    }
    let all = std::iter::once(first).chain(others);
    joined(all.flat_map(|node| parts(node).unwrap_or_else(|node| vec![node])).collect())
}

fn before(token: &Token<'_>) -> String {
    match token {
        Token::Sign(sign) => format!(" before {sign}"),
        Token::Regex(_) => " before the regular expression".to_owned(),
        _ => String::new(),
    }
}

fn no_operator(at: usize, name: &str) -> ConditionError {
    let error = ConditionError::new(at, format!("an operator is missing after {name}"));
    error.suggest("write exists, or one of = != < <= > >= ~ !~ in")
}

fn unknown_operator(at: usize, word: &str) -> ConditionError {
    let known = SPELLED.iter().find(|(spelled, _)| word.eq_ignore_ascii_case(spelled));
    let suggestion = known.map_or("use = != < <= > >= ~ !~ in or exists", |(_, suggestion)| suggestion);
    ConditionError::new(at, format!("{word} is no operator")).suggest(suggestion)
}
