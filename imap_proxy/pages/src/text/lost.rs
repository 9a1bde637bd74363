//! The request for a reset after losing every factor.

use super::entry::{Text, texts};

texts! {
    LOST_TITLE { en: "Ask for a reset", fr: "Demandez une réinitialisation" }
    LOST_LEAD {
        en: "Your administrator can reset two-step sign-in, so that you set it up anew. They have to be sure that it is you.",
        fr: "Votre administrateur peut réinitialiser la validation en deux étapes, pour que vous la configuriez à nouveau. Il doit être sûr que c’est bien vous."
    }
    CONTACT_LABEL { en: "How can your administrator reach you?", fr: "Comment votre administrateur peut-il vous joindre ?" }
    CONTACT_HINT { en: "A phone number or an email address, but not this mailbox.", fr: "Un numéro de téléphone ou une adresse électronique, mais pas cette messagerie." }
    REASON_LABEL { en: "What happened?", fr: "Que s’est-il passé ?" }
    EVIDENCE_LABEL { en: "What proves that it is you?", fr: "Qu’est-ce qui prouve que c’est vous ?" }
    EVIDENCE_HINT {
        en: "Something that your administrator can check. Never write your password here.",
        fr: "Un élément que votre administrateur peut vérifier. N’écrivez jamais votre mot de passe ici."
    }
    SEND_REQUEST { en: "Send the request", fr: "Envoyer la demande" }
    LOST_INCOMPLETE { en: "Please fill in all three fields.", fr: "Veuillez remplir les trois champs." }
    LOST_NOT_NOW { en: "No request can be taken now. Please call your administrator.", fr: "Aucune demande ne peut être prise en compte pour le moment. Veuillez appeler votre administrateur." }
    LOST_NOT_BEFORE { en: "The next request can be made from {until}.", fr: "La prochaine demande sera possible à partir de {until}." }
    LOST_NOT_OFFERED { en: "Requests cannot be made here. Please call your administrator.", fr: "Il n’est pas possible de faire une demande ici. Veuillez appeler votre administrateur." }
    REQUESTED_TITLE { en: "Your administrator has your request", fr: "Votre demande est transmise" }
    REQUESTED_NOW { en: "Your request was sent.", fr: "Votre demande a été envoyée." }
    REQUESTED_BEFORE { en: "There is a request for this mailbox already. One is enough.", fr: "Il y a déjà une demande pour cette messagerie. Une seule suffit." }
    REQUESTED_NEXT { en: "What happens now", fr: "Et maintenant ?" }
    REQUESTED_REACH { en: "Your administrator gets in touch with you. That can take a while.", fr: "Votre administrateur prend contact avec vous. Cela peut prendre un certain temps." }
    REQUESTED_RESET {
        en: "Once they have approved the request, sign in with your password, and set up two-step sign-in anew.",
        fr: "Une fois la demande acceptée, connectez-vous avec votre mot de passe et configurez à nouveau la validation en deux étapes."
    }
    REQUESTED_NOTICE {
        en: "A notice goes to the addresses that you gave for that. Until then nothing changes, and your methods go on working.",
        fr: "Un avis est envoyé aux adresses que vous avez indiquées. D’ici là, rien ne change et vos méthodes restent valables."
    }
}
