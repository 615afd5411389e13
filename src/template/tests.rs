//! Places filled, values escaped, slips named; and the templates of this repository held to the same rules.
//! No page is put together here.

use super::*;

fn render(template: &str, values: &[(&str, Value<'_>)]) -> String {
    let markup = Template::parse(template).unwrap().render(values).unwrap();
    assert_eq!(markup.0.capacity(), markup.0.len(), "one exact allocation");
    markup.into_string()
}

#[test]
fn places_are_filled_in_order_and_as_often_as_they_stand() {
    for (template, expected) in [
        ("", ""),
        ("plain { and } stay", "plain { and } stay"),
        ("{{a}}", "1"),
        ("{{a}}{{b}}", "12"),
        ("<p>{{a}} – {{b}} – {{a}}</p>", "<p>1 – 2 – 1</p>"),
        ("ä{{a}}ö\n{{b}}", "ä1ö\n2"),
    ] {
        let parsed = Template::parse(template).unwrap();
        let all = [("a", Value::Text("1")), ("b", Value::Text("2"))];
        let fitting: Vec<_> = all
            .into_iter()
            .filter(|(name, _)| parsed.places().any(|place| place == *name))
            .collect();
        assert_eq!(render(template, &fitting), expected);
    }
}

#[test]
fn text_stays_text_whatever_it_says() {
    for (hostile, shown) in [
        (
            "<script>alert(1)</script>",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
        ),
        (
            "\" onmouseover=\"alert(1)",
            "&quot; onmouseover=&quot;alert(1)",
        ),
        (
            "' autofocus onfocus='alert(1)",
            "&#39; autofocus onfocus=&#39;alert(1)",
        ),
        ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
        (
            "</title><img src=x onerror=alert(1)>",
            "&lt;/title&gt;&lt;img src=x onerror=alert(1)&gt;",
        ),
        (
            "--><svg/onload=alert(1)>",
            "--&gt;&lt;svg/onload=alert(1)&gt;",
        ),
        ("{{b}}", "{{b}}"),
        ("& < > \" '", "&amp; &lt; &gt; &quot; &#39;"),
        ("ünïcode 日本語 \u{202e}", "ünïcode 日本語 \u{202e}"),
    ] {
        let value = [("a", Value::Text(hostile))];
        assert_eq!(render("<b>{{a}}</b>", &value), format!("<b>{shown}</b>"));
        assert_eq!(
            render("<b title=\"{{a}}\"></b>", &value),
            format!("<b title=\"{shown}\"></b>")
        );
    }
}

#[test]
fn markup_of_our_own_goes_in_as_it_is_and_is_escaped_only_once() {
    let row = Template::parse("<li>{{name}}</li>").unwrap();
    let rows: Vec<Markup> = ["<ana>", "bob & co"]
        .iter()
        .map(|name| row.render(&[("name", Value::Text(name))]).unwrap())
        .collect();
    assert_eq!(
        render(
            "<ol>{{rows}}</ol>",
            &[("rows", Value::Markup(&Markup::concat(&rows)))]
        ),
        "<ol><li>&lt;ana&gt;</li><li>bob &amp; co</li></ol>"
    );
    assert_eq!(
        render(
            "<p>{{none}}</p>",
            &[("none", Value::Markup(&Markup::default()))]
        ),
        "<p></p>"
    );
}

#[test]
fn a_bad_place_is_named_with_its_line_and_column() {
    let name = |text: &str| Fault::Name(text.into());
    let context = |text: &str| Fault::Context(text.into());
    for (template, line, column, fault) in [
        ("{{a", 1, 1, Fault::Unclosed),
        ("<p>\n  ä {{a}} {{b", 2, 11, Fault::Unclosed),
        ("{{a {{b}}", 1, 1, Fault::Unclosed),
        ("a }} b", 1, 3, Fault::Unopened),
        ("{{a}} }}", 1, 7, Fault::Unopened),
        ("}} {{a}}", 1, 1, Fault::Unopened),
        ("x\n{{}}", 2, 1, name("")),
        ("{{ a }}", 1, 1, name(" a ")),
        ("{{A}}", 1, 1, name("A")),
        ("{{1a}}", 1, 1, name("1a")),
        ("{{a-b}}", 1, 1, name("a-b")),
        ("{{{a}}}", 1, 1, name("{a")),
        ("<p {{a}}>", 1, 4, context("a")),
        ("<p title={{a}}>", 1, 10, context("a")),
        ("<p title='>' {{a}}>", 1, 14, context("a")),
        ("<p title='\"' {{a}}>", 1, 14, context("a")),
        ("<{{a}}>", 1, 2, context("a")),
        ("</{{a}}>", 1, 3, context("a")),
        ("<!{{a}}>", 1, 3, context("a")),
        ("<p title=\"x\" {{a}}>", 1, 14, context("a")),
        ("<!-- {{a}} -->", 1, 6, context("a")),
        ("<!-- > \" {{a}} -->", 1, 10, context("a")),
    ] {
        assert_eq!(
            Template::parse(template),
            Err(TemplateError {
                line,
                column,
                fault
            }),
            "{template}"
        );
    }
}

#[test]
fn a_place_may_stand_wherever_escaping_is_enough() {
    for (template, in_attribute) in [
        ("{{a}}", false),
        ("<p>{{a}}</p>", false),
        ("<p title=\">\">{{a}}</p>", false),
        ("<p title=\"<b>{{a}}\">", true),
        ("<p title='\" > {{a}}'>", true),
        ("1 < 2 {{a}}", false),
        ("<!doctype html>{{a}}", false),
        ("<!-->{{a}}", false),
        ("<!-- it's \"so\" --><p>{{a}}</p>", false),
        ("<p><!-- <p title=\" -->{{a}}</p>", false),
        ("<a href=\"/chat/{{a}}\">", true),
        ("<a href=\"{{b}}\" title=\"{{a}}\">", true),
    ] {
        let pieces = Template::parse(template).unwrap().pieces;
        let expected = Piece::Place {
            name_index: 0,
            in_attribute,
        };
        assert!(pieces.contains(&expected), "{template}");
    }
}

#[test]
fn values_and_places_must_be_the_same_set() {
    let template = Template::parse("<p id=\"{{a}}\">{{b}}</p>").unwrap();
    let text = Value::Text("x");
    let markup = Markup::default();
    let render = |values: &[(&str, Value<'_>)]| template.render(values).map(Markup::into_string);
    assert_eq!(
        render(&[("b", text), ("a", text)]),
        Ok("<p id=\"x\">x</p>".into())
    );
    for (values, error) in [
        (vec![], RenderError::NoValue("a".into())),
        (vec![("a", text)], RenderError::NoValue("b".into())),
        (
            vec![("a", text), ("b", text), ("c", text)],
            RenderError::NoPlace("c".into()),
        ),
        (
            vec![("a", text), ("b", text), ("a", text)],
            RenderError::TwoValues("a".into()),
        ),
        (
            vec![("a", Value::Markup(&markup)), ("b", text)],
            RenderError::MarkupInAttribute("a".into()),
        ),
    ] {
        assert_eq!(render(&values), Err(error), "{values:?}");
    }
}

/// What a browser makes of escaped text: the way back, for the test below.
fn unescape(html: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(html.to_owned(), |text, (escaped, plain)| {
        text.replace(escaped, plain)
    })
}

#[test]
fn mutated_input_never_panics_and_never_opens_a_tag() {
    const ALPHABET: [&str; 16] = [
        "{{", "}}", "{", "a", "{{a}}", "{{b_1}}", "<", "<p", "<!--", "-->", ">", "\"", "'", "&",
        "é", "\n",
    ];
    // xorshift64 (Marsaglia 2003): the same cases on every run.
    let mut state = 0x5eed_u64;
    let mut pick = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % bound as u64).unwrap()
    };
    let mut rendered = 0;
    for _ in 0..20_000 {
        let mut word = |length: usize| -> String {
            (0..length)
                .map(|_| ALPHABET[pick(ALPHABET.len())])
                .collect()
        };
        let (hostile, text) = (word(6), word(9));
        if let Ok(template) = Template::parse(&text) {
            let places = template.places();
            let values: Vec<_> = places.map(|name| (name, Value::Text(&hostile))).collect();
            template.render(&values).unwrap();
            rendered += usize::from(!values.is_empty());
        }
        let html = render("{{a}}", &[("a", Value::Text(&hostile))]);
        assert!(!html.contains(['<', '>', '"', '\'']), "{hostile:?}");
        assert_eq!(unescape(&html), hostile);
    }
    assert!(
        rendered > 1000,
        "too few of the templates had a place: {rendered}"
    );
}

#[test]
fn every_template_of_this_repository_parses_and_obeys_the_content_security_policy() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        if let Err(error) = Template::parse(&text) {
            panic!("{}: {error}", path.display());
        }
        // Written out, as a browser sees them; single quotes would hide from the context check.
        for banned in [
            "<style",
            " style=",
            " onclick=",
            " onload=",
            "='",
            "javascript:",
            "http:",
            "https:",
        ] {
            assert!(!text.contains(banned), "{}: {banned}", path.display());
        }
        assert!(
            !text.replace("></script>", "").contains("</script>"),
            "{}",
            path.display()
        );
        seen += 1;
    }
    assert!(seen > 5, "no templates found");
}
