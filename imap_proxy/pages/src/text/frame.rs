//! The frame of every page, and times.

use super::entry::{Text, texts};

texts! {
    // The frame of every page
    DOCUMENT_TITLE { en: "{title} – {brand}", fr: "{title} – {brand}" }
    FAILED_TITLE { en: "Error: {title} – {brand}", fr: "Erreur : {title} – {brand}" }
    SIGNING_IN { en: "Signing in as {mailbox}", fr: "Connexion de {mailbox}" }
    SIGNED_IN { en: "Signed in as {mailbox}", fr: "Session de {mailbox}" }
    LANGUAGE_SWITCH { en: "Language", fr: "Langue" }
    FOOTER { en: "Two-step sign-in by Postern", fr: "Validation en deux étapes par Postern" }
    CANCEL { en: "Cancel sign-in", fr: "Annuler la connexion" }
    TRY_ANOTHER { en: "Try another method", fr: "Essayer une autre méthode" }

    // Times
    TIME_ZONE { en: "Time zone: {zone}", fr: "Fuseau horaire : {zone}" }
    CLOCK { en: "{hour}:{minute}", fr: "{hour}\u{a0}h\u{a0}{minute}" }
    DAY_AND_CLOCK { en: "{date}, {clock}", fr: "{date} à {clock}" }
    DAY { en: "{day} {month}", fr: "{day} {month}" }
    DAY_AND_YEAR { en: "{day} {month} {year}", fr: "{day} {month} {year}" }
    FIRST_OF_MONTH { en: "1", fr: "1er" }
    MONTHS {
        en: "January February March April May June July August September October November December",
        fr: "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
    }
    SOON { en: "in less than a minute", fr: "dans moins d’une minute" }
    IN_A_MINUTE { en: "in about a minute", fr: "dans une minute environ" }
    IN_MINUTES { en: "in about {n} minutes", fr: "dans {n} minutes environ" }
    IN_AN_HOUR { en: "in about an hour", fr: "dans une heure environ" }
    IN_HOURS { en: "in about {n} hours", fr: "dans {n} heures environ" }
    IN_DAYS { en: "in about {n} days", fr: "dans {n} jours environ" }
}
