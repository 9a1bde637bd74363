//! The same form twice, in a real browser: a double click on a slow line, a line that breaks once a form was sent, a page
//! that is loaded again.

use super::person::Person;
use super::world;
use nix::sys::signal::Signal;
use postern_tests::World;
use postern_tests::browser::Look;
use postern_tests::mailboxes::Mailbox;
use postern_tests::wait;
use std::fs;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// What an answer takes on the slow line.
const SLOW: Duration = Duration::from_millis(600);
/// Milliseconds between the two clicks of a double click.
const BETWEEN: u32 = 80;

/// The line between a browser and the front.
struct Line {
    port: u16,
    cut: watch::Sender<u32>,
}

impl Line {
    /// A line on which each answer takes so long.
    async fn new(world: &World, delay: Duration) -> Line {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let front = world.files.webmail_url();
        let front = front.trim_start_matches("https://").trim_end_matches('/').to_owned();
        let cut = watch::Sender::new(0);
        let cuts = cut.clone();
        tokio::spawn(async move {
            while let Ok((browser, _)) = listener.accept().await {
                let Ok(front) = TcpStream::connect(&front).await else { continue };
                let mut cut = cuts.subscribe();
                tokio::spawn(async move {
                    let ((from_browser, to_browser), (from_front, to_front)) =
                        (browser.into_split(), front.into_split());
                    // Both ends are dropped with it.
                    tokio::select! {
                        _ = cut.changed() => {}
                        () = carry(from_browser, to_front, Duration::ZERO) => {}
                        () = carry(from_front, to_browser, delay) => {}
                    }
                });
            }
        });
        Line { port, cut }
    }

    /// Breaks all connections.
    fn breaks(&self) {
        self.cut.send_modify(|count| *count += 1);
    }
}

/// Carries bytes, each `delay` later.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delay: Duration) {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let reading = async move {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from.read(&mut bytes).await {
            sender.send((Instant::now() + delay, bytes[..read].to_vec())).unwrap();
        }
    };
    let writing = async {
        while let Some((due, bytes)) = receiver.recv().await {
            sleep_until(due).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(reading, writing);
}

impl Person {
    /// Clicks twice, as fast as people do.
    async fn double_clicks(&self, css: &str) {
        let script = format!(
            "const button = document.querySelector({css:?}); button.click(); setTimeout(() => button.click(), {BETWEEN})"
        );
        self.leaves_by(async { drop(self.client().execute(&script, vec![]).await.unwrap()) }).await;
    }
}

/// Alice at the set-up page, over a line with this delay: the page's secret at the end.
async fn sets_up_over(world: &mut World, delay: Duration) -> (Mailbox, Line, Person, String) {
    let alice = world.mailbox("alice");
    world.enable(&alice);
    let line = Line::new(world, delay).await;
    let person = Person::over(world, Look::DESKTOP, line.port).await;
    person.signs_in(&alice).await;
    let secret = person.offered_secret(world).await;
    (alice, line, person, secret)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_double_click_is_one_click() {
    let mut world = world();
    let (alice, secret) = world.protected("alice");
    let line = Line::new(&world, SLOW).await;
    let person = Person::over(&world, Look::DESKTOP, line.port).await;
    person.types_password("/", &alice).await;
    person.double_clicks("#rcmloginsubmit").await;
    person.is_at("/postern/code").await;
    person.types("#code", &world.code(&secret).unwrap()).await;
    person.double_clicks("button.main").await;
    person.is_in(&alice).await;
    no_code_was_wrong(&world, &alice);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_double_click_at_the_first_set_up_does_not_cost_the_backup_codes() {
    let mut world = world();
    let (alice, _line, person, secret) = sets_up_over(&mut world, SLOW).await;
    person.types("#code", &world.code(&secret).unwrap()).await;
    person.double_clicks("form button.main").await;
    sees_backup_codes(&person).await;
    // Nor do a reload, and the way back and forth.
    person.client().refresh().await.unwrap();
    sees_backup_codes(&person).await;
    person.client().back().await.unwrap();
    sees_backup_codes(&person).await;
    person.clicks("#saved").await;
    person.double_clicks("form.saved button.main").await;
    person.is_in(&alice).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_breaks_once_a_form_was_sent_costs_nothing() {
    let mut world = world();
    let (alice, line, person, secret) = sets_up_over(&mut world, Duration::ZERO).await;
    let code = world.code(&secret).unwrap();
    sends_on_a_line_that_breaks(&mut world, &line, &person, &code).await;
    sees_after_reloads(&person, "ol.codes").await;
    sees_backup_codes(&person).await;
    person.saves_codes().await;
    person.is_in(&alice).await;

    // And the same with a code.
    person.signs_out().await;
    person.signs_in(&alice).await;
    let code = world.next_code(&secret);
    sends_on_a_line_that_breaks(&mut world, &line, &person, &code).await;
    sees_after_reloads(&person, super::person::SIGNED_IN).await;
    person.is_in(&alice).await;
    no_code_was_wrong(&world, &alice);
}

/// The audit log tells of no wrong code.
fn no_code_was_wrong(world: &World, mailbox: &Mailbox) {
    let log = world.admin(&format!("audit --mailbox {} --json", mailbox.name));
    assert!(!log.contains("wrong"), "{log}");
}

async fn sees_backup_codes(person: &Person) {
    person.is_at("/postern/backup-codes").await;
    let codes = person.reads("ol.codes").await;
    assert_eq!(codes.lines().count(), 10, "{codes}");
}

/// Sends a code while the daemon thinks; then the line breaks, and the daemon answers.
async fn sends_on_a_line_that_breaks(world: &mut World, line: &Line, person: &Person, code: &str) {
    person.types("#code", code).await;
    world.posternd.signal(Signal::SIGSTOP).unwrap();
    let before = calls(world);
    // Later, so that the driver does not wait for the page that comes.
    let click = "setTimeout(() => document.querySelector('form button.main:not([form])').click(), 50)";
    person.client().execute(click, vec![]).await.unwrap();
    wait::until("the front to ask the daemon", || Ok((calls(world) > before).then_some(()))).unwrap();
    line.breaks();
    world.posternd.signal(Signal::SIGCONT).unwrap();
}

/// Connections to the daemon, those too that it has not accepted yet (proc_net_unix(5)).
fn calls(world: &World) -> usize {
    let socket = &world.files.auth_socket;
    let sockets = fs::read_to_string("/proc/net/unix").unwrap();
    sockets.lines().filter(|line| line.ends_with(socket.to_str().unwrap())).count()
}

/// A person who sees an error page loads it again.
async fn sees_after_reloads(person: &Person, css: &str) {
    for _ in 0..3 {
        if person.client().find(fantoccini::Locator::Css(css)).await.is_ok() {
            return;
        }
        person.client().refresh().await.unwrap();
    }
    person.sees(css).await;
}
