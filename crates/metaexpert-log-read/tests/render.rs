//! Records as they are shown, format by format.

#[path = "render/csv.rs"]
mod csv;
#[path = "render/json.rs"]
mod json;
#[path = "render/template.rs"]
mod template;
#[path = "render/text.rs"]
mod text;

use metaexpert_log_read::{Format, Renderer, Style, Zone};

/// A style in UTC.
fn style(format: Format) -> Style {
    Style { format, zone: Zone::Utc, ..Style::default() }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What is shown of each line, one after the other.
fn shown(style: &Style, lines: &[&[u8]]) -> String {
    let (mut renderer, mut out) = (Renderer::new(style).unwrap(), Vec::new());
    for line in lines {
        renderer.render(line, &mut out);
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn raw_lines_are_the_same_bytes() {
    let mut renderer = Renderer::new(&style(Format::Raw)).unwrap();
    for line in [&b"{\"a\" : 1}\r"[..], b"\xff\x1b[2J\0", b"", b"plain"] {
        let mut out = Vec::new();
        assert!(renderer.render(line, &mut out));
        assert_eq!(out, [line, b"\n"].concat());
    }
}

#[test]
fn raw_refuses_to_choose_fields() {
    for options in [
        Style { fields: names(&["a"]), ..style(Format::Raw) },
        Style { hide: names(&["a"]), ..style(Format::Raw) },
    ] {
        let error = Renderer::new(&options).err().unwrap().to_string();
        assert!(error.contains("; write"), "{error}");
    }
}

#[test]
fn an_unknown_zone_is_refused() {
    let zone = Zone::Named("Mars/Base".to_owned());
    let error = Renderer::new(&Style { zone, ..Style::default() }).err().unwrap();
    assert!(error.to_string().contains("\"Mars/Base\""), "{error}");
}
