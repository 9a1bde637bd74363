//! Asking for a code, the choice of a method, and what can be wrong with a code.

use super::entry::{Text, texts};

texts! {
    // Challenge
    CHALLENGE_TITLE { en: "Enter your code", fr: "Saisissez votre code" }
    CHALLENGE_LEAD {
        en: "Your password is right. Now open your authenticator app and type the code it shows.",
        fr: "Votre mot de passe est correct. Ouvrez maintenant votre application d’authentification et saisissez le code affiché."
    }
    CODE_LABEL { en: "Code", fr: "Code" }
    SIGN_IN { en: "Sign in", fr: "Se connecter" }
    BACKUP_TITLE { en: "Enter a backup code", fr: "Saisissez un code de secours" }
    BACKUP_LEAD {
        en: "Type one of the codes that you saved when you set up two-step sign-in. It works once: cross it out afterwards.",
        fr: "Saisissez l’un des codes conservés lors de l’activation de la validation en deux étapes. Il sert une seule fois : rayez-le ensuite."
    }
    BACKUP_LABEL { en: "Backup code", fr: "Code de secours" }

    SENT_TITLE { en: "Enter the code that we sent", fr: "Saisissez le code envoyé" }
    NOT_YET_SENT_TITLE { en: "Get a code", fr: "Recevez un code" }
    SENT_LEAD { en: "Your password is right. Now type the code that we have sent you.", fr: "Votre mot de passe est correct. Saisissez maintenant le code que nous vous avons envoyé." }
    NOT_YET_SENT_LEAD { en: "Your password is right. Now you need a code, which we send you.", fr: "Votre mot de passe est correct. Il vous faut maintenant un code, que nous vous envoyons." }
    UNUSUAL_SENT_LEAD {
        en: "Your password is right. But you are signing in with a browser and from a network that are new to us. To be sure that it is you, we have sent a code to your contact address.",
        fr: "Votre mot de passe est correct, mais vous vous connectez avec un navigateur et depuis un réseau que nous ne connaissons pas encore. Pour vérifier que c’est bien vous, nous avons envoyé un code à votre adresse de contact."
    }
    UNUSUAL_NOT_YET_SENT_LEAD {
        en: "Your password is right. But you are signing in with a browser and from a network that are new to us. To be sure that it is you, we send a code to your contact address.",
        fr: "Votre mot de passe est correct, mais vous vous connectez avec un navigateur et depuis un réseau que nous ne connaissons pas encore. Pour vérifier que c’est bien vous, nous envoyons un code à votre adresse de contact."
    }
    UNUSUAL_HELP {
        en: "You cannot read your mail there any more? Ask your administrator to change the contact address.",
        fr: "Vous n’avez plus accès à cette adresse ? Demandez à votre administrateur de changer l’adresse de contact."
    }
    TRUST_FOR_A_DAY { en: "Trust this browser for one day", fr: "Faire confiance à ce navigateur pendant un jour" }
    TRUST_FOR_DAYS { en: "Trust this browser for {n}\u{a0}days", fr: "Faire confiance à ce navigateur pendant {n}\u{a0}jours" }
    TRUST_HINT {
        en: "Your password is then enough here. Only on a device that nobody else uses.",
        fr: "Votre mot de passe suffira alors ici. Seulement sur un appareil que vous êtes seul à utiliser."
    }
    SPAM_HINT { en: "Nothing there yet? It can take a minute. Look into the spam folder as well.", fr: "Rien reçu ? Cela peut prendre une minute. Regardez aussi dans les indésirables." }
    SEND_ANOTHER { en: "Send another code", fr: "Envoyer un autre code" }
    ANOTHER_FROM { en: "You can ask for another code from {until}.", fr: "Vous pourrez demander un autre code à partir de {until}." }
    KEY_TITLE { en: "Use your security key", fr: "Utilisez votre clé de sécurité" }
    KEY_LEAD {
        en: "Your password is right. Now plug in your security key, or hold it to your phone, and touch it.",
        fr: "Votre mot de passe est correct. Branchez maintenant votre clé de sécurité, ou approchez-la du téléphone, et touchez-la."
    }
    USE_KEY { en: "Use my security key", fr: "Utiliser ma clé de sécurité" }
    KEY_TOUCH { en: "Follow your browser, and touch your key when it asks you to.", fr: "Suivez les indications du navigateur et touchez votre clé quand il le demande." }
    KEY_AGAIN { en: "Try again", fr: "Réessayer" }
    KEY_REFUSED {
        en: "The browser got no answer from a key of yours. Try again, or try another method.",
        fr: "Le navigateur n’a reçu aucune réponse d’une de vos clés. Réessayez, ou essayez une autre méthode."
    }
    KEY_KNOWN { en: "This key is set up already. Use another one.", fr: "Cette clé est déjà enregistrée. Utilisez-en une autre." }
    KEY_FAILED { en: "The browser could not use the key. Try again, or try another method.", fr: "Le navigateur n’a pas pu utiliser la clé. Réessayez, ou essayez une autre méthode." }
    KEY_UNSUPPORTED { en: "This browser cannot use security keys. Try another method, or another browser.", fr: "Ce navigateur ne gère pas les clés de sécurité. Essayez une autre méthode, ou un autre navigateur." }
    KEY_NEEDS_SCRIPT { en: "A security key needs JavaScript, which is off in this browser. Switch it on, or try another method.", fr: "Une clé de sécurité nécessite JavaScript, qui est désactivé dans ce navigateur. Activez-le, ou essayez une autre méthode." }

    // Methods
    METHODS_TITLE { en: "Choose another method", fr: "Choisissez une autre méthode" }
    METHODS_LEAD { en: "How would you like to confirm that it is you?", fr: "Comment souhaitez-vous confirmer votre identité ?" }
    AUTHENTICATOR { en: "Authenticator app", fr: "Application d’authentification" }
    AUTHENTICATOR_HINT { en: "The code that the app on your phone shows", fr: "Le code affiché par l’application de votre téléphone" }
    BACKUP_CODE { en: "Backup code", fr: "Code de secours" }
    BACKUP_CODE_HINT { en: "One of the codes you saved at set-up", fr: "L’un des codes conservés lors de l’activation" }
    SMS { en: "Code by SMS", fr: "Code par SMS" }
    SMS_HINT { en: "A text message to your phone", fr: "Un SMS sur votre téléphone" }
    SMS_TO { en: "A text message to {to}", fr: "Un SMS au {to}" }
    EMAIL { en: "Code by email", fr: "Code par e-mail" }
    EMAIL_HINT { en: "A message to your other address", fr: "Un message à votre autre adresse" }
    EMAIL_TO { en: "A message to {to}", fr: "Un message à {to}" }
    SECURITY_KEY { en: "Security key", fr: "Clé de sécurité" }
    SECURITY_KEY_HINT { en: "The key that you plug in or hold to your phone", fr: "La clé à brancher ou à approcher du téléphone" }
    LOST_EVERYTHING { en: "I have lost everything", fr: "J’ai tout perdu" }
    LOST_HINT { en: "None of these is at hand: ask your administrator for help", fr: "Aucune n’est à votre portée : demandez l’aide de votre administrateur" }

    // When a code cannot be sent
    TOO_SOON { en: "A code was sent just now. You can ask for another from {until}.", fr: "Un code vient d’être envoyé. Vous pourrez en demander un autre à partir de {until}." }
    TOO_MANY { en: "No more codes can be sent today. Try another method.", fr: "Aucun autre code ne peut être envoyé aujourd’hui. Essayez une autre méthode." }
    TOO_MANY_UNTIL { en: "Too many codes were sent. You can ask for another from {until}; or try another method.", fr: "Trop de codes ont été envoyés. Vous pourrez en demander un autre à partir de {until} ; ou essayez une autre méthode." }
    NOT_SENT { en: "The code could not be sent. Try again in a moment, or try another method.", fr: "Le code n’a pas pu être envoyé. Réessayez dans un instant, ou essayez une autre méthode." }

    ONLY_TOO_MANY { en: "No more codes can be sent today. Try again tomorrow.", fr: "Aucun autre code ne peut être envoyé aujourd’hui. Réessayez demain." }
    ONLY_TOO_MANY_UNTIL { en: "Too many codes were sent. You can ask for another from {until}.", fr: "Trop de codes ont été envoyés. Vous pourrez en demander un autre à partir de {until}." }
    ONLY_NOT_SENT { en: "The code could not be sent. Try again in a moment.", fr: "Le code n’a pas pu être envoyé. Réessayez dans un instant." }

    // Errors of a submitted code
    NOT_A_CODE {
        en: "Type the digits that your app shows. Spaces are fine.",
        fr: "Saisissez les chiffres affichés par votre application. Vous pouvez laisser les espaces."
    }
    WRONG {
        en: "That code is not right. Type the one your app shows now; each code works only once.",
        fr: "Ce code n’est pas le bon. Saisissez celui qui s’affiche maintenant ; chaque code ne sert qu’une fois."
    }
    CLOCK_HINT {
        en: "Still not working? Check that your phone sets its date and time automatically: when its clock is off, every code is wrong.",
        fr: "Toujours pas ? Vérifiez que votre téléphone règle sa date et son heure automatiquement : si son horloge est décalée, tous les codes sont faux."
    }
    TOO_EARLY {
        en: "Too many tries in a row. Wait until {until}, then type the code that your app shows by then.",
        fr: "Trop d’essais de suite. Patientez jusqu’à {until}, puis saisissez le code affiché à ce moment-là."
    }
    BACKUP_NOT_A_CODE {
        en: "That is not a backup code. Type one just as it stands on your list. For a code from your app, try another method.",
        fr: "Ce n’est pas un code de secours. Saisissez-en un tel qu’il figure sur votre liste. Pour un code de votre application, essayez une autre méthode."
    }
    BACKUP_WRONG {
        en: "That backup code is not right, or it was used before. Try the next one on your list.",
        fr: "Ce code de secours n’est pas le bon ou a déjà servi. Essayez le suivant de votre liste."
    }
    BACKUP_TOO_EARLY {
        en: "Too many tries in a row. Wait until {until}, then try again.",
        fr: "Trop d’essais de suite. Patientez jusqu’à {until}, puis réessayez."
    }
    SENT_NOT_A_CODE { en: "Type the digits of the code that we sent you. Spaces are fine.", fr: "Saisissez les chiffres du code que nous vous avons envoyé. Vous pouvez laisser les espaces." }
    SENT_WRONG {
        en: "That code is not right, or it is too old. Type the one that came last, or have another one sent.",
        fr: "Ce code n’est pas le bon ou est trop ancien. Saisissez le dernier reçu, ou demandez-en un autre."
    }
    KEY_NOT_ANSWERED { en: "Your security key has given no answer. Try again, or try another method.", fr: "Votre clé de sécurité n’a donné aucune réponse. Réessayez, ou essayez une autre méthode." }
    KEY_WRONG { en: "This key was not accepted. Try again with the one that you set up, or try another method.", fr: "Cette clé n’a pas été acceptée. Réessayez avec celle que vous avez enregistrée, ou essayez une autre méthode." }
    NEW_KEY_WRONG { en: "This key could not be set up. Try again, or use another key.", fr: "Cette clé n’a pas pu être enregistrée. Réessayez, ou utilisez une autre clé." }
    KEY_COPIED {
        en: "This security key cannot be used any more: there is a copy of it. Sign in another way, remove the key on your Security page, and register a new one. And change your password: whoever uses the copy knows it.",
        fr: "Cette clé de sécurité ne peut plus être utilisée : il en existe une copie. Connectez-vous autrement, supprimez-la sur votre page Sécurité et enregistrez-en une nouvelle. Changez aussi votre mot de passe : la personne qui utilise la copie le connaît."
    }
    IN_USE { en: "This is in use already. Use another one.", fr: "Ceci est déjà utilisé. Utilisez autre chose." }
    MOMENT { en: "{clock} ({wait})", fr: "{clock} ({wait})" }
}
