//! The set-up of the first method, and backup codes.

use super::entry::{Text, texts};

texts! {
    // Set-up
    BACK { en: "Back", fr: "Retour" }
    SET_UP_TITLE { en: "Set up your phone for sign-in", fr: "Associez votre téléphone" }
    SET_UP_LEAD {
        en: "From now on, signing in takes your password and a code from your phone.",
        fr: "Désormais, pour vous connecter, il faut votre mot de passe et un code de votre téléphone."
    }
    SET_UP_WHY { en: "A stolen password alone then opens nothing.", fr: "Un mot de passe volé ne suffira plus." }
    APP_STEP { en: "Open an authenticator app", fr: "Ouvrez une application d’authentification" }
    APP_STEP_HINT {
        en: "Any app for one-time codes will do. None yet? Install one from the phone’s app store.",
        fr: "Toute application de codes à usage unique convient. Sinon, installez-en une sur le téléphone."
    }
    SCAN_STEP { en: "Add an account there and scan the QR code", fr: "Ajoutez-y un compte et scannez le code QR" }
    ADD_STEP { en: "Add your account to it", fr: "Ajoutez-y votre compte" }
    SCAN_ELSEWHERE { en: "Is the app on another phone? Scan this code with it.", fr: "L’application est sur un autre téléphone ? Scannez ce code avec elle." }
    QR_TITLE {
        en: "QR code for your authenticator app. The same key is there in letters and digits.",
        fr: "Code QR pour votre application d’authentification. La même clé existe en lettres et en chiffres."
    }
    QR_TOO_LONG {
        en: "The QR code cannot be drawn. Please type the key instead.",
        fr: "Le code QR ne peut pas être affiché. Veuillez saisir la clé."
    }
    KEY_BY_HAND { en: "Type a key instead", fr: "Saisir plutôt une clé" }
    OPEN_IN_APP { en: "Open it in my app", fr: "Ouvrir dans mon application" }
    OPEN_HERE { en: "Open on this device", fr: "Ouvrir sur cet appareil" }
    CONFIRM_STEP { en: "Type the code that it shows", fr: "Saisissez le code affiché" }
    NAME_IT { en: "Give this phone a name", fr: "Donner un nom à ce téléphone" }
    DESCRIPTION_LABEL { en: "Name of this phone (optional)", fr: "Nom de ce téléphone (facultatif)" }
    DESCRIPTION_HINT {
        en: "Helps you tell your methods apart, for example “Work phone”.",
        fr: "Pour reconnaître vos méthodes, par exemple « Téléphone du bureau »."
    }
    CONFIRM { en: "Confirm and continue", fr: "Confirmer et continuer" }

    // Set-up of another kind of method
    OTHER_WAYS { en: "Set up another way", fr: "Choisir un autre moyen" }
    BY_AUTHENTICATOR_HINT { en: "An app on your phone shows the codes", fr: "Une application de votre téléphone affiche les codes" }
    BY_SMS_HINT { en: "Codes come to your phone as text messages", fr: "Les codes arrivent par SMS sur votre téléphone" }
    BY_EMAIL_HINT { en: "Codes come to another email address of yours", fr: "Les codes arrivent à une autre adresse électronique" }
    BY_KEY_HINT { en: "A small device that you plug in or hold to your phone", fr: "Un petit appareil à brancher ou à approcher du téléphone" }
    SET_UP_SMS_TITLE { en: "Get your codes by SMS", fr: "Recevez vos codes par SMS" }
    SET_UP_SMS_LEAD {
        en: "From now on, signing in takes your password and a code that we send to your phone.",
        fr: "Désormais, pour vous connecter, il faut votre mot de passe et un code envoyé à votre téléphone."
    }
    NUMBER_LABEL { en: "Phone number with country code", fr: "Numéro de téléphone avec l’indicatif du pays" }
    NUMBER_HINT { en: "Begin with a plus sign, for example +44 612345678.", fr: "Commencez par le signe plus, par exemple +33 612345678." }
    NUMBER_UNFIT {
        en: "That is not a phone number in international form. Begin with a plus sign and the country code.",
        fr: "Ce n’est pas un numéro de téléphone au format international. Commencez par le signe plus et l’indicatif du pays."
    }
    NUMBER_IN_USE { en: "That number is in use already. Type another one.", fr: "Ce numéro est déjà utilisé. Saisissez-en un autre." }
    SET_UP_EMAIL_TITLE { en: "Get your codes by email", fr: "Recevez vos codes par e-mail" }
    SET_UP_EMAIL_LEAD {
        en: "From now on, signing in takes your password and a code that we send to another email address of yours.",
        fr: "Désormais, pour vous connecter, il faut votre mot de passe et un code envoyé à une autre adresse électronique."
    }
    ADDRESS_LABEL { en: "Your other email address", fr: "Votre autre adresse électronique" }
    ADDRESS_HINT {
        en: "One that you can open without this mailbox.",
        fr: "Une adresse que vous pouvez consulter sans cette messagerie."
    }
    ADDRESS_UNFIT {
        en: "Type a whole email address that does not lead into this mailbox.",
        fr: "Saisissez une adresse électronique complète, qui ne mène pas à cette messagerie."
    }
    ADDRESS_IN_USE { en: "That address is in use already. Type another one.", fr: "Cette adresse est déjà utilisée. Saisissez-en une autre." }
    SEND_CODE { en: "Send the code", fr: "Envoyer le code" }
    CONFIRM_NUMBER_TITLE { en: "Confirm your phone number", fr: "Confirmez votre numéro de téléphone" }
    CONFIRM_ADDRESS_TITLE { en: "Confirm your email address", fr: "Confirmez votre adresse électronique" }
    SENT_TO { en: "We have sent a code to {to}. Type it here.", fr: "Nous avons envoyé un code à {to}. Saisissez-le ici." }
    OTHER_NUMBER { en: "Use another number", fr: "Utiliser un autre numéro" }
    OTHER_ADDRESS { en: "Use another address", fr: "Utiliser une autre adresse" }
    ADDRESS_NAME { en: "Name of this address (optional)", fr: "Nom de cette adresse (facultatif)" }
    ADDRESS_NAME_HINT {
        en: "Helps you tell your methods apart, for example “Address at home”.",
        fr: "Pour reconnaître vos méthodes, par exemple « Adresse personnelle »."
    }
    SET_UP_KEY_TITLE { en: "Set up a security key", fr: "Enregistrez une clé de sécurité" }
    SET_UP_KEY_LEAD {
        en: "From now on, signing in takes your password and your security key. Plug it in, or hold it ready, and press the button.",
        fr: "Désormais, pour vous connecter, il faut votre mot de passe et votre clé de sécurité. Branchez-la ou gardez-la à portée de main, puis appuyez sur le bouton."
    }
    KEY_NAME { en: "Name of this key (optional)", fr: "Nom de cette clé (facultatif)" }
    KEY_NAME_HINT {
        en: "Helps you tell your keys apart, for example “Key on my key ring”.",
        fr: "Pour reconnaître vos clés, par exemple « Clé du trousseau »."
    }
    REGISTER_KEY { en: "Set up this key", fr: "Enregistrer cette clé" }
    ENROLMENT_TITLE { en: "Enter your enrolment code", fr: "Saisissez votre code d’inscription" }
    ENROLMENT_LEAD {
        en: "Before you set up two-step sign-in, type the enrolment code that your administrator gave you. It shows that it is really you.",
        fr: "Avant d’activer la validation en deux étapes, saisissez le code d’inscription remis par votre administrateur. Il montre que c’est bien vous."
    }
    ENROLMENT_LABEL { en: "Enrolment code", fr: "Code d’inscription" }
    ENROLMENT_NOT_A_CODE { en: "Type the enrolment code just as you got it.", fr: "Saisissez le code d’inscription tel que vous l’avez reçu." }
    ENROLMENT_WRONG {
        en: "That enrolment code is not right, or its time is over. Ask your administrator for a new one.",
        fr: "Ce code d’inscription n’est pas le bon ou n’est plus valable. Demandez-en un nouveau à votre administrateur."
    }
    GO_FURTHER { en: "Continue", fr: "Continuer" }
    NO_ENROLMENT_CODE {
        en: "You have none? Ask your administrator for it.",
        fr: "Vous n’en avez pas ? Demandez-le à votre administrateur."
    }

    // Backup codes
    CODES_TITLE { en: "Save your backup codes", fr: "Conservez vos codes de secours" }
    CODES_LEAD {
        en: "Two-step sign-in is on. If you ever lose your phone, each of these codes lets you in once.",
        fr: "La validation en deux étapes est active. Si vous perdez votre téléphone, chacun de ces codes vous permet de vous connecter une fois."
    }
    CODES_ONCE {
        en: "You see them only now. Keep them on paper or in a password manager, not in this mailbox.",
        fr: "Ils ne s’affichent que maintenant. Gardez-les sur papier ou dans un gestionnaire de mots de passe, pas dans cette messagerie."
    }
    CODES_LIST { en: "Your backup codes", fr: "Vos codes de secours" }
    CODES_FOR { en: "Backup codes of {mailbox} for {brand}", fr: "Codes de secours de {mailbox} pour {brand}" }
    DOWNLOAD { en: "Download", fr: "Télécharger" }
    PRINT { en: "Print", fr: "Imprimer" }
    COPY { en: "Copy", fr: "Copier" }
    COPIED { en: "Copied", fr: "Copié" }
    TICK { en: "I have saved my backup codes", fr: "J’ai conservé mes codes de secours" }
    NOT_TICKED {
        en: "Save your codes first, then tick this box.",
        fr: "Conservez d’abord vos codes, puis cochez cette case."
    }
    GO_ON { en: "Continue to my mail", fr: "Accéder à ma messagerie" }
    FILE_RULES {
        en: "Each code works once, in place of the code from your app.\nKeep this file somewhere safe, and not in this mailbox.",
        fr: "Chaque code sert une seule fois, à la place du code de votre application.\nGardez ce fichier en lieu sûr, et pas dans cette messagerie."
    }
}
