//! Pages that only say something.

use super::entry::{Text, texts};

texts! {
    LOCKED_TITLE { en: "Too many wrong codes", fr: "Trop de codes erronés" }
    LOCKED_UNTIL {
        en: "To protect your mail, no code is accepted until {until}. After that, sign in again.",
        fr: "Pour protéger votre messagerie, aucun code n’est accepté jusqu’à {until}. Ensuite, connectez-vous à nouveau."
    }
    LOCKED_UNTIL_THEN {
        en: "To protect your mail, no code is accepted until {until}. Try again after that.",
        fr: "Pour protéger votre messagerie, aucun code n’est accepté jusqu’à {until}. Réessayez ensuite."
    }
    LOCKED_FOR_ADMINISTRATOR {
        en: "To protect your mail, codes are no longer accepted. Ask your administrator to unlock your account.",
        fr: "Pour protéger votre messagerie, les codes ne sont plus acceptés. Demandez à votre administrateur de déverrouiller votre compte."
    }
    LOCKED_NOT_YOU {
        en: "Was it not you? Then someone knows your password: change it, and tell your administrator.",
        fr: "Ce n’était pas vous ? Quelqu’un connaît alors votre mot de passe : changez-le et prévenez votre administrateur."
    }
    NO_METHOD_TITLE { en: "No sign-in method can be used right now", fr: "Aucune méthode n’est utilisable" }
    NO_METHOD_LEAD {
        en: "Your password is right. But this mailbox has no method that can be used now: the code that you need cannot be sent, or there is a copy of your security key.",
        fr: "Votre mot de passe est correct, mais cette messagerie n’a aucune méthode utilisable : le code nécessaire ne peut pas être envoyé, ou il existe une copie de votre clé de sécurité."
    }
    UNUSUAL_TITLE { en: "This sign-in looks unusual", fr: "Cette connexion est inhabituelle" }
    UNUSUAL_LEAD {
        en: "You are signing in with a browser and from a network that are new to us. We would now send a code to your contact address, but there is none, or no mail can be sent there.",
        fr: "Vous vous connectez avec un navigateur et depuis un réseau que nous ne connaissons pas encore. Nous devrions envoyer un code à votre adresse de contact, mais il n’y en a pas, ou aucun message ne peut y être envoyé."
    }
    UNUSUAL_ADVICE {
        en: "Sign in where you usually do, or ask your administrator to set a contact address for you.",
        fr: "Connectez-vous depuis votre navigateur habituel, ou demandez à votre administrateur d’indiquer une adresse de contact pour vous."
    }
    ENDED_TITLE { en: "Your session has ended", fr: "Votre session est terminée" }
    ENDED_UNKNOWN {
        en: "It ended some time ago, or our service was restarted.",
        fr: "Elle s’est terminée il y a un certain temps, ou notre service a redémarré."
    }
    ENDED_SLOW_SIGN_IN { en: "Signing in took too long.", fr: "La connexion a pris trop de temps." }
    ENDED_IDLE { en: "It was not used for several hours.", fr: "Elle est restée inutilisée pendant plusieurs heures." }
    ENDED_OLD { en: "It was open for as many days as a session may be.", fr: "Elle était ouverte depuis le nombre de jours autorisé." }
    ENDED_GONE_ON {
        en: "This page was sent already, and signing in went on from there. If your mail is not open in another tab, our answer got lost on its way to you.",
        fr: "Cette page a déjà été envoyée et la connexion s’est poursuivie. Si votre messagerie n’est pas ouverte dans un autre onglet, notre réponse s’est perdue en chemin."
    }
    ENDED_REPLACED { en: "Another sign-in in this browser took its place.", fr: "Une autre connexion dans ce navigateur l’a remplacée." }
    ENDED_OTHER_PASSWORD {
        en: "The password of your mailbox was changed. Sign in with the new one. If you did not change it, tell your administrator.",
        fr: "Le mot de passe de votre messagerie a été changé. Connectez-vous avec le nouveau. Si vous ne l’avez pas changé vous-même, prévenez votre administrateur."
    }
    ENDED_SIGNED_OUT_ELSEWHERE { en: "It was ended from another session of your mailbox.", fr: "Elle a été fermée depuis une autre session de votre messagerie." }
    ENDED_SIGNED_OUT { en: "You signed out, or stopped signing in.", fr: "Vous avez fermé la session, ou abandonné la connexion." }
    ENDED_ACCOUNT_CHANGED {
        en: "How you sign in was changed: by your administrator, or from another session of yours.",
        fr: "Votre façon de vous connecter a été modifiée : par votre administrateur, ou depuis une autre de vos sessions."
    }
    ENDED_TOO_MANY {
        en: "There were too many sessions at the same time, and this one was not used for the longest time.",
        fr: "Trop de sessions étaient ouvertes en même temps, et celle-ci était inutilisée depuis le plus longtemps."
    }
    ENDED_WEBMAIL { en: "The webmail ended it.", fr: "La messagerie web l’a fermée." }
    SIGN_IN_AGAIN { en: "Sign in again", fr: "Se reconnecter" }
    UNAVAILABLE_TITLE { en: "Sign-in is not possible right now", fr: "La connexion est impossible pour le moment" }
    UNAVAILABLE_LEAD {
        en: "A service that signing in needs cannot be reached. Your mail is safe, and the fault is not yours.",
        fr: "Un service nécessaire à la connexion est injoignable. Votre messagerie est en sécurité et vous n’y êtes pour rien."
    }
    UNAVAILABLE_ADVICE {
        en: "Please try again in a few minutes. If it goes on, tell your administrator.",
        fr: "Veuillez réessayer dans quelques minutes. Si cela dure, prévenez votre administrateur."
    }
    UNAVAILABLE_WITHIN_TITLE { en: "This is not possible right now", fr: "Cette action est impossible pour le moment" }
    UNAVAILABLE_WITHIN_LEAD {
        en: "A service that is needed for it cannot be reached. You are still signed in, and the fault is not yours.",
        fr: "Un service nécessaire est injoignable. Vous êtes toujours connecté et vous n’y êtes pour rien."
    }
    NO_ANSWER_TITLE { en: "The webmail does not answer", fr: "La messagerie ne répond pas" }
    NO_ANSWER_LEAD {
        en: "It gave no answer that can be shown, or none in time. You are still signed in; what you last did may not have been saved.",
        fr: "Elle n’a donné aucune réponse qui puisse être affichée, ou pas à temps. Vous êtes toujours connecté ; votre dernière action n’a peut-être pas été enregistrée."
    }
    OTHER_HOST_TITLE { en: "This is not the address of the webmail", fr: "Ce n’est pas l’adresse de la messagerie" }
    OTHER_HOST_LEAD {
        en: "Nothing is shown under this address. Open the webmail at the address that your administrator has given you.",
        fr: "Rien n’est affiché à cette adresse. Ouvrez la messagerie à l’adresse que votre administrateur vous a donnée."
    }
    TRY_AGAIN { en: "Try again", fr: "Réessayer" }
    REFUSED_TITLE { en: "You cannot sign in like this", fr: "Cette connexion n’est pas possible" }
    REFUSED_LEAD {
        en: "This sign-in was not accepted. Check that you typed your whole email address and the right password.",
        fr: "Cette connexion n’a pas été acceptée. Vérifiez que vous avez saisi votre adresse électronique complète et le bon mot de passe."
    }
    REFUSED_ADVICE {
        en: "If it still does not work, ask your administrator.",
        fr: "Si le problème persiste, adressez-vous à votre administrateur."
    }
    BAD_REQUEST_TITLE { en: "Something went wrong", fr: "Une erreur s’est produite" }
    BAD_REQUEST_LEAD {
        en: "Your browser sent something that we could not understand. Perhaps the page was open for too long.",
        fr: "Votre navigateur a envoyé une demande que nous n’avons pas comprise. La page est peut-être restée ouverte trop longtemps."
    }
    START_AGAIN { en: "Start again", fr: "Recommencer" }
    NOT_FOUND_TITLE { en: "There is no page here", fr: "Il n’y a pas de page ici" }
    NOT_FOUND_LEAD { en: "The address may be mistyped, or the page has moved.", fr: "L’adresse est peut-être mal saisie, ou la page a changé de place." }
    TO_MY_MAIL { en: "Go to my mail", fr: "Aller à ma messagerie" }
}
