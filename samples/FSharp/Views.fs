/// The pages, as functions of what they show.
module Sample.Views

open System.Text.Encodings.Web
open System.Text.Json
open Giraffe.ViewEngine
open Runa.Session
open Sample.Layout
open Sample.Model

/// `found`: the session as it was when the request began.
let home (found: Session) (session: Session) : Page =
    let greeting =
        match Session.status found with
        | SessionStatus.New -> "This is your first visit: the session has just begun."
        | SessionStatus.Active -> "The session was found in the store."
        | SessionStatus.Expired -> "Your earlier session has ended, so this one began from nothing."
        | SessionStatus.Taken -> "A copy of your cookie was used, so your earlier session was ended."
        | SessionStatus.Unproven -> "Your session belongs to another device, as far as this browser can show."

    let identity =
        match userName session with
        | Some name -> $"signed in as {name}"
        | None -> "not signed in"

    {
        Title = "Visits"
        Body =
            fun _ -> [
                p [ _class "lead" ] [
                    str "You have been here "
                    strong [] [ str (times (Session.getOr visits 0 session)) ]
                    str "."
                ]
                section [ _class "card" ] [
                    h2 [] [ str "Your session "; status found ]
                    p [] [ str greeting ]
                    facts [
                        "Name", str (Session.name session)
                        "Identity", str identity
                        "Began", moment (Session.createdAt session)
                        "Ends, at the latest", moment (Session.expiresAt session)
                    ]
                ]
            ]
    }

/// `action` is where the form goes, with the page to come back to.
let login (action: string) (given: string) (hasFailed: bool) (session: Session) : Page =
    let known = Users.all |> List.map _.Id |> String.concat " or "

    {
        Title = "Sign in"
        Body =
            fun field -> [
                match Session.status session with
                | SessionStatus.Expired ->
                    p [ _class "hint" ] [ str "Your earlier session has ended. Please sign in again." ]
                | SessionStatus.Taken ->
                    p [ _class "problem"; attr "role" "alert" ] [
                        str "A copy of your cookie was used, so we ended that session. Please sign in again."
                    ]
                | SessionStatus.Unproven ->
                    p [ _class "hint" ] [
                        str "This browser cannot show that it is on the device of your session. Please sign in again."
                    ]
                | SessionStatus.New
                | SessionStatus.Active -> ()
                match userName session with
                | Some name ->
                    p [ _class "hint" ] [
                        str $"You are signed in as {name}. Somebody else begins with an empty session."
                    ]
                | None -> ()
                form [ _method "post"; _action action; _class "card stack" ] [
                    field
                    if hasFailed then
                        p [ _class "problem"; _id "problem"; attr "role" "alert" ] [
                            str "That name and password do not go together."
                        ]
                    div [] [
                        label [ _for "name" ] [ str "Name" ]
                        input [
                            _id "name"
                            _name "name"
                            _value given
                            attr "autocomplete" "username"
                            attr "autocapitalize" "none"
                            attr "aria-describedby" (if hasFailed then "problem known" else "known")
                            if hasFailed then
                                attr "aria-invalid" "true"
                            _required
                            _autofocus
                        ]
                        small [ _id "known" ] [ str $"In this demo: {known}, with the password “{Users.password}”." ]
                    ]
                    div [] [
                        label [ _for "password" ] [ str "Password" ]
                        input [
                            _id "password"
                            _name "password"
                            _type "password"
                            attr "autocomplete" "current-password"
                            if hasFailed then
                                attr "aria-invalid" "true"
                            _required
                        ]
                    ]
                    div [ _class "choice" ] [
                        input [ _id "long"; _name "long"; _type "checkbox"; _value "yes" ]
                        label [ _for "long" ] [ str $"Stay signed in for {longStay.TotalHours} hours" ]
                    ]
                    button [ _type "submit" ] [ str "Sign in" ]
                ]
            ]
    }

let shop (session: Session) : Page =
    let lines = cartLines session

    {
        Title = "Cart"
        Body =
            fun field -> [
                section [ _class "card" ] [
                    h2 [] [ str "In your cart" ]
                    match lines with
                    | [] -> p [ _class "empty" ] [ str "Nothing yet. Add something from the shelf below." ]
                    | lines ->
                        ul [ _class "rows" ] [
                            for product, count in lines do
                                li [] [
                                    span [] [ str $"{count} × {product.Name}" ]
                                    span [ _class "amount" ] [ price (decimal count * product.Price) ]
                                    postButton
                                        field
                                        "/cart/remove"
                                        [ "sku", product.Sku ]
                                        [ _class "quiet"; attr "aria-label" $"One less: {product.Name}" ]
                                        "One less"
                                ]
                        ]
                        p [ _class "total" ] [
                            str "Together "
                            strong [] [
                                price (lines |> List.sumBy (fun (product, count) -> decimal count * product.Price))
                            ]
                        ]
                ]
                section [ _class "card" ] [
                    h2 [] [ str "On the shelf" ]
                    ul [ _class "rows" ] [
                        for product in Products.all do
                            li [] [
                                span [] [ str product.Name ]
                                span [ _class "amount" ] [ price product.Price ]
                                postButton
                                    field
                                    "/cart/add"
                                    [ "sku", product.Sku ]
                                    [ attr "aria-label" $"Add to cart: {product.Name}" ]
                                    "Add"
                            ]
                    ]
                ]
            ]
    }

/// `current`: the handle of the request's own session.
let devices (current: string option) (owned: OwnedSession list) : Page =
    let isThis (device: OwnedSession) = Some device.Handle = current
    let others = owned |> List.exists (isThis >> not)

    {
        Title = "Devices"
        Body =
            fun field -> [
                p [] [ str "Where you are signed in. Ending a session there signs it out at once." ]
                ul [ _class "rows card" ] [
                    for device in owned |> List.sortByDescending _.CreatedAt do
                        let name = defaultArg device.Label "Unknown device"
                        let address = device.Client |> Option.bind _.Address
                        let agent = device.Client |> Option.bind _.Agent

                        li [] [
                            div [] [
                                strong [] [ str name ]
                                if isThis device then
                                    span [ _class "status active" ] [ str "This device" ]
                                if device.Device = SessionDevice.Bound then
                                    span [ _class "status new" ] [
                                        str (if isThis device then "Bound to this device" else "Bound to its device")
                                    ]
                                br []
                                small [] [
                                    str "Signed in "
                                    moment (defaultArg device.SignedInAt device.CreatedAt)
                                    match address with
                                    | Some address -> str $" from {address}"
                                    | None -> ()
                                ]
                                match agent with
                                | Some agent ->
                                    details [] [ summary [] [ small [] [ str "Browser" ] ]; small [] [ str agent ] ]
                                | None -> ()
                            ]
                            if not (isThis device) then
                                postButton
                                    field
                                    "/devices/revoke"
                                    [ "handle", device.Handle ]
                                    [ _class "quiet"; attr "aria-label" $"Sign out {name}" ]
                                    "Sign out"
                        ]
                ]
                if others then
                    postButton field "/devices/revoke-others" [] [] "Sign out all other devices"
                else
                    p [ _class "empty" ] [
                        str "No other device. Sign in from a private window to see a second one here."
                    ]
            ]
    }

let admin (session: Session) : Page = {
    Title = "Admin"
    Body =
        fun field -> [
            p [] [
                str "This page keeps its own session, with its own cookie and lifetime, beside the one of the shop. "
                str "Signing in or out of one leaves the other alone."
            ]
            match Session.owner session with
            | None ->
                section [ _class "card" ] [
                    h2 [] [ str "The session “admin” "; status session ]
                    p [ _class "empty" ] [ str "Nobody is in the admin area of this browser." ]
                    postButton field "/admin/enter" [] [] "Enter as operator"
                ]
            | Some owner ->
                let written = Session.getOr notes [] session

                section [ _class "card stack" ] [
                    h2 [] [ str "The session “admin” "; status session ]
                    facts [ "Identity", str owner; "Ends, at the latest", moment (Session.expiresAt session) ]
                    postButton field "/admin/leave" [] [ _class "quiet" ] "Leave"
                ]

                section [ _class "card stack" ] [
                    h2 [] [ str "Notes" ]
                    match written with
                    | [] -> p [ _class "empty" ] [ str "No notes yet." ]
                    | written ->
                        ol [ _class "notes" ] [
                            for note in written do
                                li [] [ str note ]
                        ]
                    form [ _method "post"; _action "/admin/notes"; _class "inline" ] [
                        field
                        div [] [
                            label [ _for "note" ] [ str "New note" ]
                            input [ _id "note"; _name "note"; _maxlength "200"; attr "autocomplete" "off"; _required ]
                        ]
                        button [ _type "submit" ] [ str "Write" ]
                    ]
                ]
        ]
}

let private indented =
    JsonSerializerOptions(WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping)

/// For reading only. The relaxed escapes are safe here because `str` encodes the text for HTML.
let private pretty (json: string) : string = JsonSerializer.Serialize(JsonElement.Parse json, indented)

let values (sessions: Session list) : Page = {
    Title = "Values"
    Body =
        fun _ -> [
            p [] [ str "What this browser's sessions hold, as the store keeps it. Cookies carry none of it." ]
            for session in sessions do
                section [ _class "card" ] [
                    h2 [] [ str $"“{Session.name session}” "; status session ]
                    if List.isEmpty (Session.keys session) then
                        p [ _class "empty" ] [ str "No values." ]
                    else
                        pre [ _tabindex "0"; attr "aria-label" $"Values of {Session.name session}" ] [
                            str (pretty (Session.toJson session))
                        ]
                ]
        ]
}
