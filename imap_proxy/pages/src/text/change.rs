//! Changes on the Security page, and the pages of a sign-in that it uses.

use super::entry::{Text, texts};

texts! {
    // Changes on the Security page
    RENAME_TITLE { en: "Rename this method", fr: "Renommer cette méthode" }
    RENAME_LABEL { en: "New name", fr: "Nouveau nom" }
    REMOVE_TITLE { en: "Remove this method?", fr: "Supprimer cette méthode ?" }
    REMOVE_LEAD {
        en: "It can no longer be used to sign in. All your other sessions end, in case someone else had it.",
        fr: "Elle ne pourra plus servir à se connecter. Toutes vos autres sessions sont fermées, au cas où quelqu’un d’autre l’aurait eue."
    }
    REMOVE_LAST {
        en: "This is your only method. Without it two-step sign-in is off, and your password alone opens your mail. Your backup codes go with it.",
        fr: "C’est votre seule méthode. Sans elle, la validation en deux étapes est désactivée et votre mot de passe suffit à ouvrir votre messagerie. Vos codes de secours disparaissent avec elle."
    }
    ONLY_METHOD {
        en: "This is your only method, and it cannot be removed. Add another one first.",
        fr: "C’est votre seule méthode et elle ne peut pas être supprimée. Ajoutez-en d’abord une autre."
    }
    MAKE_CODES_TITLE { en: "Make new backup codes?", fr: "Créer de nouveaux codes de secours ?" }
    MAKE_CODES_LEAD {
        en: "You get ten new codes. The codes that you have now stop working at once.",
        fr: "Vous recevrez dix nouveaux codes. Les codes actuels cesseront aussitôt de fonctionner."
    }
    FIRST_CODES_LEAD { en: "You get ten codes. Each of them lets you in once.", fr: "Vous recevrez dix codes. Chacun permet une connexion." }
    NEW_CODES_LEAD {
        en: "These are your backup codes from now on. If you ever lose your phone, each of them lets you in once.",
        fr: "Voici désormais vos codes de secours. Si vous perdez votre téléphone, chacun permet une connexion."
    }
    DELETE_CODES_TITLE { en: "Delete your backup codes?", fr: "Supprimer vos codes de secours ?" }
    DELETE_CODES_LEAD {
        en: "They stop working at once. If you lose your methods then, only your administrator can let you in.",
        fr: "Ils cesseront aussitôt de fonctionner. Si vous perdez ensuite vos méthodes, seul votre administrateur pourra vous redonner l’accès."
    }
    CREATE_APP_TITLE { en: "Create an app password", fr: "Créer un mot de passe d’application" }
    CREATE_APP_LEAD {
        en: "Your mail app signs in with it in place of your password and a code. You can revoke it at any time.",
        fr: "Votre application l’utilise à la place de votre mot de passe et d’un code. Vous pouvez le révoquer à tout moment."
    }
    APP_LABEL { en: "What is it for?", fr: "À quoi servira-t-il ?" }
    APP_LABEL_HINT { en: "For example “Thunderbird on my laptop”.", fr: "Par exemple « Thunderbird sur mon portable »." }
    PASSWORD_LABEL { en: "Your mail password", fr: "Votre mot de passe de messagerie" }
    PASSWORD_HINT { en: "The one that you sign in with here. We check it once more.", fr: "Celui que vous utilisez ici. Nous le vérifions une nouvelle fois." }
    APP_WRONG_PASSWORD { en: "That is not the password of this mailbox. Type it again.", fr: "Ce n’est pas le mot de passe de cette messagerie. Saisissez-le à nouveau." }
    APP_NOT_CHECKED {
        en: "Your password could not be checked with the mail server. Nothing was changed. Try again in a few minutes.",
        fr: "Votre mot de passe n’a pas pu être vérifié auprès du serveur de messagerie. Rien n’a changé. Réessayez dans quelques minutes."
    }
    APPS_FULL { en: "You have as many app passwords as you can have. Revoke one first.", fr: "Vous avez atteint le nombre maximal de mots de passe d’application. Révoquez-en d’abord un." }
    NEW_APP_TITLE { en: "Your new app password", fr: "Votre nouveau mot de passe d’application" }
    NEW_APP_LEAD {
        en: "In your mail app, type it where the password of this mailbox is asked for, for incoming and for outgoing mail.",
        fr: "Dans votre application, saisissez-le à la place du mot de passe de cette messagerie, pour la réception comme pour l’envoi."
    }
    NEW_APP_ONCE {
        en: "You see it only now, and you need not remember it: when it is lost, revoke it and create another.",
        fr: "Il ne s’affiche que maintenant et vous n’avez pas à le retenir : s’il est perdu, révoquez-le et créez-en un autre."
    }
    NEW_APP_NAME { en: "The user name is {mailbox}.", fr: "Le nom d’utilisateur est {mailbox}." }
    NEW_APP_SERVERS {
        en: "Leave the names of the servers in the app as they are. Spaces and hyphens in the app password do not count.",
        fr: "Ne changez pas les noms des serveurs dans l’application. Les espaces et les traits d’union ne comptent pas."
    }
    REVOKE_TITLE { en: "Revoke this app password?", fr: "Révoquer ce mot de passe d’application ?" }
    REVOKE_LEAD {
        en: "The app that uses it is signed out within seconds, and gets no more mail until you give it another one.",
        fr: "L’application qui l’utilise est déconnectée en quelques secondes et ne reçoit plus rien avant d’en avoir un autre."
    }
    REMOVE_CONTACT_TITLE { en: "Remove your contact address?", fr: "Supprimer votre adresse de contact ?" }
    REMOVE_CONTACT_LEAD {
        en: "Then nobody tells you there when something about your sign-in changes.",
        fr: "Vous n’y recevrez alors plus d’avis quand quelque chose change dans vos moyens de connexion."
    }
    FEW_CODES_TITLE { en: "Few backup codes are left", fr: "Il reste peu de codes de secours" }
    FEW_CODES_LEAD {
        en: "The code that you have just used is spent. Make new codes soon, or set up another method.",
        fr: "Le code que vous venez d’utiliser ne sert plus. Créez bientôt de nouveaux codes, ou ajoutez une autre méthode."
    }
    OFF_LEAD {
        en: "You have signed in without a second step, so there is nothing to look after here.",
        fr: "Cette connexion s’est faite sans seconde étape : il n’y a donc rien à gérer ici."
    }
    OFF_HOW {
        en: "Two-step sign-in protects your mail when your password is stolen. Your administrator switches it on for you; at the next sign-in you are shown how to set it up.",
        fr: "La validation en deux étapes protège votre messagerie si votre mot de passe est volé. Votre administrateur l’active pour vous ; à la connexion suivante, une page vous aide à la configurer."
    }
    OFF_PAUSED {
        en: "If you have set it up already, it is paused at the moment. Sign in again once it is back.",
        fr: "Si vous l’avez déjà configurée, elle est suspendue pour le moment. Reconnectez-vous quand elle sera rétablie."
    }

    PROVE_FIRST_LEAD {
        en: "You have signed in without a code, as this browser is trusted.",
        fr: "Aucun code n’a été demandé à la connexion, car ce navigateur est de confiance."
    }
    PROVE_FIRST_HOW {
        en: "To see and change your security settings, confirm once that it is you.",
        fr: "Pour voir et modifier vos paramètres de sécurité, confirmez une fois que c’est bien vous."
    }

    // The pages of a sign-in, used from the Security page
    PROVE_LEAD { en: "Please confirm that it is you.", fr: "Veuillez confirmer que c’est bien vous." }
    PROVE_ONCE {
        en: "The code is good for this change only. If you did not ask for it, cancel.",
        fr: "Le code ne vaut que pour cette modification. Si vous ne l’avez pas demandée, annulez."
    }
    NEXT_CODE {
        en: "Each code works only once. If you have just used the one that your app shows, wait for the next.",
        fr: "Chaque code ne sert qu’une fois. Si vous venez d’utiliser celui que votre application affiche, attendez le suivant."
    }
    PROVE_ADD_APP {
        en: "To add an authenticator app, confirm that it is you.",
        fr: "Pour ajouter une application d’authentification, confirmez que c’est bien vous."
    }
    PROVE_ADD_KEY { en: "To add a security key, confirm that it is you.", fr: "Pour ajouter une clé de sécurité, confirmez que c’est bien vous." }
    PROVE_ADD_SMS {
        en: "To add the phone {to}, to which codes are sent, confirm that it is you.",
        fr: "Pour ajouter le téléphone {to}, auquel des codes seront envoyés, confirmez que c’est bien vous."
    }
    PROVE_ADD_EMAIL {
        en: "To add the address {to}, to which codes are sent, confirm that it is you.",
        fr: "Pour ajouter l’adresse {to}, à laquelle des codes seront envoyés, confirmez que c’est bien vous."
    }
    PROVE_SET_CONTACT {
        en: "To make {to} your contact address, confirm that it is you.",
        fr: "Pour que {to} devienne votre adresse de contact, confirmez que c’est bien vous."
    }
    PROVE_REMOVE { en: "To remove {method}, confirm that it is you.", fr: "Pour supprimer {method}, confirmez que c’est bien vous." }
    PROVE_REMOVE_ONE { en: "To remove a method, confirm that it is you.", fr: "Pour supprimer une méthode, confirmez que c’est bien vous." }
    PROVE_MAKE_CODES { en: "To make new backup codes, confirm that it is you.", fr: "Pour créer de nouveaux codes de secours, confirmez que c’est bien vous." }
    PROVE_DELETE_CODES { en: "To delete your backup codes, confirm that it is you.", fr: "Pour supprimer vos codes de secours, confirmez que c’est bien vous." }
    PROVE_CREATE_APP { en: "To create an app password, confirm that it is you.", fr: "Pour créer un mot de passe d’application, confirmez que c’est bien vous." }
    PROVE_REMOVE_CONTACT { en: "To remove your contact address, confirm that it is you.", fr: "Pour supprimer votre adresse de contact, confirmez que c’est bien vous." }
    CONFIRM_IT { en: "Confirm", fr: "Confirmer" }
    ADD_APP_TITLE { en: "Add an authenticator app", fr: "Ajoutez une application d’authentification" }
    ADD_APP_LEAD {
        en: "You can then sign in with its codes too, beside the methods that you have.",
        fr: "Vous pourrez aussi vous connecter avec ses codes, en plus de vos autres méthodes."
    }
    ADD_SMS_LEAD { en: "You can then sign in with codes that we send to this phone too.", fr: "Vous pourrez aussi vous connecter avec des codes envoyés à ce téléphone." }
    ADD_EMAIL_LEAD { en: "You can then sign in with codes that we send to this address too.", fr: "Vous pourrez aussi vous connecter avec des codes envoyés à cette adresse." }
    SET_CONTACT_TITLE { en: "Your contact address", fr: "Votre adresse de contact" }
    ADD_KEY_LEAD {
        en: "You can then sign in with this key too. Plug it in, or hold it ready, and press the button.",
        fr: "Vous pourrez aussi vous connecter avec cette clé. Branchez-la ou gardez-la à portée de main, puis appuyez sur le bouton."
    }
}
