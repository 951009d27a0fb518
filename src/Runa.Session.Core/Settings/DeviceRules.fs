namespace Runa.Session

/// Checks at startup the settings of sessions that are bound to devices (promise 23).
module internal DeviceRules =
    let isBound (o: SessionSettings) : bool = o.DeviceBound <> DeviceBound.Off

    /// Whether the name of the bound cookie is not too long.
    let hasRoom (o: SessionSettings) : bool = CookieRules.isName (CookieRules.boundName o.CookieName)

    let private text (o: SessionSettings) = $"device_bound = {SettingTexts.deviceBound o.DeviceBound}"

    /// The mistakes in the settings of one session. HttpOnly = false is none: the bound cookie is hidden from scripts in any
    /// case.
    let check (o: SessionSettings) : string list =
        let otherwise = "or set device_bound = off"

        [ if isBound o then
              if o.Secure <> CookieSecure.Always then
                  $"{text o}: browsers bind sessions over TLS only, and secure = {SettingTexts.secure o.Secure}; set secure = always, {otherwise}"

              // W3C Device Bound Session Credentials: the attributes of a bound cookie.
              if o.Partitioned then
                  $"{text o}: browsers refuse a bound cookie that is partitioned, and partitioned = true; set partitioned = false, {otherwise}"

              if o.SameSite = SameSite.None then
                  $"{text o}: same_site = none is for requests from other sites, and these carry no bound cookie; set same_site = lax or strict, {otherwise}"

              match o.CookieDomain with
              | Some domain ->
                  $"{text o}: a bound cookie is for one host, so requests to the other hosts of cookie_domain = \"{domain}\" could not prove their device; leave cookie_domain out, {otherwise}"
              | None -> ()

              if o.Shared then
                  $"{text o}: a bound cookie is for one host, so requests to the other applications could not prove their device, and shared = true; set shared = false, {otherwise}"

              if CookieRules.isName o.CookieName && not (hasRoom o) then
                  let ending = CookieRules.boundName ""
                  let longest = 128 - ending.Length
                  $"{text o}: the bound cookie is named <cookie_name>{ending}, so cookie_name = \"{o.CookieName}\" ({o.CookieName.Length} characters) is too long; choose one with at most {longest}, {otherwise}" ]

    /// The mistake of binding sessions to devices on a driver that cannot keep a device, or that cannot tell which of two
    /// writes was first.
    let checkDriver (name: string) (o: SessionSettings) (isCookie: bool) (comparesAndSwaps: bool) : string list =
        let mistake (why: string) =
            [ $"session \"{name}\": {text o}: the driver \"{o.Driver}\" {why}; choose memory, sql or redis, or set device_bound = off." ]

        if not (isBound o) then
            []
        elif isCookie then
            mistake "keeps sessions in their cookies, and has no store for the keys of devices"
        elif not comparesAndSwaps then
            mistake "cannot compare and swap, so one proof of a device could be good twice"
        else
            []

    /// The mistakes of sessions that have the cookie of another one's devices. (Pieces of long cookies end in a digit, so
    /// none has such a name.)
    let private boundNames (sessions: (string * SessionSettings) list) : string list =
        [ for name, o in sessions do
              if isBound o then
                  let bound = CookieRules.boundName o.CookieName

                  for other, settings in sessions do
                      if settings.CookieName = bound then
                          $"sessions \"{name}\" and \"{other}\": cookie_name = \"{bound}\": {text o} gives this name to a second cookie of \"{name}\"; choose another name for \"{other}\"." ]

    /// The mistake of more bound sessions than browsers sign for: 6 times in 9 minutes for each site, of which a bound
    /// cookie of 10 minutes takes a little more than one, and a sign-in one more.
    let private tooManyBound (sessions: (string * SessionSettings) list) : string list =
        let bound = sessions |> List.filter (fun (_, o) -> isBound o)

        if bound.Length <= 2 then
            []
        else
            let named = bound |> List.map (fun (name, o) -> $"\"{name}\" ({text o})")
            [ $"sessions {Nearest.list named}: browsers prove a device only a few times in 9 minutes for all sessions of a site, which is enough for two; set device_bound = off for the others." ]

    /// The mistakes that involve several sessions.
    let checkAll (sessions: (string * SessionSettings) list) : string list = boundNames sessions @ tooManyBound sessions
