/// The pages, as functions of what they show. `str` and every attribute of Giraffe.ViewEngine are HTML-encoded.
module Sample.Views

open System
open System.Globalization
open System.Text.Encodings.Web
open System.Text.Json
open Giraffe.ViewEngine
open Runa.Session
open Sample.Model

/// What stands in the layout. `Body` is given the hidden field that every form carries.
type Page = { Title: string; Body: XmlNode -> XmlNode list }

// ---- Pieces

let private moment (at: DateTimeOffset) =
    let utc = at.ToUniversalTime()

    time
        [ _datetime (utc.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)) ]
        [ str (utc.ToString("d MMM yyyy, HH:mm 'UTC'", CultureInfo.InvariantCulture)) ]

let private price (amount: decimal) = str (amount.ToString("0.00", CultureInfo.InvariantCulture) + " €")

let private times (count: int) = if count = 1 then "once" else $"{count} times"

/// A form of one button, which changes something: always a POST, always with the field against forgery.
let private postButton (field: XmlNode) (action: string) (hidden: (string * string) list) attributes caption =
    form
        [ _method "post"; _action action ]
        [ field
          for name, value in hidden do
              input [ _type "hidden"; _name name; _value value ]
          button (_type "submit" :: attributes) [ str caption ] ]

let private status (session: Session) =
    let name = string (Session.status session)
    span [ _class $"status {name.ToLowerInvariant()}" ] [ str name ]

let private facts (items: (string * XmlNode) list) =
    dl
        []
        [ for term, value in items do
              div [] [ dt [] [ str term ]; dd [] [ value ] ] ]

// ---- Layout

let private links =
    [ "/", "Visits"; "/cart", "Cart"; "/devices", "Devices"; "/admin", "Admin"; "/values", "Values" ]

let private navigation (path: string) =
    nav
        [ attr "aria-label" "Pages" ]
        [ ul
              []
              [ for link, caption in links do
                    li
                        []
                        [ a
                              [ _href link
                                if link = path then
                                    attr "aria-current" "page" ]
                              [ str caption ] ] ] ]

let private account field (session: Session) =
    div
        [ _class "account" ]
        [ match userName session with
          | Some name ->
              span [] [ str name ]
              postButton field "/logout" [] [ _class "quiet" ] "Sign out"
          | None -> a [ _href "/login" ] [ str "Sign in" ] ]

let private document (pageTitle: string) (content: XmlNode list) =
    html
        [ _lang "en" ]
        [ head
              []
              [ meta [ _charset "utf-8" ]
                meta [ _name "viewport"; _content "width=device-width, initial-scale=1" ]
                meta [ _name "color-scheme"; _content "light dark" ]
                title [] [ str $"{pageTitle} · Runa.Session" ]
                link [ _rel "icon"; _href "/favicon.svg"; _type "image/svg+xml" ]
                link [ _rel "stylesheet"; _href "/site.css" ] ]
          body [] content ]

let layout (path: string) (field: XmlNode) (session: Session) (notices: string list) (page: Page) =
    document
        page.Title
        [ a [ _class "skip"; _href "#content" ] [ str "Skip to content" ]
          header
              []
              [ div [ _class "bar" ] [ a [ _class "brand"; _href "/" ] [ str "Runa.Session" ]; account field session ]
                navigation path ]
          main
              [ _id "content"; _tabindex "-1" ]
              [ for notice in notices do
                    p [ _class "notice"; attr "role" "status" ] [ str notice ]
                h1 [] [ str page.Title ]
                yield! page.Body field ] ]

/// A page outside of every session.
let plain (heading: string) (explanation: string) =
    document
        heading
        [ main
              []
              [ h1 [] [ str heading ]
                p [] [ str explanation ]
                p [] [ a [ _href "/" ] [ str "To the first page" ] ] ] ]

// ---- Pages

/// `found`: the session as the request brought it.
let home (found: Session) (session: Session) : Page =
    let greeting =
        match Session.status found with
        | SessionStatus.New -> "This is your first visit: the session has just begun."
        | SessionStatus.Active -> "The session was found in the store."
        | SessionStatus.Expired -> "Your earlier session has ended, so this one began from nothing."

    let identity =
        match userName session with
        | Some name -> $"signed in as {name}"
        | None -> "not signed in"

    { Title = "Visits"
      Body =
        fun _ ->
            [ p
                  [ _class "lead" ]
                  [ str "You have been here "; strong [] [ str (times (Session.getOr visits 0 session)) ]; str "." ]
              section
                  [ _class "card" ]
                  [ h2 [] [ str "Your session "; status found ]
                    p [] [ str greeting ]
                    facts
                        [ "Name", str (Session.name session)
                          "Identity", str identity
                          "Began", moment (Session.createdAt session)
                          "Ends, at the latest", moment (Session.expiresAt session) ] ] ] }

let login (given: string) (hasFailed: bool) (session: Session) : Page =
    let known = Users.all |> List.map _.Id |> String.concat " or "

    { Title = "Sign in"
      Body =
        fun field ->
            [ if Session.status session = SessionStatus.Expired then
                  p [ _class "hint" ] [ str "Your earlier session has ended. Please sign in again." ]
              form
                  [ _method "post"; _action "/login"; _class "card stack" ]
                  [ field
                    if hasFailed then
                        p
                            [ _class "problem"; _id "problem"; attr "role" "alert" ]
                            [ str "That name and password do not go together." ]
                    div
                        []
                        [ label [ _for "name" ] [ str "Name" ]
                          input
                              [ _id "name"
                                _name "name"
                                _value given
                                attr "autocomplete" "username"
                                attr "autocapitalize" "none"
                                attr "aria-describedby" (if hasFailed then "problem known" else "known")
                                if hasFailed then
                                    attr "aria-invalid" "true"
                                _required
                                _autofocus ]
                          small [ _id "known" ] [ str $"In this demo: {known}, with the password “{Users.password}”." ] ]
                    div
                        []
                        [ label [ _for "password" ] [ str "Password" ]
                          input
                              [ _id "password"
                                _name "password"
                                _type "password"
                                attr "autocomplete" "current-password"
                                if hasFailed then
                                    attr "aria-invalid" "true"
                                _required ] ]
                    div
                        [ _class "choice" ]
                        [ input [ _id "long"; _name "long"; _type "checkbox"; _value "yes" ]
                          label [ _for "long" ] [ str $"Stay signed in for {longStay.TotalHours} hours" ] ]
                    button [ _type "submit" ] [ str "Sign in" ] ] ] }

let shop (session: Session) : Page =
    let lines = cartLines session

    { Title = "Cart"
      Body =
        fun field ->
            [ section
                  [ _class "card" ]
                  [ h2 [] [ str "In your cart" ]
                    match lines with
                    | [] -> p [ _class "empty" ] [ str "Nothing yet. Add something from the shelf below." ]
                    | lines ->
                        ul
                            [ _class "rows" ]
                            [ for product, count in lines do
                                  li
                                      []
                                      [ span [] [ str $"{count} × {product.Name}" ]
                                        span [ _class "amount" ] [ price (decimal count * product.Price) ]
                                        postButton
                                            field
                                            "/cart/remove"
                                            [ "sku", product.Sku ]
                                            [ _class "quiet"; attr "aria-label" $"One less: {product.Name}" ]
                                            "One less" ] ]
                        p
                            [ _class "total" ]
                            [ str "Together "
                              strong
                                  []
                                  [ price (lines |> List.sumBy (fun (product, count) -> decimal count * product.Price)) ] ] ]
              section
                  [ _class "card" ]
                  [ h2 [] [ str "On the shelf" ]
                    ul
                        [ _class "rows" ]
                        [ for product in Products.all do
                              li
                                  []
                                  [ span [] [ str product.Name ]
                                    span [ _class "amount" ] [ price product.Price ]
                                    postButton
                                        field
                                        "/cart/add"
                                        [ "sku", product.Sku ]
                                        [ attr "aria-label" $"Add to cart: {product.Name}" ]
                                        "Add" ] ] ] ] }

/// `isThis`: whether it is the session of the request itself.
let devices (isThis: OwnedSession -> bool) (owned: OwnedSession list) : Page =
    let others = owned |> List.exists (isThis >> not)

    { Title = "Devices"
      Body =
        fun field ->
            [ p [] [ str "Where you are signed in. Ending a session there signs it out at once." ]
              ul
                  [ _class "rows card" ]
                  [ for device in owned |> List.sortByDescending _.CreatedAt do
                        let name = defaultArg device.Label "Unknown device"

                        li
                            []
                            [ div
                                  []
                                  [ strong [] [ str name ]
                                    if isThis device then
                                        span [ _class "status active" ] [ str "This device" ]
                                    br []
                                    small
                                        []
                                        [ str "Signed in "; moment (defaultArg device.SignedInAt device.CreatedAt) ] ]
                              if not (isThis device) then
                                  postButton
                                      field
                                      "/devices/revoke"
                                      [ "handle", device.Handle ]
                                      [ _class "quiet"; attr "aria-label" $"Sign out {name}" ]
                                      "Sign out" ] ]
              if others then
                  postButton field "/devices/revoke-others" [] [] "Sign out all other devices"
              else
                  p
                      [ _class "empty" ]
                      [ str "No other device. Sign in from a private window to see a second one here." ] ] }

let admin (session: Session) : Page =
    { Title = "Admin"
      Body =
        fun field ->
            [ p
                  []
                  [ str
                        "This page keeps its own session, with its own cookie and lifetime, beside the one of the shop. "
                    str "Signing in or out of one leaves the other alone." ]
              match Session.owner session with
              | None ->
                  section
                      [ _class "card" ]
                      [ h2 [] [ str "The session “admin” "; status session ]
                        p [ _class "empty" ] [ str "Nobody is in the admin area of this browser." ]
                        postButton field "/admin/enter" [] [] "Enter as operator" ]
              | Some owner ->
                  let written = Session.getOr notes [] session

                  section
                      [ _class "card stack" ]
                      [ h2 [] [ str "The session “admin” "; status session ]
                        facts [ "Identity", str owner; "Ends, at the latest", moment (Session.expiresAt session) ]
                        postButton field "/admin/leave" [] [ _class "quiet" ] "Leave" ]

                  section
                      [ _class "card stack" ]
                      [ h2 [] [ str "Notes" ]
                        match written with
                        | [] -> p [ _class "empty" ] [ str "No notes yet." ]
                        | written ->
                            ol
                                [ _class "notes" ]
                                [ for note in written do
                                      li [] [ str note ] ]
                        form
                            [ _method "post"; _action "/admin/notes"; _class "inline" ]
                            [ field
                              div
                                  []
                                  [ label [ _for "note" ] [ str "New note" ]
                                    input
                                        [ _id "note"
                                          _name "note"
                                          _maxlength "200"
                                          attr "autocomplete" "off"
                                          _required ] ]
                              button [ _type "submit" ] [ str "Write" ] ] ] ] }

let private indented =
    JsonSerializerOptions(WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping)

/// For reading only. The relaxed escapes are safe here because `str` encodes the text for HTML.
let private pretty (json: string) : string = JsonSerializer.Serialize(JsonDocument.Parse(json).RootElement, indented)

let values (sessions: Session list) : Page =
    { Title = "Values"
      Body =
        fun _ ->
            [ p [] [ str "What this browser's sessions hold, as the store keeps it. Cookies carry none of it." ]
              for session in sessions do
                  section
                      [ _class "card" ]
                      [ h2 [] [ str $"“{Session.name session}” "; status session ]
                        if List.isEmpty (Session.keys session) then
                            p [ _class "empty" ] [ str "No values." ]
                        else
                            pre
                                [ _tabindex "0"; attr "aria-label" $"Values of {Session.name session}" ]
                                [ str (pretty (Session.toJson session)) ] ] ] }
