//! Forms as browsers send them: `application/x-www-form-urlencoded` (WHATWG URL §5).
//! Nothing is guessed: a field that comes twice or cannot be decoded is refused, not repaired.

use std::fmt;

use super::percent;
use super::status::StatusCode;

/// The most fields of a form; ours have two. Beyond it: 400.
pub const FORM_FIELDS_MAX: usize = 32;

/// The media type of a form.
pub const FORM_TYPE: &str = "application/x-www-form-urlencoded";

/// The fields of a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

/// Why a form was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormError {
    /// The content type is not that of a form.
    ContentType,
    /// The content is compressed, or otherwise encoded (RFC 9110 §8.4): nothing here undoes that.
    ContentEncoding,
    /// A broken escape, or bytes that are not UTF-8.
    Encoding,
    /// More than `FORM_FIELDS_MAX` fields.
    TooManyFields,
    /// A field that the page needs is missing or comes twice.
    Field(&'static str),
}

impl FormError {
    /// The answer the peer gets.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::ContentType | Self::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ContentType => {
                write!(f, "This address takes forms ({FORM_TYPE}).")
            }
            Self::ContentEncoding => {
                f.write_str("This address takes forms as they are, without a Content-Encoding.")
            }
            Self::Encoding => {
                f.write_str("The form holds a broken escape or bytes that are not UTF-8.")
            }
            Self::TooManyFields => f.write_str("The form has too many fields."),
            Self::Field(name) => write!(f, "The form needs the field “{name}”, once."),
        }
    }
}

impl std::error::Error for FormError {}

impl Form {
    /// Reads the content of a request; `content_type` is the value of that field, if it was sent.
    ///
    /// # Errors
    /// `ContentType`, `Encoding`, `TooManyFields`.
    pub fn decode(content_type: Option<&str>, content: &[u8]) -> Result<Self, FormError> {
        let essence = content_type
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default();
        if !essence.trim().eq_ignore_ascii_case(FORM_TYPE) {
            return Err(FormError::ContentType);
        }
        let mut fields = Vec::new();
        for pair in content
            .split(|&byte| byte == b'&')
            .filter(|pair| !pair.is_empty())
        {
            if fields.len() == FORM_FIELDS_MAX {
                return Err(FormError::TooManyFields);
            }
            let mut halves = pair.splitn(2, |&byte| byte == b'=');
            let mut half = || {
                let text = halves.next().unwrap_or_default();
                let decoded = percent::decode(text, true).ok_or(FormError::Encoding)?;
                Ok(decoded.into_owned())
            };
            fields.push((half()?, half()?));
        }
        Ok(Self(fields))
    }

    /// The value of `name`.
    ///
    /// # Errors
    /// `Field` if it is missing or comes twice.
    pub fn value(&self, name: &'static str) -> Result<&str, FormError> {
        let mut values = self
            .0
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value),
            _ => Err(FormError::Field(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: Option<&str> = Some(FORM_TYPE);

    #[test]
    fn fields_are_decoded_as_browsers_encode_them() {
        let form = Form::decode(TYPE, b"name=ana&password=a+b%2B%26%3D%C3%A9&empty=&bare").unwrap();
        for (name, value) in [
            ("name", "ana"),
            ("password", "a b+&=é"),
            ("empty", ""),
            ("bare", ""),
        ] {
            assert_eq!(form.value(name), Ok(value));
        }
        let typed = Form::decode(
            Some("Application/X-WWW-Form-Urlencoded; charset=UTF-8"),
            b"a=b=c",
        )
        .unwrap();
        assert_eq!(typed.value("a"), Ok("b=c"));
    }

    #[test]
    fn a_missing_or_repeated_field_is_named() {
        let form = Form::decode(TYPE, b"a=1&a=2").unwrap();
        assert_eq!(form.value("a"), Err(FormError::Field("a")));
        assert_eq!(form.value("b"), Err(FormError::Field("b")));
    }

    #[test]
    fn what_is_no_form_is_refused() {
        assert_eq!(Form::decode(None, b"a=1"), Err(FormError::ContentType));
        assert_eq!(
            Form::decode(Some("application/json"), b"{}"),
            Err(FormError::ContentType)
        );
        assert_eq!(Form::decode(TYPE, b"a=%zz"), Err(FormError::Encoding));
        assert_eq!(Form::decode(TYPE, b"%ff=a"), Err(FormError::Encoding));
        assert!(Form::decode(TYPE, "a=1&".repeat(FORM_FIELDS_MAX).as_bytes()).is_ok());
        assert_eq!(
            Form::decode(TYPE, "a=1&".repeat(FORM_FIELDS_MAX + 1).as_bytes()),
            Err(FormError::TooManyFields)
        );
    }
}
