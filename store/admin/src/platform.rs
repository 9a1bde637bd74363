//! `postern platform`.

use crate::context::CommandContext;
use crate::daemon::only;
use crate::exit::{Exit, Failure};
use crate::screen::Screen;
use crate::table::{Tint, clean_line, plain, table};
use clap::{Args, Subcommand};
use postern_wire::admin::{CreatePlatform, Empty, Platform, PlatformName, Platforms, SetPlatform, SwitchPlatform};
use postern_wire::methods::{Method, admin_method as m};
use serde::Serialize;

const CREATE_HELP: &str = "\
Example:
  postern platform create acme --domain example.com example.org --netbios ACME

No mailbox of it is asked for a code before `postern platform enable` and `postern account enable`.";

const SET_HELP: &str = "\
Keys and their values:
  password-and-code  on|off             mail apps may send the code right behind the password (on)
  code-separator     none|space|a sign  what may stand between the two (none)
  reconnect-window   minutes            the same two pass again from the same address (0)
  unenrolled         refuse|allow       enrolling accounts at channels that cannot enrol (refuse)
  unlisted           auto|pass|refuse   names in the platform's domains without an account; auto: they
                                        pass, but not at a front that stands before Exchange (auto)
  plus-addressing    on|off             bob+shop@ is bob@ (on)
  issuer             a name             what apps call this place (the mailbox's domain)
  methods            a list             what people may set up (totp,sms,email,key)
  last-method        keep|remove        may people remove the only one, which is off? (keep)
  enrolment-code     optional|required  the first method needs the code of
                                        `account enable --enrolment-code` (optional)
  request-wait       hours              a request for a reset waits so long at least (0)
  notify-mailbox     on|off             notices go to the mailbox, too (off)
  trusted-browsers   days               people may trust a browser for so long, up to 90;
                                        0 ends all trust (0)
  unusual-sign-in    off|learn|ask      to mailboxes without a second factor, at the webmail, where
                                        neither browser nor network is known: learn notes who comes,
                                        ask wants a code from the contact address, and refuses who
                                        has none (off)

Example:
  postern platform set acme unlisted refuse";

/// What can be done to platforms.
#[derive(Subcommand)]
pub(crate) enum Verb {
    /// All platforms
    List,
    /// Make a platform for some domains
    #[command(after_help = CREATE_HELP)]
    Create(Create),
    /// One platform with its settings
    Show(Name),
    /// Switch a platform on: its protected accounts are asked for a code
    Enable(Name),
    /// Switch a platform off: no account is asked for a code, every account keeps its state
    Disable(Name),
    /// Change one setting of a platform
    #[command(after_help = SET_HELP)]
    Set(Set),
}

#[derive(Args)]
pub(crate) struct Name {
    /// The platform's name
    #[arg(value_name = "P")]
    name: String,
}

#[derive(Args)]
pub(crate) struct Create {
    #[command(flatten)]
    platform: Name,
    /// Domains whose mailboxes belong to it
    #[arg(long = "domain", value_name = "D", required = true, num_args = 1..)]
    domains: Vec<String>,
    /// NetBIOS names that stand before the backslash in DOMAIN\user
    #[arg(long = "netbios", value_name = "NAME", num_args = 1..)]
    netbios: Vec<String>,
}

#[derive(Args)]
pub(crate) struct Set {
    #[command(flatten)]
    platform: Name,
    /// Which setting
    #[arg(value_name = "KEY")]
    key: String,
    /// Its new value
    #[arg(value_name = "VALUE")]
    value: String,
}

impl Verb {
    /// Does it.
    pub(crate) fn run(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        match self {
            Self::List => list(context),
            Self::Show(Name { name }) => {
                let platform = ask::<m::ShowPlatform>(context, &PlatformName { name })?;
                show(&mut context.screen, &platform)
            }
            Self::Create(Create { platform, domains, netbios }) => {
                let platform =
                    ask::<m::CreatePlatform>(context, &CreatePlatform { name: platform.name, domains, netbios })?;
                let name = clean_line(&platform.name);
                let said = format!("{name} is there, switched {}", switch_word(&platform).0);
                let next = match platform.enabled {
                    true => "Next: postern account enable MAILBOX".to_owned(),
                    false => format!("Next: postern platform enable {name}"),
                };
                changed(&mut context.screen, &platform, &said, &next)
            }
            Self::Enable(Name { name }) => switch(context, name, true),
            Self::Disable(Name { name }) => switch(context, name, false),
            Self::Set(Set { platform, key, value }) => {
                let platform =
                    ask::<m::SetPlatform>(context, &SetPlatform { name: platform.name, key: key.clone(), value })?;
                let value = platform.settings.get(&key).map_or("set", String::as_str);
                let said = format!("{}: {} is {}", clean_line(&platform.name), clean_line(&key), clean_line(value));
                changed(&mut context.screen, &platform, &said, what_comes_of(&key, value))
            }
        }
    }
}

/// What an administrator may not expect of a setting.
fn what_comes_of(key: &str, value: &str) -> &'static str {
    match (key, value) {
        ("unusual-sign-in", "learn") => {
            "Browsers and networks are noted at each webmail sign-in. Leave it so for some weeks before ask."
        }
        ("unusual-sign-in", "ask") => {
            "Mailboxes of which nothing is known yet are asked at their next sign-in, and refused without a contact \
             address: postern account contact set MAILBOX ADDRESS"
        }
        _ => "",
    }
}

fn ask<M>(context: &CommandContext, parameters: &M::Parameters) -> Result<Platform, Failure>
where
    M: Method<Parameters: Serialize, Reply = Platforms>,
{
    only(context.daemon()?.call::<M>(parameters)?.platforms)
}

fn switch(context: &mut CommandContext, name: String, enabled: bool) -> Result<Exit, Failure> {
    let platform = ask::<m::SwitchPlatform>(context, &SwitchPlatform { name, enabled })?;
    let said = format!("{} is {}", clean_line(&platform.name), if platform.enabled { "on" } else { "off" });
    let accounts = platform.accounts;
    let next = match platform.enabled {
        true => format!("Accounts that are protected are asked for a code ({accounts} accounts in all)."),
        false => format!("No account is asked for a code; all {accounts} keep their state."),
    };
    changed(&mut context.screen, &platform, &said, &next)
}

fn changed(screen: &mut Screen, platform: &Platform, said: &str, next: &str) -> Result<Exit, Failure> {
    if screen.json {
        screen.json(platform)?;
    } else {
        screen.line(said)?;
        if !next.is_empty() {
            screen.line(&screen.tint(Tint::Faint, next))?;
        }
    }
    Ok(Exit::Done)
}

fn list(context: &mut CommandContext) -> Result<Exit, Failure> {
    let platforms = context.daemon()?.call::<m::ListPlatforms>(&Empty {})?.platforms;
    if context.screen.json {
        context.screen.json(&platforms)?;
    } else {
        print_all(&mut context.screen, &platforms)?;
    }
    Ok(Exit::Done)
}

/// The platforms as a table.
pub(crate) fn print_all(screen: &mut Screen, platforms: &[Platform]) -> Result<(), Failure> {
    if platforms.is_empty() {
        screen.note("No platforms yet. Make one: postern platform create NAME --domain example.com");
        return Ok(());
    }
    let mut table = table(&["PLATFORM", "SWITCH", "ACCOUNTS", "NETBIOS", "DOMAINS"]);
    for platform in platforms {
        let (word, tint) = switch_word(platform);
        table.add_row([
            plain(&platform.name),
            tint.cell(word),
            plain(&platform.accounts.to_string()),
            plain(&platform.netbios.join(", ")),
            plain(&platform.domains.join(", ")),
        ]);
    }
    screen.table(table)
}

fn show(screen: &mut Screen, platform: &Platform) -> Result<Exit, Failure> {
    if screen.json {
        screen.json(platform)?;
        return Ok(Exit::Done);
    }
    let (word, tint) = switch_word(platform);
    screen.line(&screen.tint(Tint::Strong, &clean_line(&platform.name)))?;
    screen.field("Switch", &screen.tint(tint, word))?;
    screen.field("Domains", &clean_line(&platform.domains.join(", ")))?;
    if !platform.netbios.is_empty() {
        screen.field("NetBIOS", &clean_line(&platform.netbios.join(", ")))?;
    }
    screen.field("Accounts", &platform.accounts.to_string())?;
    let mut table = table(&["  SETTING", "VALUE"]);
    for (key, value) in &platform.settings {
        table.add_row([plain(&format!("  {key}")), plain(value)]);
    }
    screen.line("")?;
    screen.table(table)?;
    Ok(Exit::Done)
}

fn switch_word(platform: &Platform) -> (&'static str, Tint) {
    if platform.enabled { ("on", Tint::Good) } else { ("off", Tint::Passing) }
}
