//! A browser without scripts: forms, cookies, and nothing else.
//! Knows how a name and a password are sent, and judges no answer but those that a visit needs to go on.

use crate::client::{Answer, Client, HOST};

pub(crate) const PASSWORD: &str = "correct horse battery staple";

impl Client {
    /// GET with these cookies.
    pub(crate) async fn get_as(&mut self, path: &str, cookies: &str) -> Answer {
        self.get_with(path, &format!("Cookie: {cookies}\r\n")).await
    }

    /// POST of a form, with these field lines besides.
    pub(crate) async fn post(&mut self, path: &str, lines: &str, form: &str) -> Answer {
        self.go_on().await;
        self.send(format!(
            "POST {path} HTTP/1.1\r\n{HOST}{lines}Content-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        ))
        .await;
        self.answer().await
    }

    /// POST of a name and a password.
    pub(crate) async fn post_name(&mut self, path: &str, name: &str, password: &str) -> Answer {
        let form = format!("name={name}&password={}", password.replace(' ', "+"));
        self.post(path, "", &form).await
    }

    /// Registers, and gives the cookie as it is sent back.
    pub(crate) async fn register(&mut self, name: &str) -> String {
        cookie(&self.post_name("/register", name, PASSWORD).await)
    }

    /// Logs in, and gives the cookie.
    pub(crate) async fn log_in(&mut self, name: &str) -> String {
        cookie(&self.post_name("/login", name, PASSWORD).await)
    }

    pub(crate) async fn is_logged_in(&mut self, cookies: &str) -> bool {
        let answer = self.get_as("/account", cookies).await;
        if answer.status != 200 {
            assert_eq!(
                (answer.status, answer.field("Location")),
                (303, Some("/login"))
            );
        }
        answer.status == 200
    }
}

/// `name=value` of the cookie that an answer sets.
pub(crate) fn cookie(answer: &Answer) -> String {
    assert_eq!(
        (answer.status, answer.field("Location")),
        (303, Some("/chat")),
        "{}",
        answer.text()
    );
    let set = answer.set_cookie("sid").unwrap();
    set.split(';').next().unwrap().to_owned()
}

pub(crate) fn token(cookie: &str) -> &str {
    cookie.split_once('=').unwrap().1
}
