//! Every text of the pages, in every language, side by side.
//!
//! `{name}` is a place that the page fills in; both languages have the same ones. French is written with ordinary
//! spaces before `:` `;` `?` `!` and inside « »: `words.rs` makes them no-break.

use super::Language;

macro_rules! catalogue {
    ($($name:ident { en: $en:literal, fr: $fr:literal })*) => {
        /// An entry of the catalogue.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Text { $($name,)* }

        impl Text {
            #[cfg(test)]
            pub(super) const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The entry as it is written here.
            pub(super) const fn entry(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::English) => $en, (Self::$name, Language::French) => $fr,)*
                }
            }
        }
    };
}

catalogue! {
    // Around every page
    DocumentTitle { en: "{title} – {brand}", fr: "{title} – {brand}" }
    FailedTitle { en: "Error: {title} – {brand}", fr: "Erreur : {title} – {brand}" }
    SigningIn { en: "Signing in as {mailbox}", fr: "Connexion de {mailbox}" }
    LanguageSwitch { en: "Language", fr: "Langue" }
    Footer { en: "Two-step sign-in by Postern", fr: "Validation en deux étapes par Postern" }
    Cancel { en: "Cancel sign-in", fr: "Annuler la connexion" }
    TryAnother { en: "Try another method", fr: "Essayer une autre méthode" }

    // Times
    Clock { en: "{hour}:{minute} UTC", fr: "{hour}\u{a0}h\u{a0}{minute} UTC" }
    DayAndClock { en: "{day} {month}, {clock}", fr: "{day} {month} à {clock}" }
    FirstOfMonth { en: "1", fr: "1er" }
    Months {
        en: "January February March April May June July August September October November December",
        fr: "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
    }
    Soon { en: "in less than a minute", fr: "dans moins d’une minute" }
    InAMinute { en: "in about a minute", fr: "dans une minute environ" }
    InMinutes { en: "in about {n} minutes", fr: "dans {n} minutes environ" }
    InAnHour { en: "in about an hour", fr: "dans une heure environ" }
    InHours { en: "in about {n} hours", fr: "dans {n} heures environ" }
    InDays { en: "in about {n} days", fr: "dans {n} jours environ" }

    // Set-up
    SetUpTitle { en: "Set up your phone for sign-in", fr: "Associez votre téléphone" }
    SetUpLead {
        en: "From now on, signing in takes your password and a code from your phone. A stolen password alone no longer opens your mail.",
        fr: "Désormais, pour vous connecter, il faut votre mot de passe et un code affiché par votre téléphone. Un mot de passe volé ne suffit plus à ouvrir votre messagerie."
    }
    AppStep { en: "Open an authenticator app on your phone", fr: "Ouvrez une application d’authentification sur votre téléphone" }
    AppStepHint {
        en: "Any app for one-time codes will do. If you have none yet, install one from your phone’s app store.",
        fr: "Toute application de codes à usage unique convient. Si vous n’en avez pas encore, installez-en une depuis la boutique d’applications du téléphone."
    }
    ScanStep { en: "Add an account there and scan this code", fr: "Ajoutez-y un compte et scannez ce code" }
    QrTitle {
        en: "QR code for your authenticator app. The same key follows in letters and digits.",
        fr: "Code QR pour votre application d’authentification. La même clé suit, en lettres et en chiffres."
    }
    QrTooLong {
        en: "The QR code cannot be drawn. Please type the key below instead.",
        fr: "Le code QR ne peut pas être affiché. Veuillez saisir la clé ci-dessous."
    }
    KeyByHand { en: "Or type this key by hand:", fr: "Ou saisissez cette clé à la main :" }
    OpenInApp { en: "On this phone? Open it in your app", fr: "Déjà sur ce téléphone ? Ouvrez-la dans l’application" }
    ConfirmStep { en: "Type the code that the app shows", fr: "Saisissez le code affiché par l’application" }
    SetUpCodeLabel { en: "Code from the app", fr: "Code de l’application" }
    DescriptionLabel { en: "Name of this phone (optional)", fr: "Nom de ce téléphone (facultatif)" }
    DescriptionHint {
        en: "Helps you tell your methods apart, for example “Work phone”.",
        fr: "Pour reconnaître vos méthodes, par exemple « Téléphone du bureau »."
    }
    Confirm { en: "Confirm and continue", fr: "Confirmer et continuer" }

    // Backup codes
    CodesTitle { en: "Save your backup codes", fr: "Conservez vos codes de secours" }
    CodesLead {
        en: "Two-step sign-in is on. If you ever lose your phone, each of these codes lets you in once.",
        fr: "La validation en deux étapes est active. Si vous perdez votre téléphone, chacun de ces codes vous permet de vous connecter une fois."
    }
    CodesOnce {
        en: "You see them only now. Keep them on paper or in a password manager, not in this mailbox.",
        fr: "Ils ne s’affichent que maintenant. Gardez-les sur papier ou dans un gestionnaire de mots de passe, pas dans cette messagerie."
    }
    CodesList { en: "Your backup codes", fr: "Vos codes de secours" }
    CodesFor { en: "Backup codes of {mailbox} for {brand}", fr: "Codes de secours de {mailbox} pour {brand}" }
    Download { en: "Download", fr: "Télécharger" }
    Print { en: "Print", fr: "Imprimer" }
    Copy { en: "Copy", fr: "Copier" }
    Copied { en: "Copied", fr: "Copié" }
    Tick { en: "I have saved my backup codes", fr: "J’ai conservé mes codes de secours" }
    NotTicked {
        en: "Save your codes first, then tick this box.",
        fr: "Conservez d’abord vos codes, puis cochez cette case."
    }
    GoOn { en: "Continue to my mail", fr: "Accéder à ma messagerie" }
    FileRules {
        en: "Each code works once, in place of the code from your app.\nKeep this file somewhere safe, and not in this mailbox.",
        fr: "Chaque code sert une seule fois, à la place du code de votre application.\nGardez ce fichier en lieu sûr, et pas dans cette messagerie."
    }

    // Challenge
    ChallengeTitle { en: "Enter your code", fr: "Saisissez votre code" }
    ChallengeLead {
        en: "Your password is right. Now open your authenticator app and type the code it shows.",
        fr: "Votre mot de passe est correct. Ouvrez maintenant votre application d’authentification et saisissez le code affiché."
    }
    CodeLabel { en: "Code", fr: "Code" }
    SignIn { en: "Sign in", fr: "Se connecter" }
    BackupTitle { en: "Enter a backup code", fr: "Saisissez un code de secours" }
    BackupLead {
        en: "Type one of the codes that you saved when you set up two-step sign-in. It works once: cross it out afterwards.",
        fr: "Saisissez l’un des codes conservés lors de l’activation de la validation en deux étapes. Il sert une seule fois : rayez-le ensuite."
    }
    BackupLabel { en: "Backup code", fr: "Code de secours" }

    // Methods
    MethodsTitle { en: "Choose another method", fr: "Choisissez une autre méthode" }
    MethodsLead { en: "How would you like to confirm that it is you?", fr: "Comment souhaitez-vous confirmer votre identité ?" }
    Authenticator { en: "Authenticator app", fr: "Application d’authentification" }
    AuthenticatorHint { en: "The code that the app on your phone shows", fr: "Le code affiché par l’application de votre téléphone" }
    BackupCode { en: "Backup code", fr: "Code de secours" }
    BackupCodeHint { en: "One of the codes you saved at set-up", fr: "L’un des codes conservés lors de l’activation" }
    NoneAtHand {
        en: "None of these at hand? Your administrator can reset two-step sign-in for you.",
        fr: "Aucune n’est à votre portée ? Votre administrateur peut réinitialiser la validation en deux étapes pour vous."
    }

    // What was wrong with a code
    NotACode {
        en: "Type the digits that your app shows. Spaces are fine.",
        fr: "Saisissez les chiffres affichés par votre application. Vous pouvez laisser les espaces."
    }
    Wrong {
        en: "That code is not right. Type the one your app shows now; each code works only once.",
        fr: "Ce code n’est pas le bon. Saisissez celui qui s’affiche maintenant ; chaque code ne sert qu’une fois."
    }
    ClockHint {
        en: "Still not working? Check that your phone sets its date and time automatically: when its clock is off, every code is wrong.",
        fr: "Toujours pas ? Vérifiez que votre téléphone règle sa date et son heure automatiquement : si son horloge est décalée, tous les codes sont faux."
    }
    TooEarly {
        en: "Too many tries in a row. Wait until {until}, then type the code that your app shows by then.",
        fr: "Trop d’essais de suite. Patientez jusqu’à {until}, puis saisissez le code affiché à ce moment-là."
    }
    BackupNotACode {
        en: "That is not a backup code. Type one just as it stands on your list.",
        fr: "Ce n’est pas un code de secours. Saisissez-en un tel qu’il figure sur votre liste."
    }
    BackupWrong {
        en: "That backup code is not right, or it was used before. Try the next one on your list.",
        fr: "Ce code de secours n’est pas le bon ou a déjà servi. Essayez le suivant de votre liste."
    }
    BackupTooEarly {
        en: "Too many tries in a row. Wait until {until}, then try again.",
        fr: "Trop d’essais de suite. Patientez jusqu’à {until}, puis réessayez."
    }
    Moment { en: "{clock} ({wait})", fr: "{clock} ({wait})" }

    // Notices
    LockedTitle { en: "Too many wrong codes", fr: "Trop de codes erronés" }
    LockedUntil {
        en: "To protect your mail, no code is accepted until {until}. After that, sign in again.",
        fr: "Pour protéger votre messagerie, aucun code n’est accepté jusqu’à {until}. Ensuite, connectez-vous à nouveau."
    }
    LockedForAdministrator {
        en: "To protect your mail, codes are no longer accepted. Ask your administrator to unlock your account.",
        fr: "Pour protéger votre messagerie, les codes ne sont plus acceptés. Demandez à votre administrateur de déverrouiller votre compte."
    }
    LockedNotYou {
        en: "Was it not you? Then someone knows your password: change it, and tell your administrator.",
        fr: "Ce n’était pas vous ? Quelqu’un connaît alors votre mot de passe : changez-le et prévenez votre administrateur."
    }
    EndedTitle { en: "Your session has ended", fr: "Votre session est terminée" }
    EndedLead {
        en: "It was closed because too much time went by, or because something about your account changed.",
        fr: "Elle a été fermée parce que trop de temps s’est écoulé, ou parce que votre compte a été modifié."
    }
    SignInAgain { en: "Sign in again", fr: "Se reconnecter" }
    UnavailableTitle { en: "Sign-in is not possible right now", fr: "La connexion est impossible pour le moment" }
    UnavailableLead {
        en: "A service that signing in needs cannot be reached. Your mail is safe, and the fault is not yours.",
        fr: "Un service nécessaire à la connexion est injoignable. Votre messagerie est en sécurité et vous n’y êtes pour rien."
    }
    UnavailableAdvice {
        en: "Please try again in a few minutes. If it goes on, tell your administrator.",
        fr: "Veuillez réessayer dans quelques minutes. Si cela dure, prévenez votre administrateur."
    }
    TryAgain { en: "Try again", fr: "Réessayer" }
    RefusedTitle { en: "You cannot sign in like this", fr: "Cette connexion n’est pas possible" }
    RefusedLead {
        en: "This sign-in was not accepted. Check that you typed your whole email address and the right password.",
        fr: "Cette connexion n’a pas été acceptée. Vérifiez que vous avez saisi votre adresse électronique complète et le bon mot de passe."
    }
    RefusedAdvice {
        en: "If it still does not work, ask your administrator.",
        fr: "Si le problème persiste, adressez-vous à votre administrateur."
    }
    BadRequestTitle { en: "Something went wrong", fr: "Une erreur s’est produite" }
    BadRequestLead {
        en: "Your browser sent something that we could not understand. Perhaps the page was open for too long.",
        fr: "Votre navigateur a envoyé une demande que nous n’avons pas comprise. La page est peut-être restée ouverte trop longtemps."
    }
    StartAgain { en: "Start again", fr: "Recommencer" }
    NotFoundTitle { en: "There is no page here", fr: "Il n’y a pas de page ici" }
    NotFoundLead { en: "The address may be mistyped, or the page has moved.", fr: "L’adresse est peut-être mal saisie, ou la page a changé de place." }
    ToMyMail { en: "Go to my mail", fr: "Aller à ma messagerie" }
}
