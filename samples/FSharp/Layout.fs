/// The parts of all pages. `str` and every attribute of Giraffe.ViewEngine HTML-encode their text.
module Sample.Layout

open System
open System.Globalization
open Giraffe.ViewEngine
open Runa.Session
open Sample.Model

/// What the layout surrounds. `Body` gets the hidden antiforgery field that every form needs.
type Page = { Title: string; Body: XmlNode -> XmlNode list }

// ---- Pieces

let moment (at: DateTimeOffset) =
    let utc = at.ToUniversalTime()

    time [ _datetime (utc.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)) ] [
        str (utc.ToString("d MMM yyyy, HH:mm 'UTC'", CultureInfo.InvariantCulture))
    ]

let price (amount: decimal) = str (amount.ToString("0.00", CultureInfo.InvariantCulture) + " €")

let times (count: int) = if count = 1 then "once" else $"{count} times"

/// A form with one button that changes something: always a POST, always with the antiforgery field.
let postButton (field: XmlNode) (action: string) (hidden: (string * string) list) attributes caption =
    form [ _method "post"; _action action ] [
        field
        for name, value in hidden do
            input [ _type "hidden"; _name name; _value value ]
        button (_type "submit" :: attributes) [ str caption ]
    ]

let status (session: Session) =
    let name = string (Session.status session)
    span [ _class $"status {name.ToLowerInvariant()}" ] [ str name ]

let facts (items: (string * XmlNode) list) =
    dl [] [
        for term, value in items do
            div [] [ dt [] [ str term ]; dd [] [ value ] ]
    ]

// ---- Layout

let private navigation (path: string) =
    nav [ attr "aria-label" "Pages" ] [
        ul [] [
            for link, caption in Navigation.links do
                li [] [
                    a [
                        _href link
                        if link = path then
                            attr "aria-current" "page"
                    ] [ str caption ]
                ]
        ]
    ]

let private account field (session: Session) =
    div [ _class "account" ] [
        match userName session with
        | Some name ->
            span [] [ str name ]
            postButton field "/logout" [] [ _class "quiet" ] "Sign out"
        | None -> a [ _href "/login" ] [ str "Sign in" ]
    ]

let private document (pageTitle: string) (content: XmlNode list) =
    html [ _lang "en" ] [
        head [] [
            meta [ _charset "utf-8" ]
            meta [ _name "viewport"; _content "width=device-width, initial-scale=1" ]
            meta [ _name "color-scheme"; _content "light dark" ]
            title [] [ str $"{pageTitle} · Runa.Session" ]
            link [ _rel "icon"; _href "/favicon.svg"; _type "image/svg+xml" ]
            link [ _rel "stylesheet"; _href "/site.css" ]
        ]
        body [] content
    ]

let page (path: string) (field: XmlNode) (session: Session) (notices: string list) (content: Page) =
    document content.Title [
        a [ _class "skip"; _href "#content" ] [ str "Skip to content" ]
        header [] [
            div [ _class "bar" ] [ a [ _class "brand"; _href "/" ] [ str "Runa.Session" ]; account field session ]
            navigation path
        ]
        main [ _id "content"; _tabindex "-1" ] [
            for notice in notices do
                p [ _class "notice"; attr "role" "status" ] [ str notice ]
            h1 [] [ str content.Title ]
            yield! content.Body field
        ]
    ]

/// A page outside of every session.
let plain (heading: string) (explanation: string) =
    document heading [
        main [] [
            h1 [] [ str heading ]
            p [] [ str explanation ]
            p [] [ a [ _href "/" ] [ str "To the first page" ] ]
        ]
    ]
