//! A reader of the subset of XML Schema that the published `JUnit` schema uses: the permitted
//! elements and attributes of each element, the required attributes, and the format of times.

use std::collections::{BTreeMap, BTreeSet};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

#[derive(Debug, Default)]
struct Element {
    /// Attributes, with their type and whether they are required.
    attributes: BTreeMap<String, (String, bool)>,
    children: BTreeSet<String>,
    may_hold_text: bool,
}

#[derive(Debug)]
pub(super) struct Xsd(BTreeMap<String, Element>);

fn attributes(start: &BytesStart<'_>) -> BTreeMap<String, String> {
    let found = start.attributes().map(|attribute| {
        let attribute = attribute.unwrap();
        let name = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
        let value = String::from_utf8(attribute.value.to_vec()).unwrap();
        (name, value)
    });
    found.collect()
}

fn name(start: &BytesStart<'_>) -> String {
    String::from_utf8(start.name().as_ref().to_vec()).unwrap()
}

impl Xsd {
    pub(super) fn read(text: &str) -> Self {
        let mut elements: BTreeMap<String, Element> = BTreeMap::new();
        let mut current = String::new();
        let mut reader = Reader::from_str(text);
        loop {
            let event = reader.read_event().unwrap();
            let (Event::Start(start) | Event::Empty(start)) = &event else {
                if event == Event::Eof {
                    return Self(elements);
                }
                continue;
            };
            let found = attributes(start);
            let of = |name: &str| found.get(name).cloned().unwrap_or_default();
            let is_text = of("type") == "xs:string";
            match name(start).as_str() {
                "xs:element" if found.contains_key("ref") => {
                    elements.get_mut(&current).unwrap().children.insert(of("ref"));
                }
                "xs:element" => {
                    current = of("name");
                    elements.entry(current.clone()).or_default().may_hold_text = is_text;
                }
                "xs:complexType" if of("mixed") == "true" && !current.is_empty() => {
                    elements.get_mut(&current).unwrap().may_hold_text = true;
                }
                "xs:attribute" if !current.is_empty() => {
                    let rule = (of("type"), of("use") == "required");
                    elements.get_mut(&current).unwrap().attributes.insert(of("name"), rule);
                }
                _ => {}
            }
        }
    }

    /// Violations of the schema and of XML.
    pub(super) fn faults(&self, text: &str) -> Vec<String> {
        let is_character = |one: char| {
            matches!(one, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}')
                || one > '\u{FFFF}'
        };
        let wrong = text.chars().filter(|one| !is_character(*one));
        let mut faults: Vec<String> =
            wrong.map(|one| format!("{one:?} is not an XML character")).collect();
        let mut within: Vec<String> = Vec::new();
        let mut reader = Reader::from_str(text);
        loop {
            match reader.read_event() {
                Err(error) => {
                    faults.push(error.to_string());
                    return faults;
                }
                Ok(Event::Eof) => return faults,
                Ok(Event::Start(start)) => {
                    self.check(&start, within.last(), &mut faults);
                    within.push(name(&start));
                }
                Ok(Event::Empty(start)) => self.check(&start, within.last(), &mut faults),
                Ok(Event::End(_)) => {
                    within.pop();
                }
                Ok(Event::Text(text)) => {
                    let is_blank = text.iter().all(u8::is_ascii_whitespace);
                    let parent = within.last().and_then(|parent| self.0.get(parent));
                    if !is_blank && !parent.is_some_and(|parent| parent.may_hold_text) {
                        faults.push(format!("text in {within:?}"));
                    }
                    if text.windows(3).any(|three| three == b"]]>") {
                        faults.push("]]> in text".to_owned());
                    }
                }
                Ok(_) => {}
            }
        }
    }

    fn check(&self, start: &BytesStart<'_>, parent: Option<&String>, faults: &mut Vec<String>) {
        let name = name(start);
        let allowed = match parent {
            None => name == "testsuites",
            Some(parent) => {
                self.0.get(parent).is_some_and(|parent| parent.children.contains(&name))
            }
        };
        if !allowed {
            faults.push(format!("{name} in {parent:?}"));
        }
        let Some(element) = self.0.get(&name) else {
            return faults.push(format!("{name} is unknown"));
        };
        let found = attributes(start);
        for (attribute, value) in &found {
            match element.attributes.get(attribute) {
                None => faults.push(format!("{attribute} of {name} is unknown")),
                Some((kind, _)) if kind == "SUREFIRE_TIME" && value.parse::<f64>().is_err() => {
                    faults.push(format!("{attribute} of {name} is {value}"));
                }
                Some(_) => {}
            }
        }
        for (attribute, (_, is_required)) in &element.attributes {
            if *is_required && !found.contains_key(attribute) {
                faults.push(format!("{name} has no {attribute}"));
            }
        }
    }
}
