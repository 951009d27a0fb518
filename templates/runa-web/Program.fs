module RunaApp.Program

open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Runa.Session

// What the session holds.
let visits = SessionKey.create<int> "visits"
let notice = SessionKey.create<string> "notice"

// Pages

let encode (text: string) = System.Net.WebUtility.HtmlEncode text

/// A page that shows each notice once.
let page (heading: string) (content: string) (session: Session) : Session * HttpHandler =
    let notices, session = Session.takeFlashes notice session
    let notices =
        notices |> List.map (fun text -> $"""<p role="status">{encode text}</p>""") |> String.concat ""

    let html =
        $"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{heading}</title>{notices}<h1>{heading}</h1>{content}</html>"""

    session, ofResult (Results.Content(html, "text/html; charset=utf-8"))

let redirect (path: string) = ofResult (Results.LocalRedirect path)

let home =
    withSession "web" (fun session ->
        let count = 1 + Session.getOr visits 0 session

        session
        |> Session.set visits count
        |> page "Welcome" $"""<p>You have been here {count} times.</p><p><a href="/account">Your account</a></p>""")

let loginPage: HttpHandler =
    fun next ctx ->
        let action = encode (ReturnUrl.passOn "/login" ctx)
        let form =
            $"""<form method="post" action="{action}"><input name="name" placeholder="ada"> <input name="password" type="password" placeholder="demo"> <button>Sign in</button></form>"""

        withSession "web" (page "Sign in" form) next ctx

let account =
    withOwner "web" (ReturnUrl.signInAt "/login") (fun owner session ->
        session
        |> page
            "Your account"
            $"""<p>You are {encode owner}.</p><form method="post" action="/logout"><button>Sign out</button></form>""")

// Signing in and out

/// Write your own: look the user up, check the password's hash, return an id that never changes.
let checkPassword (name: string) (password: string) : string option =
    if name = "ada" && password = "demo" then Some "user-1" else None

let login: HttpHandler =
    fun next ctx ->
        task {
            if not ctx.Request.HasFormContentType then
                // Such as JSON.
                return! ofResult (Results.StatusCode StatusCodes.Status415UnsupportedMediaType) next ctx
            else
                let! form = ctx.Request.ReadFormAsync()

                match checkPassword (string form["name"]) (string form["password"]) with
                | Some user ->
                    let signIn = updateSession "web" (Session.signIn user >> Session.flash notice "Welcome back!")
                    return! signIn (ReturnUrl.follow "/account" next) ctx
                | None ->
                    let refuse = updateSession "web" (Session.flash notice "Wrong name or password.")
                    return! refuse (redirect (ReturnUrl.passOn "/login" ctx) next) ctx
        }

let logout: HttpHandler =
    fun next -> updateSession "web" (Session.signOut >> Session.flash notice "Goodbye!") (redirect "/" next)

[<EntryPoint>]
let main args =
    let builder = WebApplication.CreateBuilder args
    builder.Services.AddRunaSession(builder.Configuration) |> ignore

    let app = builder.Build()
    app.UseRunaCrossOriginProtection() |> ignore
    app.MapGet("/", toRequestDelegate home) |> ignore
    app.MapGet("/login", toRequestDelegate loginPage) |> ignore
    app.MapPost("/login", toRequestDelegate login) |> ignore
    app.MapGet("/account", toRequestDelegate account) |> ignore
    app.MapPost("/logout", toRequestDelegate logout) |> ignore
    app.Run()
    0
