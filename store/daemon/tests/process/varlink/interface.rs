//! Parses an interface file (<https://varlink.org/Interface-Definition>), as far as needed to check values.

use serde_json::Value;
use std::collections::BTreeMap;
use std::iter::Peekable;

/// An interface.
pub(crate) struct Interface {
    /// Its name, such as `org.postern.Auth`.
    pub(crate) name: String,
    /// The parameters and the reply of each method.
    pub(crate) methods: BTreeMap<String, (Type, Type)>,
    types: BTreeMap<String, Type>,
}

/// A type.
pub(crate) enum Type {
    /// `bool`, `int`, `string`, or the name of a type.
    Named(String),
    /// `?T`
    Optional(Box<Type>),
    /// `[]T`
    List(Box<Type>),
    /// `[string]T`
    Map(Box<Type>),
    /// `(name: T, …)`
    Fields(BTreeMap<String, Type>),
    /// `(one, other)`
    OneOf(Vec<String>),
}

impl Interface {
    /// Parses the text of an interface file; panics if it is invalid.
    pub(crate) fn parse(text: &str) -> Self {
        let words = words(text);
        let mut rest = words.iter().map(String::as_str).peekable();
        assert_eq!(rest.next(), Some("interface"));
        let mut interface = Self { name: word(&mut rest), methods: BTreeMap::new(), types: BTreeMap::new() };
        while let Some(kind) = rest.next() {
            let name = word(&mut rest);
            let shape = parse_type(&mut rest);
            match kind {
                "type" => drop(interface.types.insert(name, shape)),
                "method" => {
                    assert_eq!(rest.next(), Some("->"));
                    interface.methods.insert(name, (shape, parse_type(&mut rest)));
                }
                "error" => {}
                other => panic!("{other:?} is no member of an interface"),
            }
        }
        interface
    }

    /// Checks the parameters of a method.
    pub(crate) fn check_parameters(&self, method: &str, value: &Value) -> Result<(), String> {
        self.check(&self.methods[method].0, value)
    }

    /// Checks the reply of a method.
    pub(crate) fn check_reply(&self, method: &str, value: &Value) -> Result<(), String> {
        self.check(&self.methods[method].1, value)
    }

    fn check(&self, shape: &Type, value: &Value) -> Result<(), String> {
        let fits = match (shape, value) {
            (Type::Named(name), value) => match name.as_str() {
                "bool" => value.is_boolean(),
                "int" => value.is_i64(),
                "string" => value.is_string(),
                name => return self.check(self.types.get(name).ok_or(format!("there is no type {name}"))?, value),
            },
            (Type::Optional(_), Value::Null) => true,
            (Type::Optional(shape), value) => return self.check(shape, value),
            (Type::List(shape), Value::Array(values)) => {
                return values.iter().try_for_each(|value| self.check(shape, value));
            }
            (Type::Map(shape), Value::Object(values)) => {
                return values.values().try_for_each(|value| self.check(shape, value));
            }
            (Type::OneOf(words), Value::String(value)) => words.contains(value),
            (Type::Fields(fields), Value::Object(values)) => {
                if let Some(name) = values.keys().find(|name| !fields.contains_key(*name)) {
                    return Err(format!("{name} is not described"));
                }
                return fields.iter().try_for_each(|(name, shape)| {
                    let value = values.get(name).unwrap_or(&Value::Null);
                    self.check(shape, value).map_err(|why| format!("{name}: {why}"))
                });
            }
            _ => false,
        };
        if fits { Ok(()) } else { Err(format!("{value} is of another type")) }
    }
}

/// Splits a text into names, `->`, and single characters; comments are omitted.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for line in text.lines().map(|line| line.split('#').next().unwrap_or_default()) {
        for sign in line.chars().chain(['\n']) {
            if sign.is_alphanumeric() || "_.->".contains(sign) {
                words.last_mut().unwrap().push(sign);
            } else {
                words.push(if sign.is_whitespace() { String::new() } else { sign.to_string() });
                words.push(String::new());
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn word<'w>(rest: &mut impl Iterator<Item = &'w str>) -> String {
    rest.next().expect("the file ends too early").to_owned()
}

fn parse_type<'w>(rest: &mut Peekable<impl Iterator<Item = &'w str>>) -> Type {
    match word(rest).as_str() {
        "?" => Type::Optional(Box::new(parse_type(rest))),
        "[" => match word(rest).as_str() {
            "]" => Type::List(Box::new(parse_type(rest))),
            _ => {
                assert_eq!(rest.next(), Some("]"));
                Type::Map(Box::new(parse_type(rest)))
            }
        },
        "(" => parse_fields(rest),
        name => Type::Named(name.to_owned()),
    }
}

fn parse_fields<'w>(rest: &mut Peekable<impl Iterator<Item = &'w str>>) -> Type {
    let (mut fields, mut names) = (BTreeMap::new(), Vec::new());
    loop {
        match word(rest).as_str() {
            ")" if names.is_empty() => return Type::Fields(fields),
            ")" => return Type::OneOf(names),
            "," => {}
            name if rest.next_if_eq(&":").is_some() => drop(fields.insert(name.to_owned(), parse_type(rest))),
            name => names.push(name.to_owned()),
        }
    }
}

#[test]
fn an_interface_file_is_read() {
    let text = "# c\ninterface a.b\ntype E (x, y)\ntype T (n: int, e: ?E)\nmethod M(l: []T) -> (m: [string]bool)\nerror F ()\n";
    let interface = Interface::parse(text);
    let reply = |text: &str| interface.check_reply("M", &serde_json::from_str(text).unwrap());
    let call = |text: &str| interface.check_parameters("M", &serde_json::from_str(text).unwrap());
    assert!(reply(r#"{"m":{"k":true}}"#).is_ok() && call(r#"{"l":[{"n":1},{"n":2,"e":"x"}]}"#).is_ok());
    for text in ["{}", r#"{"m":{"k":1}}"#, r#"{"m":{},"z":1}"#, "[]"] {
        assert!(reply(text).is_err(), "{text}");
    }
    for text in [r#"{"l":[{}]}"#, r#"{"l":[{"n":1.5}]}"#, r#"{"l":[{"n":1,"e":"z"}]}"#, r#"{"l":{}}"#] {
        assert!(call(text).is_err(), "{text}");
    }
}
