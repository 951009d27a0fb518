namespace Runa.Session

/// Values of settings as they stand in configuration.
module internal SettingTexts =
    let secure (secure: CookieSecure) : string =
        match secure with
        | CookieSecure.Always -> "always"
        | CookieSecure.SameAsRequest -> "same_as_request"
        | CookieSecure.Never -> "never"

    let deviceBound (bound: DeviceBound) : string =
        match bound with
        | DeviceBound.Off -> "off"
        | DeviceBound.Offer -> "offer"
        | DeviceBound.Require -> "require"
