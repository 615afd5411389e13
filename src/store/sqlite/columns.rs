//! How the values of the model stand in columns, in both directions.
//! No SQL: a value that the model would refuse is refused here too, whoever wrote it into the file.

use rusqlite::Result;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::model::{
    ChangeId, ClientId, Content, GroupId, GroupName, MessageId, UserId, UserName, UtcMillis,
};
use crate::store::{PasswordHash, SessionTransport, TokenHash};

macro_rules! stands_as_integer {
    ($($number:ty),+) => {$(
        impl ToSql for $number {
            fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }

        impl FromSql for $number {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                i64::column_result(value).map(Self)
            }
        }
    )+};
}
stands_as_integer!(UserId, GroupId, MessageId, ChangeId, UtcMillis);

macro_rules! stands_as_text {
    ($($text:ty),+) => {$(
        impl ToSql for $text {
            fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
                self.as_str().to_sql()
            }
        }
    )+};
}
stands_as_text!(UserName, GroupName, Content, ClientId);

macro_rules! is_checked_when_read {
    ($($text:ty),+) => {$(
        impl FromSql for $text {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                Self::new(value.as_str()?).map_err(FromSqlError::other)
            }
        }
    )+};
}
is_checked_when_read!(UserName, GroupName, ClientId);

impl ToSql for PasswordHash {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for PasswordHash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        String::column_result(value).map(Self)
    }
}

impl ToSql for TokenHash {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for TokenHash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        FromSql::column_result(value).map(Self)
    }
}

impl ToSql for SessionTransport {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Plain => "plain",
            Self::Tls => "tls",
        }
        .into())
    }
}

impl FromSql for SessionTransport {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_str()? {
            "plain" => Ok(Self::Plain),
            "tls" => Ok(Self::Tls),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::types::Value;

    #[test]
    fn values_come_back_from_columns_as_they_went_in() {
        fn check<T: ToSql + FromSql + PartialEq + std::fmt::Debug>(value: T) {
            let stored = value.to_sql().unwrap();
            let stored = match &stored {
                ToSqlOutput::Borrowed(value) => *value,
                ToSqlOutput::Owned(value) => ValueRef::from(value),
                _ => panic!("neither borrowed nor owned"),
            };
            assert_eq!(T::column_result(stored).unwrap(), value);
        }
        check(UserId(i64::MAX));
        check(UtcMillis(-1));
        check(UserName::new("Ana").unwrap());
        check(GroupName::new("Übung 3").unwrap());
        check(ClientId::new("f3-1_B").unwrap());
        check(PasswordHash("$argon2id$…".to_owned()));
        check(TokenHash([7; 32]));
        check(SessionTransport::Plain);
        check(SessionTransport::Tls);
    }

    #[test]
    fn what_the_model_would_refuse_is_refused_in_a_column() {
        let text = |text: &str| Value::Text(text.to_owned());
        assert!(UserName::column_result((&text("ana")).into()).is_ok());
        assert!(UserName::column_result((&text("an a")).into()).is_err());
        assert!(GroupName::column_result((&text("\u{202e}x")).into()).is_err());
        assert!(ClientId::column_result((&text("")).into()).is_err());
        assert!(SessionTransport::column_result((&text("TLS")).into()).is_err());
        assert!(TokenHash::column_result((&Value::Blob(vec![7; 32])).into()).is_ok());
        assert!(TokenHash::column_result((&Value::Blob(vec![7; 31])).into()).is_err());
        assert!(UserId::column_result((&text("7")).into()).is_err());
    }
}
