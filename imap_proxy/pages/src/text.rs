//! Every text of the pages, in every language, side by side.
//!
//! `{name}` is a placeholder that the page fills in; both languages have the same placeholders. French is written with
//! ordinary spaces before `:` `;` `?` `!` and inside « »: `words.rs` replaces them with no-break spaces.

use crate::language::Language;

macro_rules! catalogue {
    ($($name:ident { en: $en:literal, fr: $fr:literal })*) => {
        /// An entry of the catalogue.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)] #[allow(missing_docs)] // Each entry is its own description.
        pub enum Text { $($name,)* }

        impl Text {
            /// Every entry.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The entry as written here.
            pub const fn entry(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::English) => $en, (Self::$name, Language::French) => $fr,)*
                }
            }
        }
    };
}

catalogue! {
    // The frame of every page
    DocumentTitle { en: "{title} – {brand}", fr: "{title} – {brand}" }
    FailedTitle { en: "Error: {title} – {brand}", fr: "Erreur : {title} – {brand}" }
    SigningIn { en: "Signing in as {mailbox}", fr: "Connexion de {mailbox}" }
    SignedIn { en: "Signed in as {mailbox}", fr: "Session de {mailbox}" }
    LanguageSwitch { en: "Language", fr: "Langue" }
    Footer { en: "Two-step sign-in by Postern", fr: "Validation en deux étapes par Postern" }
    Cancel { en: "Cancel sign-in", fr: "Annuler la connexion" }
    TryAnother { en: "Try another method", fr: "Essayer une autre méthode" }

    // Times
    TimeZone { en: "Time zone: {zone}", fr: "Fuseau horaire : {zone}" }
    Clock { en: "{hour}:{minute}", fr: "{hour}\u{a0}h\u{a0}{minute}" }
    DayAndClock { en: "{date}, {clock}", fr: "{date} à {clock}" }
    Day { en: "{day} {month}", fr: "{day} {month}" }
    DayAndYear { en: "{day} {month} {year}", fr: "{day} {month} {year}" }
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
    Back { en: "Back", fr: "Retour" }
    SetUpTitle { en: "Set up your phone for sign-in", fr: "Associez votre téléphone" }
    SetUpLead {
        en: "From now on, signing in takes your password and a code from your phone.",
        fr: "Désormais, pour vous connecter, il faut votre mot de passe et un code de votre téléphone."
    }
    SetUpWhy { en: "A stolen password alone then opens nothing.", fr: "Un mot de passe volé ne suffira plus." }
    AppStep { en: "Open an authenticator app", fr: "Ouvrez une application d’authentification" }
    AppStepHint {
        en: "Any app for one-time codes will do. None yet? Install one from the phone’s app store.",
        fr: "Toute application de codes à usage unique convient. Sinon, installez-en une sur le téléphone."
    }
    ScanStep { en: "Add an account there and scan the QR code", fr: "Ajoutez-y un compte et scannez le code QR" }
    AddStep { en: "Add your account to it", fr: "Ajoutez-y votre compte" }
    ScanElsewhere { en: "Is the app on another phone? Scan this code with it.", fr: "L’application est sur un autre téléphone ? Scannez ce code avec elle." }
    QrTitle {
        en: "QR code for your authenticator app. The same key is there in letters and digits.",
        fr: "Code QR pour votre application d’authentification. La même clé existe en lettres et en chiffres."
    }
    QrTooLong {
        en: "The QR code cannot be drawn. Please type the key instead.",
        fr: "Le code QR ne peut pas être affiché. Veuillez saisir la clé."
    }
    KeyByHand { en: "Type a key instead", fr: "Saisir plutôt une clé" }
    OpenInApp { en: "Open it in my app", fr: "Ouvrir dans mon application" }
    OpenHere { en: "Open on this device", fr: "Ouvrir sur cet appareil" }
    ConfirmStep { en: "Type the code that it shows", fr: "Saisissez le code affiché" }
    NameIt { en: "Give this phone a name", fr: "Donner un nom à ce téléphone" }
    DescriptionLabel { en: "Name of this phone (optional)", fr: "Nom de ce téléphone (facultatif)" }
    DescriptionHint {
        en: "Helps you tell your methods apart, for example “Work phone”.",
        fr: "Pour reconnaître vos méthodes, par exemple « Téléphone du bureau »."
    }
    Confirm { en: "Confirm and continue", fr: "Confirmer et continuer" }

    // Set-up of another kind of method
    OtherWays { en: "Set up another way", fr: "Choisir un autre moyen" }
    ByAuthenticatorHint { en: "An app on your phone shows the codes", fr: "Une application de votre téléphone affiche les codes" }
    BySmsHint { en: "Codes come to your phone as text messages", fr: "Les codes arrivent par SMS sur votre téléphone" }
    ByEmailHint { en: "Codes come to another email address of yours", fr: "Les codes arrivent à une autre adresse électronique" }
    ByKeyHint { en: "A small device that you plug in or hold to your phone", fr: "Un petit appareil à brancher ou à approcher du téléphone" }
    SetUpSmsTitle { en: "Get your codes by SMS", fr: "Recevez vos codes par SMS" }
    SetUpSmsLead {
        en: "From now on, signing in takes your password and a code that we send to your phone.",
        fr: "Désormais, pour vous connecter, il faut votre mot de passe et un code envoyé à votre téléphone."
    }
    NumberLabel { en: "Phone number with country code", fr: "Numéro de téléphone avec l’indicatif du pays" }
    NumberHint { en: "Begin with a plus sign, for example +44 612345678.", fr: "Commencez par le signe plus, par exemple +33 612345678." }
    NumberUnfit {
        en: "That is not a phone number in international form. Begin with a plus sign and the country code.",
        fr: "Ce n’est pas un numéro de téléphone au format international. Commencez par le signe plus et l’indicatif du pays."
    }
    NumberInUse { en: "That number is in use already. Type another one.", fr: "Ce numéro est déjà utilisé. Saisissez-en un autre." }
    SetUpEmailTitle { en: "Get your codes by email", fr: "Recevez vos codes par e-mail" }
    SetUpEmailLead {
        en: "From now on, signing in takes your password and a code that we send to another email address of yours.",
        fr: "Désormais, pour vous connecter, il faut votre mot de passe et un code envoyé à une autre adresse électronique."
    }
    AddressLabel { en: "Your other email address", fr: "Votre autre adresse électronique" }
    AddressHint {
        en: "One that you can open without this mailbox.",
        fr: "Une adresse que vous pouvez consulter sans cette messagerie."
    }
    AddressUnfit {
        en: "Type a whole email address that does not lead into this mailbox.",
        fr: "Saisissez une adresse électronique complète, qui ne mène pas à cette messagerie."
    }
    AddressInUse { en: "That address is in use already. Type another one.", fr: "Cette adresse est déjà utilisée. Saisissez-en une autre." }
    SendCode { en: "Send the code", fr: "Envoyer le code" }
    ConfirmNumberTitle { en: "Confirm your phone number", fr: "Confirmez votre numéro de téléphone" }
    ConfirmAddressTitle { en: "Confirm your email address", fr: "Confirmez votre adresse électronique" }
    SentTo { en: "We have sent a code to {to}. Type it here.", fr: "Nous avons envoyé un code à {to}. Saisissez-le ici." }
    OtherNumber { en: "Use another number", fr: "Utiliser un autre numéro" }
    OtherAddress { en: "Use another address", fr: "Utiliser une autre adresse" }
    AddressName { en: "Name of this address (optional)", fr: "Nom de cette adresse (facultatif)" }
    AddressNameHint {
        en: "Helps you tell your methods apart, for example “Address at home”.",
        fr: "Pour reconnaître vos méthodes, par exemple « Adresse personnelle »."
    }
    SetUpKeyTitle { en: "Set up a security key", fr: "Enregistrez une clé de sécurité" }
    SetUpKeyLead {
        en: "From now on, signing in takes your password and your security key. Plug it in, or hold it ready, and press the button.",
        fr: "Désormais, pour vous connecter, il faut votre mot de passe et votre clé de sécurité. Branchez-la ou gardez-la à portée de main, puis appuyez sur le bouton."
    }
    KeyName { en: "Name of this key (optional)", fr: "Nom de cette clé (facultatif)" }
    KeyNameHint {
        en: "Helps you tell your keys apart, for example “Key on my key ring”.",
        fr: "Pour reconnaître vos clés, par exemple « Clé du trousseau »."
    }
    RegisterKey { en: "Set up this key", fr: "Enregistrer cette clé" }
    EnrolmentTitle { en: "Enter your enrolment code", fr: "Saisissez votre code d’inscription" }
    EnrolmentLead {
        en: "Before you set up two-step sign-in, type the enrolment code that your administrator gave you. It shows that it is really you.",
        fr: "Avant d’activer la validation en deux étapes, saisissez le code d’inscription remis par votre administrateur. Il montre que c’est bien vous."
    }
    EnrolmentLabel { en: "Enrolment code", fr: "Code d’inscription" }
    EnrolmentNotACode { en: "Type the enrolment code just as you got it.", fr: "Saisissez le code d’inscription tel que vous l’avez reçu." }
    EnrolmentWrong {
        en: "That enrolment code is not right, or its time is over. Ask your administrator for a new one.",
        fr: "Ce code d’inscription n’est pas le bon ou n’est plus valable. Demandez-en un nouveau à votre administrateur."
    }
    GoFurther { en: "Continue", fr: "Continuer" }
    NoEnrolmentCode {
        en: "You have none? Ask your administrator for it.",
        fr: "Vous n’en avez pas ? Demandez-le à votre administrateur."
    }

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

    SentTitle { en: "Enter the code that we sent", fr: "Saisissez le code envoyé" }
    NotYetSentTitle { en: "Get a code", fr: "Recevez un code" }
    SentLead { en: "Your password is right. Now type the code that we have sent you.", fr: "Votre mot de passe est correct. Saisissez maintenant le code que nous vous avons envoyé." }
    NotYetSentLead { en: "Your password is right. Now you need a code, which we send you.", fr: "Votre mot de passe est correct. Il vous faut maintenant un code, que nous vous envoyons." }
    UnusualSentLead {
        en: "Your password is right. But you are signing in with a browser and from a network that are new to us. To be sure that it is you, we have sent a code to your contact address.",
        fr: "Votre mot de passe est correct, mais vous vous connectez avec un navigateur et depuis un réseau que nous ne connaissons pas encore. Pour vérifier que c’est bien vous, nous avons envoyé un code à votre adresse de contact."
    }
    UnusualNotYetSentLead {
        en: "Your password is right. But you are signing in with a browser and from a network that are new to us. To be sure that it is you, we send a code to your contact address.",
        fr: "Votre mot de passe est correct, mais vous vous connectez avec un navigateur et depuis un réseau que nous ne connaissons pas encore. Pour vérifier que c’est bien vous, nous envoyons un code à votre adresse de contact."
    }
    UnusualHelp {
        en: "You cannot read your mail there any more? Ask your administrator to change the contact address.",
        fr: "Vous n’avez plus accès à cette adresse ? Demandez à votre administrateur de changer l’adresse de contact."
    }
    TrustForADay { en: "Trust this browser for one day", fr: "Faire confiance à ce navigateur pendant un jour" }
    TrustForDays { en: "Trust this browser for {n}\u{a0}days", fr: "Faire confiance à ce navigateur pendant {n}\u{a0}jours" }
    TrustHint {
        en: "Your password is then enough here. Only on a device that nobody else uses.",
        fr: "Votre mot de passe suffira alors ici. Seulement sur un appareil que vous êtes seul à utiliser."
    }
    SpamHint { en: "Nothing there yet? It can take a minute. Look into the spam folder as well.", fr: "Rien reçu ? Cela peut prendre une minute. Regardez aussi dans les indésirables." }
    SendAnother { en: "Send another code", fr: "Envoyer un autre code" }
    AnotherFrom { en: "You can ask for another code from {until}.", fr: "Vous pourrez demander un autre code à partir de {until}." }
    KeyTitle { en: "Use your security key", fr: "Utilisez votre clé de sécurité" }
    KeyLead {
        en: "Your password is right. Now plug in your security key, or hold it to your phone, and touch it.",
        fr: "Votre mot de passe est correct. Branchez maintenant votre clé de sécurité, ou approchez-la du téléphone, et touchez-la."
    }
    UseKey { en: "Use my security key", fr: "Utiliser ma clé de sécurité" }
    KeyTouch { en: "Follow your browser, and touch your key when it asks you to.", fr: "Suivez les indications du navigateur et touchez votre clé quand il le demande." }
    KeyAgain { en: "Try again", fr: "Réessayer" }
    KeyRefused {
        en: "The browser got no answer from a key of yours. Try again, or try another method.",
        fr: "Le navigateur n’a reçu aucune réponse d’une de vos clés. Réessayez, ou essayez une autre méthode."
    }
    KeyKnown { en: "This key is set up already. Use another one.", fr: "Cette clé est déjà enregistrée. Utilisez-en une autre." }
    KeyFailed { en: "The browser could not use the key. Try again, or try another method.", fr: "Le navigateur n’a pas pu utiliser la clé. Réessayez, ou essayez une autre méthode." }
    KeyUnsupported { en: "This browser cannot use security keys. Try another method, or another browser.", fr: "Ce navigateur ne gère pas les clés de sécurité. Essayez une autre méthode, ou un autre navigateur." }
    KeyNeedsScript { en: "A security key needs JavaScript, which is off in this browser. Switch it on, or try another method.", fr: "Une clé de sécurité nécessite JavaScript, qui est désactivé dans ce navigateur. Activez-le, ou essayez une autre méthode." }

    // Methods
    MethodsTitle { en: "Choose another method", fr: "Choisissez une autre méthode" }
    MethodsLead { en: "How would you like to confirm that it is you?", fr: "Comment souhaitez-vous confirmer votre identité ?" }
    Authenticator { en: "Authenticator app", fr: "Application d’authentification" }
    AuthenticatorHint { en: "The code that the app on your phone shows", fr: "Le code affiché par l’application de votre téléphone" }
    BackupCode { en: "Backup code", fr: "Code de secours" }
    BackupCodeHint { en: "One of the codes you saved at set-up", fr: "L’un des codes conservés lors de l’activation" }
    Sms { en: "Code by SMS", fr: "Code par SMS" }
    SmsHint { en: "A text message to your phone", fr: "Un SMS sur votre téléphone" }
    SmsTo { en: "A text message to {to}", fr: "Un SMS au {to}" }
    Email { en: "Code by email", fr: "Code par e-mail" }
    EmailHint { en: "A message to your other address", fr: "Un message à votre autre adresse" }
    EmailTo { en: "A message to {to}", fr: "Un message à {to}" }
    SecurityKey { en: "Security key", fr: "Clé de sécurité" }
    SecurityKeyHint { en: "The key that you plug in or hold to your phone", fr: "La clé à brancher ou à approcher du téléphone" }
    LostEverything { en: "I have lost everything", fr: "J’ai tout perdu" }
    LostHint { en: "None of these is at hand: ask your administrator for help", fr: "Aucune n’est à votre portée : demandez l’aide de votre administrateur" }

    // The request for a reset after losing every factor
    LostTitle { en: "Ask for a reset", fr: "Demandez une réinitialisation" }
    LostLead {
        en: "Your administrator can reset two-step sign-in, so that you set it up anew. They have to be sure that it is you.",
        fr: "Votre administrateur peut réinitialiser la validation en deux étapes, pour que vous la configuriez à nouveau. Il doit être sûr que c’est bien vous."
    }
    ContactLabel { en: "How can your administrator reach you?", fr: "Comment votre administrateur peut-il vous joindre ?" }
    ContactHint { en: "A phone number or an email address, but not this mailbox.", fr: "Un numéro de téléphone ou une adresse électronique, mais pas cette messagerie." }
    ReasonLabel { en: "What happened?", fr: "Que s’est-il passé ?" }
    EvidenceLabel { en: "What proves that it is you?", fr: "Qu’est-ce qui prouve que c’est vous ?" }
    EvidenceHint {
        en: "Something that your administrator can check. Never write your password here.",
        fr: "Un élément que votre administrateur peut vérifier. N’écrivez jamais votre mot de passe ici."
    }
    SendRequest { en: "Send the request", fr: "Envoyer la demande" }
    LostIncomplete { en: "Please fill in all three fields.", fr: "Veuillez remplir les trois champs." }
    LostNotNow { en: "No request can be taken now. Please call your administrator.", fr: "Aucune demande ne peut être prise en compte pour le moment. Veuillez appeler votre administrateur." }
    LostNotBefore { en: "The next request can be made from {until}.", fr: "La prochaine demande sera possible à partir de {until}." }
    LostNotOffered { en: "Requests cannot be made here. Please call your administrator.", fr: "Il n’est pas possible de faire une demande ici. Veuillez appeler votre administrateur." }
    RequestedTitle { en: "Your administrator has your request", fr: "Votre demande est transmise" }
    RequestedNow { en: "Your request was sent.", fr: "Votre demande a été envoyée." }
    RequestedBefore { en: "There is a request for this mailbox already. One is enough.", fr: "Il y a déjà une demande pour cette messagerie. Une seule suffit." }
    RequestedNext { en: "What happens now", fr: "Et maintenant ?" }
    RequestedReach { en: "Your administrator gets in touch with you. That can take a while.", fr: "Votre administrateur prend contact avec vous. Cela peut prendre un certain temps." }
    RequestedReset {
        en: "Once they have approved the request, sign in with your password, and set up two-step sign-in anew.",
        fr: "Une fois la demande acceptée, connectez-vous avec votre mot de passe et configurez à nouveau la validation en deux étapes."
    }
    RequestedNotice {
        en: "A notice goes to the addresses that you gave for that. Until then nothing changes, and your methods go on working.",
        fr: "Un avis est envoyé aux adresses que vous avez indiquées. D’ici là, rien ne change et vos méthodes restent valables."
    }

    // When a code cannot be sent
    TooSoon { en: "A code was sent just now. You can ask for another from {until}.", fr: "Un code vient d’être envoyé. Vous pourrez en demander un autre à partir de {until}." }
    TooMany { en: "No more codes can be sent today. Try another method.", fr: "Aucun autre code ne peut être envoyé aujourd’hui. Essayez une autre méthode." }
    TooManyUntil { en: "Too many codes were sent. You can ask for another from {until}; or try another method.", fr: "Trop de codes ont été envoyés. Vous pourrez en demander un autre à partir de {until} ; ou essayez une autre méthode." }
    NotSent { en: "The code could not be sent. Try again in a moment, or try another method.", fr: "Le code n’a pas pu être envoyé. Réessayez dans un instant, ou essayez une autre méthode." }

    OnlyTooMany { en: "No more codes can be sent today. Try again tomorrow.", fr: "Aucun autre code ne peut être envoyé aujourd’hui. Réessayez demain." }
    OnlyTooManyUntil { en: "Too many codes were sent. You can ask for another from {until}.", fr: "Trop de codes ont été envoyés. Vous pourrez en demander un autre à partir de {until}." }
    OnlyNotSent { en: "The code could not be sent. Try again in a moment.", fr: "Le code n’a pas pu être envoyé. Réessayez dans un instant." }

    // The Security page
    SecurityTitle { en: "Security", fr: "Sécurité" }
    SecurityLead {
        en: "How you sign in to your mail, and who else could. If you do not recognise something here, remove it.",
        fr: "Comment vous accédez à votre messagerie, et qui d’autre le pourrait. Si un élément vous est inconnu, supprimez-le."
    }
    BackToMail { en: "Back to my mail", fr: "Retour à ma messagerie" }
    BackToSecurity { en: "Back to Security", fr: "Retour à la sécurité" }
    OpenSecurity { en: "Open my security settings", fr: "Ouvrir mes paramètres de sécurité" }
    DoNothing { en: "Cancel", fr: "Annuler" }
    Save { en: "Save", fr: "Enregistrer" }
    Finish { en: "Done", fr: "Terminé" }
    Rename { en: "Rename", fr: "Renommer" }
    Remove { en: "Remove", fr: "Supprimer" }
    Revoke { en: "Revoke", fr: "Révoquer" }
    MailboxTitle { en: "Mailbox", fr: "Messagerie" }
    MainName { en: "The name that you sign in with", fr: "L’identifiant de connexion" }
    OtherName { en: "Another address of this mailbox", fr: "Une autre adresse de cette messagerie" }
    OwnMethodsTitle { en: "Sign-in methods", fr: "Méthodes de connexion" }
    OwnMethodsHint {
        en: "Besides your password, one of these is asked for. With two of them, losing one does not lock you out.",
        fr: "En plus du mot de passe, l’une d’elles est demandée. Avec deux méthodes, en perdre une ne vous bloque pas."
    }
    Added { en: "Added {day}", fr: "Ajout : {day}" }
    LastUsed { en: "Last used {time}", fr: "Dernière utilisation : {time}" }
    NeverUsed { en: "Not used yet", fr: "Jamais utilisé" }
    OnlyMethodStays {
        en: "Your only method. To remove it, add another one first.",
        fr: "Votre seule méthode. Pour la supprimer, ajoutez-en d’abord une autre."
    }
    AddMethod { en: "Add a method", fr: "Ajouter une méthode" }
    OwnCodesTitle { en: "Backup codes", fr: "Codes de secours" }
    OwnCodesHint {
        en: "Each lets you in once when no method is at hand.",
        fr: "Chacun permet une connexion quand aucune méthode n’est disponible."
    }
    CodesLeft { en: "{n} backup codes are left.", fr: "Il vous reste {n} codes de secours." }
    OneCodeLeft { en: "One backup code is left.", fr: "Il vous reste un seul code de secours." }
    NoCodeLeft { en: "No backup code is left.", fr: "Il ne vous reste aucun code de secours." }
    FewCodesHint { en: "Make new ones before they run out.", fr: "Créez-en de nouveaux avant de les épuiser." }
    NoCodes {
        en: "You have no backup codes. If you lose your methods, only your administrator can let you in.",
        fr: "Vous n’avez pas de codes de secours. Si vous perdez vos méthodes, seul votre administrateur peut vous redonner l’accès."
    }
    MakeCodes { en: "Make new codes", fr: "Créer de nouveaux codes" }
    DeleteCodes { en: "Delete the codes", fr: "Supprimer les codes" }
    AppsTitle { en: "App passwords", fr: "Mots de passe d’application" }
    AppsHint {
        en: "For mail apps on your phone or computer, which cannot ask for a code. Give each app one of its own.",
        fr: "Pour les applications de messagerie du téléphone ou de l’ordinateur, qui ne peuvent pas demander de code. Un par application."
    }
    NoApps { en: "There are none.", fr: "Il n’y en a aucun." }
    CreateApp { en: "Create an app password", fr: "Créer un mot de passe d’application" }
    NoAppsNow {
        en: "App passwords cannot be made at the moment: the mail server is not there to check your password.",
        fr: "Aucun mot de passe d’application ne peut être créé pour le moment : le serveur de messagerie ne peut pas vérifier votre mot de passe."
    }
    AppExpires { en: "Good until {time}", fr: "Valable jusqu’à {time}" }
    AppOutdated {
        en: "Your password has changed. This one works again after your next sign-in here.",
        fr: "Votre mot de passe a changé. Celui-ci fonctionnera à nouveau après votre prochaine connexion ici."
    }
    OwnKeyCopied {
        en: "There is a copy of this key, so it does not let you in any more. Remove it, and add a new one.",
        fr: "Il existe une copie de cette clé : elle ne permet plus de se connecter. Supprimez-la et ajoutez-en une nouvelle."
    }
    FromAddress { en: "from {address}", fr: "depuis {address}" }
    SignedInSince { en: "Signed in now, since {time}", fr: "Session ouverte (début : {time})" }
    LastSignedIn { en: "Last signed in {day}", fr: "Dernière connexion : {day}" }
    PlaceHere { en: "On the network that you are using now", fr: "Sur le réseau que vous utilisez maintenant" }
    PlaceInside {
        en: "On another network of your organisation ({network})",
        fr: "Sur un autre réseau de votre organisation ({network})"
    }
    PlaceElsewhere { en: "On another network ({network})", fr: "Sur un autre réseau ({network})" }
    ThisSession { en: "This browser", fr: "Ce navigateur" }
    BrowserOn { en: "{browser} on {system}", fr: "{browser} sur {system}" }
    UnknownBrowser { en: "Unknown browser", fr: "Navigateur inconnu" }
    SignOutOthers { en: "Sign out the others", fr: "Déconnecter les autres" }
    BrowsersTitle { en: "Where you are signed in", fr: "Où vous êtes connecté" }
    BrowsersHint {
        en: "Browsers in which this mailbox is open, or was before.",
        fr: "Les navigateurs dans lesquels cette messagerie est ouverte, ou l’a été."
    }
    TrustedBrowsersHint {
        en: "Browsers in which this mailbox is open, or was before. A trusted one is not asked for a code.",
        fr: "Les navigateurs dans lesquels cette messagerie est ouverte, ou l’a été. Aucun code n’est demandé dans un navigateur de confiance."
    }
    TrustedUntil { en: "Trusted until {time}", fr: "De confiance jusqu’au {time}" }
    RevokeTrust { en: "Stop trusting", fr: "Ne plus faire confiance" }
    NoticesTitle { en: "Notices", fr: "Avis" }
    NoticesHint {
        en: "When something here changes, we tell you at an address outside this mailbox.",
        fr: "Quand quelque chose change ici, nous vous prévenons à une adresse extérieure à cette messagerie."
    }
    ContactAddress { en: "Contact address", fr: "Adresse de contact" }
    NoContact { en: "There is no contact address yet.", fr: "Il n’y a pas encore d’adresse de contact." }
    AddContact { en: "Add a contact address", fr: "Ajouter une adresse de contact" }
    ChangeContact { en: "Use another address", fr: "Utiliser une autre adresse" }
    NoticesLanguage { en: "Language of notices and codes", fr: "Langue des avis et des codes" }
    DoneMethodAdded { en: "The method is set up.", fr: "La méthode est enregistrée." }
    DoneRenamed { en: "The method has its new name.", fr: "La méthode porte son nouveau nom." }
    DoneMethodRemoved {
        en: "The method is removed. Your other sessions were ended.",
        fr: "La méthode est supprimée. Vos autres sessions ont été fermées."
    }
    DoneCodes { en: "You have new backup codes.", fr: "Vous avez de nouveaux codes de secours." }
    DoneCodesDeleted { en: "The backup codes are deleted.", fr: "Les codes de secours sont supprimés." }
    DoneAppPassword { en: "The app password is made.", fr: "Le mot de passe d’application est créé." }
    DoneAppPasswordRevoked {
        en: "The app password is revoked, and its app signed out.",
        fr: "Le mot de passe d’application est révoqué, et son application déconnectée."
    }
    DoneContactSet { en: "Notices go to your new contact address.", fr: "Les avis sont envoyés à votre nouvelle adresse de contact." }
    DoneContactRemoved { en: "The contact address is removed.", fr: "L’adresse de contact est supprimée." }
    DoneLanguageSet { en: "The language of your notices is saved.", fr: "La langue de vos avis est enregistrée." }
    DoneSignedOut {
        en: "Your other sessions were ended, and no other browser is trusted.",
        fr: "Vos autres sessions ont été fermées et aucun autre navigateur n’est plus de confiance."
    }
    DoneEnough {
        en: "Nothing was changed: there were too many changes today. Try again tomorrow, or ask your administrator.",
        fr: "Rien n’a été modifié : trop de modifications ont été faites aujourd’hui. Réessayez demain ou demandez à votre administrateur."
    }
    DoneTrustRevoked {
        en: "That browser is asked for a code again. What it had open without one was ended.",
        fr: "Un code sera de nouveau demandé dans ce navigateur. Ses sessions ouvertes sans code ont été fermées."
    }

    // Changes on the Security page
    RenameTitle { en: "Rename this method", fr: "Renommer cette méthode" }
    RenameLabel { en: "New name", fr: "Nouveau nom" }
    RemoveTitle { en: "Remove this method?", fr: "Supprimer cette méthode ?" }
    RemoveLead {
        en: "It can no longer be used to sign in. All your other sessions end, in case someone else had it.",
        fr: "Elle ne pourra plus servir à se connecter. Toutes vos autres sessions sont fermées, au cas où quelqu’un d’autre l’aurait eue."
    }
    RemoveLast {
        en: "This is your only method. Without it two-step sign-in is off, and your password alone opens your mail. Your backup codes go with it.",
        fr: "C’est votre seule méthode. Sans elle, la validation en deux étapes est désactivée et votre mot de passe suffit à ouvrir votre messagerie. Vos codes de secours disparaissent avec elle."
    }
    OnlyMethod {
        en: "This is your only method, and it cannot be removed. Add another one first.",
        fr: "C’est votre seule méthode et elle ne peut pas être supprimée. Ajoutez-en d’abord une autre."
    }
    MakeCodesTitle { en: "Make new backup codes?", fr: "Créer de nouveaux codes de secours ?" }
    MakeCodesLead {
        en: "You get ten new codes. The codes that you have now stop working at once.",
        fr: "Vous recevrez dix nouveaux codes. Les codes actuels cesseront aussitôt de fonctionner."
    }
    FirstCodesLead { en: "You get ten codes. Each of them lets you in once.", fr: "Vous recevrez dix codes. Chacun permet une connexion." }
    NewCodesLead {
        en: "These are your backup codes from now on. If you ever lose your phone, each of them lets you in once.",
        fr: "Voici désormais vos codes de secours. Si vous perdez votre téléphone, chacun permet une connexion."
    }
    DeleteCodesTitle { en: "Delete your backup codes?", fr: "Supprimer vos codes de secours ?" }
    DeleteCodesLead {
        en: "They stop working at once. If you lose your methods then, only your administrator can let you in.",
        fr: "Ils cesseront aussitôt de fonctionner. Si vous perdez ensuite vos méthodes, seul votre administrateur pourra vous redonner l’accès."
    }
    CreateAppTitle { en: "Create an app password", fr: "Créer un mot de passe d’application" }
    CreateAppLead {
        en: "Your mail app signs in with it in place of your password and a code. You can revoke it at any time.",
        fr: "Votre application l’utilise à la place de votre mot de passe et d’un code. Vous pouvez le révoquer à tout moment."
    }
    AppLabel { en: "What is it for?", fr: "À quoi servira-t-il ?" }
    AppLabelHint { en: "For example “Thunderbird on my laptop”.", fr: "Par exemple « Thunderbird sur mon portable »." }
    PasswordLabel { en: "Your mail password", fr: "Votre mot de passe de messagerie" }
    PasswordHint { en: "The one that you sign in with here. We check it once more.", fr: "Celui que vous utilisez ici. Nous le vérifions une nouvelle fois." }
    AppWrongPassword { en: "That is not the password of this mailbox. Type it again.", fr: "Ce n’est pas le mot de passe de cette messagerie. Saisissez-le à nouveau." }
    AppNotChecked {
        en: "Your password could not be checked with the mail server. Nothing was changed. Try again in a few minutes.",
        fr: "Votre mot de passe n’a pas pu être vérifié auprès du serveur de messagerie. Rien n’a changé. Réessayez dans quelques minutes."
    }
    AppsFull { en: "You have as many app passwords as you can have. Revoke one first.", fr: "Vous avez atteint le nombre maximal de mots de passe d’application. Révoquez-en d’abord un." }
    NewAppTitle { en: "Your new app password", fr: "Votre nouveau mot de passe d’application" }
    NewAppLead {
        en: "In your mail app, type it where the password of this mailbox is asked for, for incoming and for outgoing mail.",
        fr: "Dans votre application, saisissez-le à la place du mot de passe de cette messagerie, pour la réception comme pour l’envoi."
    }
    NewAppOnce {
        en: "You see it only now, and you need not remember it: when it is lost, revoke it and create another.",
        fr: "Il ne s’affiche que maintenant et vous n’avez pas à le retenir : s’il est perdu, révoquez-le et créez-en un autre."
    }
    NewAppName { en: "The user name is {mailbox}.", fr: "Le nom d’utilisateur est {mailbox}." }
    NewAppServers {
        en: "Leave the names of the servers in the app as they are. Spaces and hyphens in the app password do not count.",
        fr: "Ne changez pas les noms des serveurs dans l’application. Les espaces et les traits d’union ne comptent pas."
    }
    RevokeTitle { en: "Revoke this app password?", fr: "Révoquer ce mot de passe d’application ?" }
    RevokeLead {
        en: "The app that uses it is signed out within seconds, and gets no more mail until you give it another one.",
        fr: "L’application qui l’utilise est déconnectée en quelques secondes et ne reçoit plus rien avant d’en avoir un autre."
    }
    RemoveContactTitle { en: "Remove your contact address?", fr: "Supprimer votre adresse de contact ?" }
    RemoveContactLead {
        en: "Then nobody tells you there when something about your sign-in changes.",
        fr: "Vous n’y recevrez alors plus d’avis quand quelque chose change dans vos moyens de connexion."
    }
    FewCodesTitle { en: "Few backup codes are left", fr: "Il reste peu de codes de secours" }
    FewCodesLead {
        en: "The code that you have just used is spent. Make new codes soon, or set up another method.",
        fr: "Le code que vous venez d’utiliser ne sert plus. Créez bientôt de nouveaux codes, ou ajoutez une autre méthode."
    }
    OffLead {
        en: "You have signed in without a second step, so there is nothing to look after here.",
        fr: "Cette connexion s’est faite sans seconde étape : il n’y a donc rien à gérer ici."
    }
    OffHow {
        en: "Two-step sign-in protects your mail when your password is stolen. Your administrator switches it on for you; at the next sign-in you are shown how to set it up.",
        fr: "La validation en deux étapes protège votre messagerie si votre mot de passe est volé. Votre administrateur l’active pour vous ; à la connexion suivante, une page vous aide à la configurer."
    }
    OffPaused {
        en: "If you have set it up already, it is paused at the moment. Sign in again once it is back.",
        fr: "Si vous l’avez déjà configurée, elle est suspendue pour le moment. Reconnectez-vous quand elle sera rétablie."
    }

    ProveFirstLead {
        en: "You have signed in without a code, as this browser is trusted.",
        fr: "Aucun code n’a été demandé à la connexion, car ce navigateur est de confiance."
    }
    ProveFirstHow {
        en: "To see and change your security settings, confirm once that it is you.",
        fr: "Pour voir et modifier vos paramètres de sécurité, confirmez une fois que c’est bien vous."
    }

    // The pages of a sign-in, used from the Security page
    ProveLead { en: "Please confirm that it is you.", fr: "Veuillez confirmer que c’est bien vous." }
    ProveOnce {
        en: "The code is good for this change only. If you did not ask for it, cancel.",
        fr: "Le code ne vaut que pour cette modification. Si vous ne l’avez pas demandée, annulez."
    }
    NextCode {
        en: "Each code works only once. If you have just used the one that your app shows, wait for the next.",
        fr: "Chaque code ne sert qu’une fois. Si vous venez d’utiliser celui que votre application affiche, attendez le suivant."
    }
    ProveAddApp {
        en: "To add an authenticator app, confirm that it is you.",
        fr: "Pour ajouter une application d’authentification, confirmez que c’est bien vous."
    }
    ProveAddKey { en: "To add a security key, confirm that it is you.", fr: "Pour ajouter une clé de sécurité, confirmez que c’est bien vous." }
    ProveAddSms {
        en: "To add the phone {to}, to which codes are sent, confirm that it is you.",
        fr: "Pour ajouter le téléphone {to}, auquel des codes seront envoyés, confirmez que c’est bien vous."
    }
    ProveAddEmail {
        en: "To add the address {to}, to which codes are sent, confirm that it is you.",
        fr: "Pour ajouter l’adresse {to}, à laquelle des codes seront envoyés, confirmez que c’est bien vous."
    }
    ProveSetContact {
        en: "To make {to} your contact address, confirm that it is you.",
        fr: "Pour que {to} devienne votre adresse de contact, confirmez que c’est bien vous."
    }
    ProveRemove { en: "To remove {method}, confirm that it is you.", fr: "Pour supprimer {method}, confirmez que c’est bien vous." }
    ProveRemoveOne { en: "To remove a method, confirm that it is you.", fr: "Pour supprimer une méthode, confirmez que c’est bien vous." }
    ProveMakeCodes { en: "To make new backup codes, confirm that it is you.", fr: "Pour créer de nouveaux codes de secours, confirmez que c’est bien vous." }
    ProveDeleteCodes { en: "To delete your backup codes, confirm that it is you.", fr: "Pour supprimer vos codes de secours, confirmez que c’est bien vous." }
    ProveCreateApp { en: "To create an app password, confirm that it is you.", fr: "Pour créer un mot de passe d’application, confirmez que c’est bien vous." }
    ProveRemoveContact { en: "To remove your contact address, confirm that it is you.", fr: "Pour supprimer votre adresse de contact, confirmez que c’est bien vous." }
    ConfirmIt { en: "Confirm", fr: "Confirmer" }
    AddAppTitle { en: "Add an authenticator app", fr: "Ajoutez une application d’authentification" }
    AddAppLead {
        en: "You can then sign in with its codes too, beside the methods that you have.",
        fr: "Vous pourrez aussi vous connecter avec ses codes, en plus de vos autres méthodes."
    }
    AddSmsLead { en: "You can then sign in with codes that we send to this phone too.", fr: "Vous pourrez aussi vous connecter avec des codes envoyés à ce téléphone." }
    AddEmailLead { en: "You can then sign in with codes that we send to this address too.", fr: "Vous pourrez aussi vous connecter avec des codes envoyés à cette adresse." }
    SetContactTitle { en: "Your contact address", fr: "Votre adresse de contact" }
    AddKeyLead {
        en: "You can then sign in with this key too. Plug it in, or hold it ready, and press the button.",
        fr: "Vous pourrez aussi vous connecter avec cette clé. Branchez-la ou gardez-la à portée de main, puis appuyez sur le bouton."
    }

    // Errors of a submitted code
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
        en: "That is not a backup code. Type one just as it stands on your list. For a code from your app, try another method.",
        fr: "Ce n’est pas un code de secours. Saisissez-en un tel qu’il figure sur votre liste. Pour un code de votre application, essayez une autre méthode."
    }
    BackupWrong {
        en: "That backup code is not right, or it was used before. Try the next one on your list.",
        fr: "Ce code de secours n’est pas le bon ou a déjà servi. Essayez le suivant de votre liste."
    }
    BackupTooEarly {
        en: "Too many tries in a row. Wait until {until}, then try again.",
        fr: "Trop d’essais de suite. Patientez jusqu’à {until}, puis réessayez."
    }
    SentNotACode { en: "Type the digits of the code that we sent you. Spaces are fine.", fr: "Saisissez les chiffres du code que nous vous avons envoyé. Vous pouvez laisser les espaces." }
    SentWrong {
        en: "That code is not right, or it is too old. Type the one that came last, or have another one sent.",
        fr: "Ce code n’est pas le bon ou est trop ancien. Saisissez le dernier reçu, ou demandez-en un autre."
    }
    KeyNotAnswered { en: "Your security key has given no answer. Try again, or try another method.", fr: "Votre clé de sécurité n’a donné aucune réponse. Réessayez, ou essayez une autre méthode." }
    KeyWrong { en: "This key was not accepted. Try again with the one that you set up, or try another method.", fr: "Cette clé n’a pas été acceptée. Réessayez avec celle que vous avez enregistrée, ou essayez une autre méthode." }
    NewKeyWrong { en: "This key could not be set up. Try again, or use another key.", fr: "Cette clé n’a pas pu être enregistrée. Réessayez, ou utilisez une autre clé." }
    KeyCopied {
        en: "This security key cannot be used any more: there is a copy of it. Sign in another way, remove the key on your Security page, and register a new one. And change your password: whoever uses the copy knows it.",
        fr: "Cette clé de sécurité ne peut plus être utilisée : il en existe une copie. Connectez-vous autrement, supprimez-la sur votre page Sécurité et enregistrez-en une nouvelle. Changez aussi votre mot de passe : la personne qui utilise la copie le connaît."
    }
    InUse { en: "This is in use already. Use another one.", fr: "Ceci est déjà utilisé. Utilisez autre chose." }
    Moment { en: "{clock} ({wait})", fr: "{clock} ({wait})" }

    // Notices
    LockedTitle { en: "Too many wrong codes", fr: "Trop de codes erronés" }
    LockedUntil {
        en: "To protect your mail, no code is accepted until {until}. After that, sign in again.",
        fr: "Pour protéger votre messagerie, aucun code n’est accepté jusqu’à {until}. Ensuite, connectez-vous à nouveau."
    }
    LockedUntilThen {
        en: "To protect your mail, no code is accepted until {until}. Try again after that.",
        fr: "Pour protéger votre messagerie, aucun code n’est accepté jusqu’à {until}. Réessayez ensuite."
    }
    LockedForAdministrator {
        en: "To protect your mail, codes are no longer accepted. Ask your administrator to unlock your account.",
        fr: "Pour protéger votre messagerie, les codes ne sont plus acceptés. Demandez à votre administrateur de déverrouiller votre compte."
    }
    LockedNotYou {
        en: "Was it not you? Then someone knows your password: change it, and tell your administrator.",
        fr: "Ce n’était pas vous ? Quelqu’un connaît alors votre mot de passe : changez-le et prévenez votre administrateur."
    }
    NoMethodTitle { en: "No sign-in method can be used right now", fr: "Aucune méthode n’est utilisable" }
    NoMethodLead {
        en: "Your password is right. But this mailbox has no method that can be used now: the code that you need cannot be sent, or there is a copy of your security key.",
        fr: "Votre mot de passe est correct, mais cette messagerie n’a aucune méthode utilisable : le code nécessaire ne peut pas être envoyé, ou il existe une copie de votre clé de sécurité."
    }
    UnusualTitle { en: "This sign-in looks unusual", fr: "Cette connexion est inhabituelle" }
    UnusualLead {
        en: "You are signing in with a browser and from a network that are new to us. We would now send a code to your contact address, but there is none, or no mail can be sent there.",
        fr: "Vous vous connectez avec un navigateur et depuis un réseau que nous ne connaissons pas encore. Nous devrions envoyer un code à votre adresse de contact, mais il n’y en a pas, ou aucun message ne peut y être envoyé."
    }
    UnusualAdvice {
        en: "Sign in where you usually do, or ask your administrator to set a contact address for you.",
        fr: "Connectez-vous depuis votre navigateur habituel, ou demandez à votre administrateur d’indiquer une adresse de contact pour vous."
    }
    EndedTitle { en: "Your session has ended", fr: "Votre session est terminée" }
    EndedUnknown {
        en: "It ended some time ago, or our service was restarted.",
        fr: "Elle s’est terminée il y a un certain temps, ou notre service a redémarré."
    }
    EndedSlowSignIn { en: "Signing in took too long.", fr: "La connexion a pris trop de temps." }
    EndedIdle { en: "It was not used for several hours.", fr: "Elle est restée inutilisée pendant plusieurs heures." }
    EndedOld { en: "It was open for as many days as a session may be.", fr: "Elle était ouverte depuis le nombre de jours autorisé." }
    EndedGoneOn {
        en: "This page was sent already, and signing in went on from there. If your mail is not open in another tab, our answer got lost on its way to you.",
        fr: "Cette page a déjà été envoyée et la connexion s’est poursuivie. Si votre messagerie n’est pas ouverte dans un autre onglet, notre réponse s’est perdue en chemin."
    }
    EndedReplaced { en: "Another sign-in in this browser took its place.", fr: "Une autre connexion dans ce navigateur l’a remplacée." }
    EndedOtherPassword {
        en: "The password of your mailbox was changed. Sign in with the new one. If you did not change it, tell your administrator.",
        fr: "Le mot de passe de votre messagerie a été changé. Connectez-vous avec le nouveau. Si vous ne l’avez pas changé vous-même, prévenez votre administrateur."
    }
    EndedSignedOutElsewhere { en: "It was ended from another session of your mailbox.", fr: "Elle a été fermée depuis une autre session de votre messagerie." }
    EndedSignedOut { en: "You signed out, or stopped signing in.", fr: "Vous avez fermé la session, ou abandonné la connexion." }
    EndedAccountChanged {
        en: "How you sign in was changed: by your administrator, or from another session of yours.",
        fr: "Votre façon de vous connecter a été modifiée : par votre administrateur, ou depuis une autre de vos sessions."
    }
    EndedTooMany {
        en: "There were too many sessions at the same time, and this one was not used for the longest time.",
        fr: "Trop de sessions étaient ouvertes en même temps, et celle-ci était inutilisée depuis le plus longtemps."
    }
    EndedWebmail { en: "The webmail ended it.", fr: "La messagerie web l’a fermée." }
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
    UnavailableWithinTitle { en: "This is not possible right now", fr: "Cette action est impossible pour le moment" }
    UnavailableWithinLead {
        en: "A service that is needed for it cannot be reached. You are still signed in, and the fault is not yours.",
        fr: "Un service nécessaire est injoignable. Vous êtes toujours connecté et vous n’y êtes pour rien."
    }
    NoAnswerTitle { en: "The webmail does not answer", fr: "La messagerie ne répond pas" }
    NoAnswerLead {
        en: "It gave no answer that can be shown, or none in time. You are still signed in; what you last did may not have been saved.",
        fr: "Elle n’a donné aucune réponse qui puisse être affichée, ou pas à temps. Vous êtes toujours connecté ; votre dernière action n’a peut-être pas été enregistrée."
    }
    OtherHostTitle { en: "This is not the address of the webmail", fr: "Ce n’est pas l’adresse de la messagerie" }
    OtherHostLead {
        en: "Nothing is shown under this address. Open the webmail at the address that your administrator has given you.",
        fr: "Rien n’est affiché à cette adresse. Ouvrez la messagerie à l’adresse que votre administrateur vous a donnée."
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
