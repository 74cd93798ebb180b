//! People: who is there, whom an admin adds, and who may come in.

use app::contract::Role;
use serde_json::{Value, json};
use server::ids::UserId;

use crate::app::{PASSWORD, TestApp};
use crate::browser::{Answer, Browser, Form};
use crate::program::Program;

const ANN: &str = "ann@acme.travel";
const BO: &str = "bo@acme.travel";
const NEW: &str = "cleo@acme.travel";

/// Ann, an admin, and Bo, whose role the test chooses.
struct Team {
    app: TestApp,
    ann: Browser,
    ann_id: UserId,
    bo: Browser,
    bo_id: UserId,
}

impl Team {
    async fn start(bo: Role) -> Self {
        let app = TestApp::start().await;
        let company = app.account.owner.company;
        let ann_id = app.add_user(company, ANN, Role::Admin).await;
        let bo_id = app.add_user(company, BO, bo).await;
        app.execute(&format!("update users set name = 'Bo Berg' where id = '{bo_id}'")).await;
        let (ann, bo) = (Browser::signed_in(&app, ANN).await, Browser::signed_in(&app, BO).await);
        Self { app, ann, ann_id, bo, bo_id }
    }

    /// Somebody who is shown the list.
    async fn list(browser: &Browser) -> Value {
        let answer = browser.call("people", &[]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    async fn set_active(browser: &Browser, user: UserId, active: bool) -> Answer {
        let (user, active) = (user.to_string(), active.to_string());
        browser.call("set_active", &[("form[user]", &user), ("form[active]", &active)]).await
    }

    async fn audit(&self) -> Vec<Value> {
        let sql = "select action, actor_id, subject, subject_id, details from audit_log where actor_kind = 'user' order by id";
        self.app.rows(sql).await
    }

    async fn people(&self) -> Vec<Value> {
        self.app.rows("select id, email, role, is_active, password_hash from users order by id").await
    }

    async fn sessions(&self, user: UserId) -> i64 {
        self.app.count(&format!("select count(*) from sessions where user_id = '{user}'")).await
    }
}

fn person<'a>(name: &'a str, email: &'a str, role: &'a str) -> [(&'a str, &'a str); 3] {
    [("form[name]", name), ("form[email]", email), ("form[role]", role)]
}

async fn add(browser: &Browser, email: &str) -> Answer {
    browser.call("add_user", &person("Cleo Costa", email, "manager")).await
}

/// The field that is to blame.
fn refused(answer: &Answer) -> Value {
    assert_eq!(answer.status, 422, "{answer:?}");
    answer.json()["Invalid"]["field"].clone()
}

#[tokio::test]
async fn everybody_sees_who_is_there_and_only_admins_are_offered_to_change_it() {
    let team = Team::start(Role::Viewer).await;
    let birch = team.app.company("Birch Hotels").await;
    team.app.add_user(birch, "eve@birch.example", Role::Admin).await;
    let list = Team::list(&team.bo).await;
    assert_eq!(list["may_change"], false);
    let now = list["now"].as_i64().unwrap();
    let people = list["people"].as_array().unwrap();
    let seen = |of: &Value| now - of["last_sign_in"].as_i64().unwrap() < 60_000;
    assert!(people.iter().all(seen), "both have just come in: {list}");
    let told =
        |of: &Value| json!([of["name"], of["email"], of["role"], of["is_you"], of["is_active"], of["deactivated_at"]]);
    assert_eq!(
        people.iter().map(told).collect::<Vec<_>>(),
        [json!(["Bo Berg", BO, "viewer", true, true, null]), json!(["Somebody", ANN, "admin", false, true, null])],
        "by name, and nobody of another company"
    );
    assert!(!list.to_string().contains("argon2"));
    assert_eq!(Team::list(&team.ann).await["may_change"], true);

    let (admin, viewer) = (team.ann.open("/people").await, team.bo.open("/people").await);
    for words in ["Bo Berg", BO, "Somebody"] {
        assert!(admin.text.contains(words) && viewer.text.contains(words), "{words}");
    }
    for words in ["Add a person…", "/api/set_active"] {
        assert!(admin.text.contains(words) && !viewer.text.contains(words), "{words}");
    }
    assert_eq!(viewer.text.matches("/api/add_user").count(), 0);
}

#[tokio::test]
async fn a_long_list_comes_in_pages_and_each_person_is_on_one() {
    let team = Team::start(Role::Viewer).await;
    let company = team.app.account.owner.company;
    team.app
        .execute(&format!(
            "insert into users (company_id, id, name, email, password_hash, role)
             select '{company}', gen_random_uuid(), 'Twin ' || n % 7, n || '@acme.travel', 'x', 'viewer'
             from generate_series(1, 120) n"
        ))
        .await;
    let (mut ids, mut pages, mut after) = (Vec::new(), 0, String::new());
    loop {
        let list = team.bo.call("people", &[("after", &after)]).await.json();
        let page = list["people"].as_array().unwrap();
        assert!(page.len() <= 50);
        ids.extend(page.iter().map(|person| person["id"].as_str().unwrap().to_owned()));
        pages += 1;
        let Some(next) = list["next"].as_str() else { break };
        next.clone_into(&mut after);
    }
    assert_eq!((pages, ids.len()), (3, 122));
    let by_name = team.app.texts("select id::text from users order by lower(name), id").await;
    assert_eq!(ids, by_name);

    let second = team.bo.open(&format!("/people?after={}", ids[49])).await;
    assert!(second.text.contains(&ids[99]) && !second.text.contains(&ids[48]), "the page's address works by itself");
}

#[tokio::test]
async fn a_page_of_the_list_begins_behind_somebody_of_the_company_only() {
    let team = Team::start(Role::Viewer).await;
    let birch = team.app.company("Birch Hotels").await;
    let eve = team.app.add_user(birch, "eve@birch.example", Role::Admin).await.to_string();
    for after in [eve.as_str(), "01900000-0000-7000-8000-000000000000", "x", "' or 1=1 --"] {
        let answer = team.bo.call("people", &[("after", after)]).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (404, json!("NotFound")), "{after}");
    }
}

#[tokio::test]
async fn whoever_is_added_signs_in_with_the_password_that_is_shown_once() {
    let team = Team::start(Role::Viewer).await;
    let answer = team.ann.call("add_user", &person("  Cleo Costa ", " Cleo@Acme.Travel ", "manager")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let issued = answer.json();
    assert_eq!((&issued["name"], &issued["email"]), (&json!("Cleo Costa"), &json!(NEW)));
    let password = issued["password"].as_str().unwrap();
    assert!(password.len() >= 16, "nobody guesses it");

    let mut cleo = Browser::new(&team.app);
    assert_eq!(cleo.sign_in(NEW, password).await.status, 200);
    let viewer = cleo.call("viewer", &[]).await.json();
    assert_eq!(viewer, json!({ "name": "Cleo Costa", "email": NEW, "role": "manager", "company": "Acme Travel" }));

    let id = &team.app.texts(&format!("select id::text from users where email = '{NEW}'")).await[0];
    let entry = json!({ "action": "user.added", "actor_id": team.ann_id, "subject": "user", "subject_id": id,
                        "details": { "email": NEW, "role": "manager" } });
    assert_eq!(team.audit().await, [entry]);
    assert_eq!(team.app.tables_holding(password).await, Vec::<String>::new());
    for answer in [team.ann.call("people", &[]).await, team.ann.open("/people").await, cleo.open("/you").await] {
        assert!(!answer.text.contains(password), "{answer:?}");
    }
    let other = add(&team.ann, "dan@acme.travel").await.json()["password"].clone();
    assert_ne!(other, issued["password"]);
}

#[tokio::test]
async fn without_script_the_answer_to_the_form_is_the_one_page_with_the_password() {
    let team = Team::start(Role::Viewer).await;
    let page = team.ann.submit("/people", "add_user", &person("Cleo Costa", NEW, "viewer")).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.headers["cache-control"], "no-store");
    let (before, after) = page.text.split_once("id=\"first_password\"").expect("the box");
    let tag = format!("{}{}", before.rsplit_once('<').unwrap().1, after.split_once('>').unwrap().0);
    let password = tag.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(Browser::new(&team.app).sign_in(NEW, password).await.status, 200, "{tag}");
    assert_eq!(page.text.matches(password).count(), 1, "it stands in no script");
    // What copies it is a script of the page's own.
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert_eq!(page.text.matches("<script").count(), page.text.matches(&format!("<script nonce=\"{nonce}\">")).count());
    assert!(page.text.contains("navigator.clipboard.writeText(field.value).then(done, refused)"), "{}", page.text);
    // No form of the page stands where it would not find back.
    assert!(!page.text.contains("action=\"/api/add_user\"") && !page.text.contains("action=\"/api/set_active\""));
    assert!(!page.headers.values().any(|value| format!("{value:?}").contains(password)));
    assert!(!team.ann.open("/people").await.text.contains(password));
}

#[tokio::test]
async fn what_is_wrong_with_a_new_person_is_said_at_the_field() {
    let team = Team::start(Role::Viewer).await;
    let birch = team.app.company("Birch Hotels").await;
    team.app.add_user(birch, "eve@birch.example", Role::Admin).await;
    let before = team.people().await;
    let long = "x".repeat(121);
    for (field, form) in [
        ("name", person("  ", NEW, "viewer")),
        ("name", person(&long, NEW, "viewer")),
        ("email", person("Cleo", "cleo", "viewer")),
        ("email", person("Cleo", BO, "viewer")),
        ("email", person("Cleo", " BO@acme.travel", "viewer")),
        ("email", person("Cleo", "eve@birch.example", "viewer")),
    ] {
        assert_eq!(refused(&team.ann.call("add_user", &form).await), field, "{form:?}");
    }
    assert!(
        !team.ann.call("add_user", &person("Cleo", NEW, "owner")).await.status.is_success(),
        "there is no such role"
    );
    assert_eq!((team.people().await, team.audit().await), (before, vec![]));
}

#[tokio::test]
async fn without_script_a_refusal_is_said_in_our_own_words_above_the_open_form() {
    let team = Team::start(Role::Viewer).await;
    let page = team.ann.submit("/people?done=deactivated", "add_user", &person("Cleo Costa", BO, "manager")).await;
    assert_eq!(page.status, 200);
    for kept in ["value=\"Cleo Costa\"", &format!("value=\"{BO}\""), "value=\"manager\" selected"] {
        assert!(page.text.contains(kept), "{kept}: {}", page.text);
    }
    assert!(page.text.contains("The e-mail address is already in use."), "{}", page.text);
    assert!(page.text.contains("<details open class=\"adding\""), "{}", page.text);
    assert!(!page.text.contains("Deactivated. All"), "what was done before is not said again");

    let lure = json!({ "Invalid": { "field": "email", "message": "lurecanary" } }).to_string();
    let lure = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE, lure);
    let page = team.ann.open(&format!("/people?__path=%2Fapi%2Fadd_user&__err={lure}&done=lurecanary")).await;
    assert!(page.text.contains("That was not accepted.") && !page.text.contains("lurecanary"), "{}", page.text);
}

#[tokio::test]
async fn of_two_who_are_added_at_once_under_one_address_one_is_there() {
    let team = Team::start(Role::Admin).await;
    for round in 0..5 {
        let email = format!("cleo{round}@acme.travel");
        let answers = tokio::join!(add(&team.ann, &email), add(&team.bo, &email));
        let mut statuses = [answers.0.status.as_u16(), answers.1.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422], "{answers:?}");
        let loser = if answers.0.status == 422 { &answers.0 } else { &answers.1 };
        assert_eq!(refused(loser), "email");
        assert_eq!(team.app.count(&format!("select count(*) from logins where email = '{email}'")).await, 1);
    }
}

#[tokio::test]
async fn only_admins_add_and_deactivate_also_when_asked_directly() {
    for role in [Role::Viewer, Role::Manager] {
        let team = Team::start(role).await;
        let before = team.people().await;
        for answer in [
            add(&team.bo, NEW).await,
            Team::set_active(&team.bo, team.ann_id, false).await,
            Team::set_active(&team.bo, team.bo_id, false).await,
            Team::set_active(&team.bo, UserId::new(), false).await,
        ] {
            assert_eq!((answer.status.as_u16(), answer.json()), (403, json!("Forbidden")), "{role:?}");
        }
        assert_eq!((team.people().await, team.audit().await), (before, vec![]));
    }
}

#[tokio::test]
async fn whoever_is_deactivated_is_out_at_once_and_comes_in_again_only_by_signing_in() {
    let team = Team::start(Role::Manager).await;
    let second = Browser::signed_in(&team.app, BO).await;
    assert_eq!(team.sessions(team.bo_id).await, 2);
    assert_eq!(Team::set_active(&team.ann, team.bo_id, false).await.status, 200);
    assert_eq!(team.sessions(team.bo_id).await, 0, "all of them have ended");
    for browser in [&team.bo, &second] {
        assert!(!browser.is_signed_in().await);
        assert_eq!(browser.open("/").await.status, 302);
        assert_eq!(add(browser, NEW).await.json(), "SignedOut");
    }
    assert_eq!(Browser::new(&team.app).sign_in(BO, PASSWORD).await.json(), "WrongCredentials");
    let list = Team::list(&team.ann).await;
    let bo = list["people"].as_array().unwrap().iter().find(|person| person["email"] == BO).unwrap();
    assert_eq!(bo["is_active"], false);
    assert!(list["now"].as_i64().unwrap() - bo["deactivated_at"].as_i64().unwrap() < 60_000, "{bo}");
    assert!(team.ann.is_signed_in().await, "whoever did it stays");

    assert_eq!(Team::set_active(&team.ann, team.bo_id, true).await.status, 200);
    assert!(!team.bo.is_signed_in().await && !second.is_signed_in().await, "the old cookies stay worthless");
    assert_eq!(Browser::new(&team.app).sign_in(BO, PASSWORD).await.status, 200);
    let list = Team::list(&team.ann).await;
    let bo = list["people"].as_array().unwrap().iter().find(|person| person["email"] == BO).unwrap();
    assert_eq!((&bo["is_active"], &bo["deactivated_at"]), (&json!(true), &Value::Null));
}

#[tokio::test]
async fn each_change_is_told_once_with_who_did_it() {
    let team = Team::start(Role::Manager).await;
    for active in [true, false, false, true, true] {
        assert_eq!(Team::set_active(&team.ann, team.bo_id, active).await.status, 200);
    }
    let entry = |action: &str, details: Value| json!({ "action": action, "actor_id": team.ann_id, "subject": "user", "subject_id": team.bo_id, "details": details });
    assert_eq!(
        team.audit().await,
        [
            entry("user.deactivated", json!({ "email": BO, "sessions_ended": 1 })),
            entry("user.reactivated", json!({ "email": BO }))
        ],
        "and nothing of what was so already"
    );
}

#[tokio::test]
async fn the_change_and_its_entry_are_there_together_or_not_at_all() {
    let team = Team::start(Role::Manager).await;
    let before = team.people().await;
    team.app.execute("alter table audit_log add check (action not like 'user.%') not valid").await;
    for answer in [Team::set_active(&team.ann, team.bo_id, false).await, add(&team.ann, NEW).await] {
        assert_eq!(answer.status, 503, "{answer:?}");
    }
    assert_eq!(team.people().await, before);
    assert!(team.bo.is_signed_in().await);
}

#[tokio::test]
async fn nobody_shuts_out_themselves() {
    let team = Team::start(Role::Admin).await;
    assert_eq!(refused(&Team::set_active(&team.ann, team.ann_id, false).await), "user");
    assert_eq!(Team::set_active(&team.ann, team.ann_id, true).await.status, 200, "which changes nothing");
    assert!(team.ann.is_signed_in().await);
    // Not even the last one, who could not be let in again by anybody.
    assert_eq!(Team::set_active(&team.ann, team.bo_id, false).await.status, 200);
    assert_eq!(refused(&Team::set_active(&team.ann, team.ann_id, false).await), "user");
    assert!(!team.ann.open("/people").await.text.contains("Deactivate Somebody"), "nor is it offered");
}

#[tokio::test]
async fn of_two_admins_who_deactivate_each_other_at_once_one_is_left() {
    let mut team = Team::start(Role::Admin).await;
    for _ in 0..8 {
        let (ann, bo) = (team.ann_id, team.bo_id);
        let answers = tokio::join!(Team::set_active(&team.ann, bo, false), Team::set_active(&team.bo, ann, false));
        let mut statuses = [answers.0.status.as_u16(), answers.1.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401], "{answers:?}");
        assert_eq!(team.app.count("select count(*) from users where is_active").await, 1);
        team.app.execute("update users set is_active = true, deactivated_at = null").await;
        team.ann = Browser::signed_in(&team.app, ANN).await;
        team.bo = Browser::signed_in(&team.app, BO).await;
    }
}

#[tokio::test]
async fn an_admin_who_is_out_by_the_time_it_is_done_does_nothing() {
    let team = Team::start(Role::Admin).await;
    let cleo = team.app.add_user(team.app.account.owner.company, NEW, Role::Viewer).await;
    // Ann is shut out, and it is not yet committed when she asks.
    let mut other = team.app.pool.begin_with("begin").await.unwrap();
    sqlx::query("update users set is_active = false where id = $1")
        .bind(team.ann_id.0)
        .execute(&mut *other)
        .await
        .unwrap();
    let ask = tokio::spawn({
        let ann = team.ann.clone();
        async move { Team::set_active(&ann, cleo, false).await }
    });
    team.app.wait_for_lock().await;
    other.commit().await.unwrap();
    assert_eq!(ask.await.unwrap().json(), "SignedOut");
    assert_eq!(team.app.count(&format!("select count(*) from users where id = '{cleo}' and is_active")).await, 1);
}

#[tokio::test]
async fn a_sign_in_under_way_does_not_outlive_being_deactivated() {
    let team = Team::start(Role::Viewer).await;
    let mut other = team.app.pool.begin_with("begin").await.unwrap();
    for sql in ["update users set is_active = false where id = $1", "delete from sessions where user_id = $1"] {
        sqlx::query(sql).bind(team.bo_id.0).execute(&mut *other).await.unwrap();
    }
    let mut late = Browser::new(&team.app);
    let sign_in = tokio::spawn(async move { late.sign_in(BO, PASSWORD).await });
    team.app.wait_for_lock().await;
    other.commit().await.unwrap();
    let answer = sign_in.await.unwrap();
    assert_eq!((answer.json(), answer.cookie()), (json!("WrongCredentials"), None));
    assert_eq!(team.sessions(team.bo_id).await, 0);
}

#[tokio::test]
async fn people_of_another_company_are_not_there() {
    let team = Team::start(Role::Viewer).await;
    let birch = team.app.company("Birch Hotels").await;
    let eve_id = team.app.add_user(birch, "eve@birch.example", Role::Admin).await;
    let eve = Browser::signed_in(&team.app, "eve@birch.example").await;
    for (browser, user) in [(&eve, team.bo_id), (&eve, team.ann_id), (&team.ann, eve_id), (&team.ann, UserId::new())] {
        for active in [false, true] {
            let answer = Team::set_active(browser, user, active).await;
            assert_eq!((answer.status.as_u16(), answer.json()), (404, json!("NotFound")));
        }
    }
    assert_eq!(team.app.count("select count(*) from users where not is_active").await, 0);
    let list = Team::list(&eve).await;
    assert_eq!(list["people"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn without_script_the_switch_says_what_it_did() {
    let team = Team::start(Role::Viewer).await;
    let bo = team.bo_id.to_string();
    let switch = async |active: &str| {
        let form: Form<'_> = &[("form[user]", &bo), ("form[active]", active)];
        team.ann.submit_and_follow("/people", "set_active", form).await.text
    };
    let page = switch("false").await;
    assert!(page.contains("Deactivated. All their sessions have ended.") && page.contains("Reactivate Bo Berg"));
    let page = switch("true").await;
    assert!(page.contains("Reactivated. They sign in") && page.contains("Deactivate Bo Berg"));
}

#[tokio::test]
async fn no_password_stands_in_the_log_or_in_a_table() {
    const WRONG: &str = "wrongcanary4711";
    const CHOSEN: &str = "chosencanary4711";
    let program = Program::start(&[("RUST_LOG", "server=trace,app=trace,info")]).await;
    let app = &program.app;
    app.add_user(app.account.owner.company, ANN, Role::Admin).await;
    let ann = Browser::signed_in(app, ANN).await;
    let first = add(&ann, NEW).await.json()["password"].as_str().unwrap().to_owned();
    let page = ann.submit("/people", "add_user", &person("Dan", "dan@acme.travel", "viewer")).await;
    assert_eq!(page.status, 200);
    let mut cleo = Browser::new(app);
    assert_eq!(cleo.sign_in(NEW, &first).await.status, 200);
    let change = |current: &'static str| [("form[current]", current), ("form[new]", CHOSEN), ("form[again]", CHOSEN)];
    let mut answers = cleo.call("change_password", &change(WRONG)).await.text;
    let form = [("form[current]", first.as_str()), ("form[new]", CHOSEN), ("form[again]", CHOSEN)];
    let changed = cleo.submit("/you", "change_password", &form).await;
    cleo.keep_cookie(&changed);
    answers = format!("{answers}{changed:?}{:?}", cleo.submit("/you", "change_password", &change(WRONG)).await);
    answers.push_str(&cleo.open("/you").await.text);
    let said = program.said();
    for words in ["signed in", "answered"] {
        assert!(said.contains(words), "the log does not say {words:?}, and so proves little:\n{said}");
    }
    for password in [&first, WRONG, CHOSEN, PASSWORD] {
        assert!(!said.contains(password), "{password} stands in the log:\n{said}");
        assert!(!answers.contains(password), "{password} stands in an answer:\n{answers}");
        assert_eq!(app.tables_holding(password).await, Vec::<String>::new());
    }
}
