//! The Security page.

use super::entry::{Text, texts};

texts! {
    SECURITY_TITLE { en: "Security", fr: "Sécurité" }
    SECURITY_LEAD {
        en: "How you sign in to your mail, and who else could. If you do not recognise something here, remove it.",
        fr: "Comment vous accédez à votre messagerie, et qui d’autre le pourrait. Si un élément vous est inconnu, supprimez-le."
    }
    BACK_TO_MAIL { en: "Back to my mail", fr: "Retour à ma messagerie" }
    BACK_TO_SECURITY { en: "Back to Security", fr: "Retour à la sécurité" }
    OPEN_SECURITY { en: "Open my security settings", fr: "Ouvrir mes paramètres de sécurité" }
    DO_NOTHING { en: "Cancel", fr: "Annuler" }
    SAVE { en: "Save", fr: "Enregistrer" }
    FINISH { en: "Done", fr: "Terminé" }
    RENAME { en: "Rename", fr: "Renommer" }
    REMOVE { en: "Remove", fr: "Supprimer" }
    REVOKE { en: "Revoke", fr: "Révoquer" }
    MAILBOX_TITLE { en: "Mailbox", fr: "Messagerie" }
    MAIN_NAME { en: "The name that you sign in with", fr: "L’identifiant de connexion" }
    OTHER_NAME { en: "Another address of this mailbox", fr: "Une autre adresse de cette messagerie" }
    OWN_METHODS_TITLE { en: "Sign-in methods", fr: "Méthodes de connexion" }
    OWN_METHODS_HINT {
        en: "Besides your password, one of these is asked for. With two of them, losing one does not lock you out.",
        fr: "En plus du mot de passe, l’une d’elles est demandée. Avec deux méthodes, en perdre une ne vous bloque pas."
    }
    ADDED { en: "Added {day}", fr: "Ajout : {day}" }
    LAST_USED { en: "Last used {time}", fr: "Dernière utilisation : {time}" }
    NEVER_USED { en: "Not used yet", fr: "Jamais utilisé" }
    ONLY_METHOD_STAYS {
        en: "Your only method. To remove it, add another one first.",
        fr: "Votre seule méthode. Pour la supprimer, ajoutez-en d’abord une autre."
    }
    ADD_METHOD { en: "Add a method", fr: "Ajouter une méthode" }
    OWN_CODES_TITLE { en: "Backup codes", fr: "Codes de secours" }
    OWN_CODES_HINT {
        en: "Each lets you in once when no method is at hand.",
        fr: "Chacun permet une connexion quand aucune méthode n’est disponible."
    }
    CODES_LEFT { en: "{n} backup codes are left.", fr: "Il vous reste {n} codes de secours." }
    ONE_CODE_LEFT { en: "One backup code is left.", fr: "Il vous reste un seul code de secours." }
    NO_CODE_LEFT { en: "No backup code is left.", fr: "Il ne vous reste aucun code de secours." }
    FEW_CODES_HINT { en: "Make new ones before they run out.", fr: "Créez-en de nouveaux avant de les épuiser." }
    NO_CODES {
        en: "You have no backup codes. If you lose your methods, only your administrator can let you in.",
        fr: "Vous n’avez pas de codes de secours. Si vous perdez vos méthodes, seul votre administrateur peut vous redonner l’accès."
    }
    MAKE_CODES { en: "Make new codes", fr: "Créer de nouveaux codes" }
    DELETE_CODES { en: "Delete the codes", fr: "Supprimer les codes" }
    APPS_TITLE { en: "App passwords", fr: "Mots de passe d’application" }
    APPS_HINT {
        en: "For mail apps on your phone or computer, which cannot ask for a code. Give each app one of its own.",
        fr: "Pour les applications de messagerie du téléphone ou de l’ordinateur, qui ne peuvent pas demander de code. Un par application."
    }
    NO_APPS { en: "There are none.", fr: "Il n’y en a aucun." }
    CREATE_APP { en: "Create an app password", fr: "Créer un mot de passe d’application" }
    NO_APPS_NOW {
        en: "App passwords cannot be made at the moment: the mail server is not there to check your password.",
        fr: "Aucun mot de passe d’application ne peut être créé pour le moment : le serveur de messagerie ne peut pas vérifier votre mot de passe."
    }
    APP_EXPIRES { en: "Good until {time}", fr: "Valable jusqu’à {time}" }
    APP_OUTDATED {
        en: "Your password has changed. This one works again after your next sign-in here.",
        fr: "Votre mot de passe a changé. Celui-ci fonctionnera à nouveau après votre prochaine connexion ici."
    }
    OWN_KEY_COPIED {
        en: "There is a copy of this key, so it does not let you in any more. Remove it, and add a new one.",
        fr: "Il existe une copie de cette clé : elle ne permet plus de se connecter. Supprimez-la et ajoutez-en une nouvelle."
    }
    FROM_ADDRESS { en: "from {address}", fr: "depuis {address}" }
    SIGNED_IN_SINCE { en: "Signed in now, since {time}", fr: "Session ouverte (début : {time})" }
    LAST_SIGNED_IN { en: "Last signed in {day}", fr: "Dernière connexion : {day}" }
    PLACE_HERE { en: "On the network that you are using now", fr: "Sur le réseau que vous utilisez maintenant" }
    PLACE_INSIDE {
        en: "On another network of your organisation ({network})",
        fr: "Sur un autre réseau de votre organisation ({network})"
    }
    PLACE_ELSEWHERE { en: "On another network ({network})", fr: "Sur un autre réseau ({network})" }
    THIS_SESSION { en: "This browser", fr: "Ce navigateur" }
    BROWSER_ON { en: "{browser} on {system}", fr: "{browser} sur {system}" }
    UNKNOWN_BROWSER { en: "Unknown browser", fr: "Navigateur inconnu" }
    SIGN_OUT_OTHERS { en: "Sign out the others", fr: "Déconnecter les autres" }
    BROWSERS_TITLE { en: "Where you are signed in", fr: "Où vous êtes connecté" }
    BROWSERS_HINT {
        en: "Browsers in which this mailbox is open, or was before.",
        fr: "Les navigateurs dans lesquels cette messagerie est ouverte, ou l’a été."
    }
    TRUSTED_BROWSERS_HINT {
        en: "Browsers in which this mailbox is open, or was before. A trusted one is not asked for a code.",
        fr: "Les navigateurs dans lesquels cette messagerie est ouverte, ou l’a été. Aucun code n’est demandé dans un navigateur de confiance."
    }
    TRUSTED_UNTIL { en: "Trusted until {time}", fr: "De confiance jusqu’au {time}" }
    REVOKE_TRUST { en: "Stop trusting", fr: "Ne plus faire confiance" }
    NOTICES_TITLE { en: "Notices", fr: "Avis" }
    NOTICES_HINT {
        en: "When something here changes, we tell you at an address outside this mailbox.",
        fr: "Quand quelque chose change ici, nous vous prévenons à une adresse extérieure à cette messagerie."
    }
    CONTACT_ADDRESS { en: "Contact address", fr: "Adresse de contact" }
    NO_CONTACT { en: "There is no contact address yet.", fr: "Il n’y a pas encore d’adresse de contact." }
    ADD_CONTACT { en: "Add a contact address", fr: "Ajouter une adresse de contact" }
    CHANGE_CONTACT { en: "Use another address", fr: "Utiliser une autre adresse" }
    NOTICES_LANGUAGE { en: "Language of notices and codes", fr: "Langue des avis et des codes" }
    DONE_METHOD_ADDED { en: "The method is set up.", fr: "La méthode est enregistrée." }
    DONE_RENAMED { en: "The method has its new name.", fr: "La méthode porte son nouveau nom." }
    DONE_METHOD_REMOVED {
        en: "The method is removed. Your other sessions were ended.",
        fr: "La méthode est supprimée. Vos autres sessions ont été fermées."
    }
    DONE_CODES { en: "You have new backup codes.", fr: "Vous avez de nouveaux codes de secours." }
    DONE_CODES_DELETED { en: "The backup codes are deleted.", fr: "Les codes de secours sont supprimés." }
    DONE_APP_PASSWORD { en: "The app password is made.", fr: "Le mot de passe d’application est créé." }
    DONE_APP_PASSWORD_REVOKED {
        en: "The app password is revoked, and its app signed out.",
        fr: "Le mot de passe d’application est révoqué, et son application déconnectée."
    }
    DONE_CONTACT_SET { en: "Notices go to your new contact address.", fr: "Les avis sont envoyés à votre nouvelle adresse de contact." }
    DONE_CONTACT_REMOVED { en: "The contact address is removed.", fr: "L’adresse de contact est supprimée." }
    DONE_LANGUAGE_SET { en: "The language of your notices is saved.", fr: "La langue de vos avis est enregistrée." }
    DONE_SIGNED_OUT {
        en: "Your other sessions were ended, and no other browser is trusted.",
        fr: "Vos autres sessions ont été fermées et aucun autre navigateur n’est plus de confiance."
    }
    DONE_ENOUGH {
        en: "Nothing was changed: there were too many changes today. Try again tomorrow, or ask your administrator.",
        fr: "Rien n’a été modifié : trop de modifications ont été faites aujourd’hui. Réessayez demain ou demandez à votre administrateur."
    }
    DONE_TRUST_REVOKED {
        en: "That browser is asked for a code again. What it had open without one was ended.",
        fr: "Un code sera de nouveau demandé dans ce navigateur. Ses sessions ouvertes sans code ont été fermées."
    }
}
