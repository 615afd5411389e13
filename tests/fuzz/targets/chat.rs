//! What the pages say over their sockets, and the names that people give.

use secure_chat::chat::event::{ClientEvent, Reason, decode_client_event, encode_refusal};
use secure_chat::model::{ClientId, Content, GroupName, UserName};
use secure_chat::pages::{Needle, Wish, decode_wish};
use serde_json::{Value, json};

/// What is understood is valid and can be said again; what is not is refused in words that are JSON.
pub(crate) fn client_event(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else {
        return false;
    };
    match decode_client_event(text) {
        Ok(event) => {
            let again = decode_client_event(&spoken(&event).to_string());
            assert_eq!(again, Ok(event));
            true
        }
        Err(refusal) => {
            assert!(matches!(refusal.reason, Reason::Invalid(_)));
            assert!(refusal.request.chars().count() <= 16);
            let client_id = refusal.client_id.as_deref();
            assert!(client_id.is_none_or(|id| ClientId::new(id).is_ok()));
            let told: Value = serde_json::from_slice(&encode_refusal(&refusal)).expect("JSON");
            assert!(told.is_object());
            false
        }
    }
}

fn spoken(event: &ClientEvent) -> Value {
    match event {
        ClientEvent::Send { client_id, content } => json!({
            "type": "send", "client_id": client_id.as_ref().map(ClientId::as_str), "content": content.as_str(),
        }),
        ClientEvent::Edit {
            message_id,
            content,
        } => json!({
            "type": "edit", "message_id": message_id.0, "content": content.as_str(),
        }),
        ClientEvent::Delete { message_id } => {
            json!({ "type": "delete", "message_id": message_id.0 })
        }
        ClientEvent::Typing => json!({ "type": "typing" }),
        ClientEvent::Read { message_id } => json!({ "type": "read", "message_id": message_id.0 }),
        ClientEvent::Older { before } => json!({ "type": "older", "before": before.0 }),
    }
}

/// A wish that is understood can be said again, and what is searched for is found where it is, and nowhere else.
pub(crate) fn wish(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else {
        return false;
    };
    match decode_wish(text) {
        Ok(wish) => {
            let said = match &wish {
                Wish::Watch(connection) => json!({ "type": "watch", "connection": connection }),
                Wish::Show(item) => json!({ "type": "show", "item": item }),
                Wish::Locate(message) => json!({ "type": "locate", "message": message.0 }),
                Wish::Find(needle, question) => {
                    is_found(needle);
                    match needle {
                        Needle::Text(text) => {
                            json!({ "type": "find", "text": text, "question": question })
                        }
                        Needle::Bytes(bytes) => json!({
                            "type": "find", "hex": secure_chat::octets::hex(bytes), "question": question,
                        }),
                    }
                }
            };
            assert_eq!(decode_wish(&said.to_string()), Ok(wish));
            true
        }
        Err(sentence) => {
            assert!(sentence.ends_with('.'), "{sentence}");
            false
        }
    }
}

fn is_found(needle: &Needle) {
    let wanted = match needle {
        Needle::Text(text) => text.to_ascii_uppercase().into_bytes(),
        Needle::Bytes(bytes) => bytes.clone(),
    };
    assert_eq!(needle.find_in(&wanted), Some(0));
    assert_eq!(needle.find_in(&wanted[1..]), None);
    let behind = [&[wanted[0] ^ 0x80][..], &wanted].concat();
    let at = needle.find_in(&behind).expect("it stands there");
    assert!(behind[at..].len() >= wanted.len());
}

/// A name that is taken is short, on one line, and the same person's in any case.
pub(crate) fn names(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else {
        return false;
    };
    let mut taken = false;
    if let Ok(name) = UserName::new(text) {
        assert_eq!(name.as_str(), text);
        assert!(text.is_ascii() && !text.contains(char::is_whitespace) && text.len() <= 64);
        let shouted = UserName::new(&text.to_ascii_uppercase()).expect("letters stay letters");
        assert_eq!(shouted.key(), name.key());
        taken = true;
    }
    if let Ok(name) = GroupName::new(text) {
        assert!((1..=64).contains(&name.as_str().chars().count()));
        assert!(!name.as_str().contains(char::is_control) && name.as_str().trim() == name.as_str());
        let again = GroupName::new(name.as_str()).expect("it was taken");
        assert_eq!(again.key(), name.key());
        taken = true;
    }
    if let Ok(content) = Content::new(text.to_owned()) {
        assert_eq!(content.as_str(), text);
        assert!((1..=4000).contains(&text.chars().count()) && !text.trim().is_empty());
    }
    if let Ok(id) = ClientId::new(text) {
        assert_eq!(id.as_str(), text);
        assert!(!text.is_empty() && text.is_ascii());
    }
    taken
}
