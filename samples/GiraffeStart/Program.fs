/// The application of docs/start/giraffe.md: visits, and a user who signs in.
module Shop.Program

open Giraffe
open Giraffe.ViewEngine
open Microsoft.AspNetCore.Builder
open Runa.Session

// ---- What the session holds

let visits = SessionKey.create<int> "visits"
let notice = SessionKey.create<string> "notice"

// ---- Pages

/// A page that shows each notice once, to whoever takes it first.
let page (heading: string) (content: XmlNode list) (session: Session) : Session * HttpHandler =
    let notices, session = Session.takeFlashes notice session

    let document =
        html [ _lang "en" ] [
            head [] [ title [] [ str heading ] ]
            body [] [
                for text in notices do
                    p [ attr "role" "status" ] [ str text ]
                h1 [] [ str heading ]
                yield! content
            ]
        ]

    session, htmlView document

let home =
    withSession "web" (fun session ->
        let count = 1 + Session.getOr visits 0 session

        session
        |> Session.set visits count
        |> page "Welcome" [ p [] [ str $"Visits: {count}" ]; a [ _href "/account" ] [ str "Your account" ] ])

// ---- Signing in

/// Write your own: look the user up, check the password's hash, return an id that never changes.
let checkPassword (name: string) (password: string) : string option =
    if name = "ada" && password = "demo" then Some "user-1" else None

let loginPage: HttpHandler =
    fun next ctx ->
        let form =
            form [ _method "post"; _action (ReturnUrl.passOn "/login" ctx) ] [
                input [ _name "name"; _placeholder "ada" ]
                input [ _name "password"; _type "password"; _placeholder "demo" ]
                button [] [ str "Sign in" ]
            ]

        withSession "web" (page "Sign in" [ form ]) next ctx

[<CLIMutable>]
type Login = { Name: string; Password: string }

let login: HttpHandler =
    bindForm<Login> None (fun form ->
        match checkPassword form.Name form.Password with
        | Some user ->
            updateSession "web" (Session.signIn user >> Session.flash notice "Welcome back!")
            >=> ReturnUrl.follow "/account"
        | None -> setStatusCode 401 >=> loginPage)

let logout: HttpHandler =
    updateSession "web" (Session.signOut >> Session.flash notice "Goodbye!") >=> redirectTo false "/"

let account =
    withOwner "web" (ReturnUrl.signInAt "/login") (fun owner session ->
        session
        |> page "Your account" [
            p [] [ str $"You are {owner}." ]
            form [ _method "post"; _action "/logout" ] [ button [] [ str "Sign out" ] ]
        ])

// ---- The application

let webApp: HttpHandler =
    choose [
        GET >=> choose [ route "/" >=> home; route "/login" >=> loginPage; route "/account" >=> account ]
        POST >=> CrossOrigin.refuse >=> choose [ route "/login" >=> login; route "/logout" >=> logout ]
        setStatusCode 404 >=> text "There is no page at this address."
    ]

let build (args: string[]) : WebApplication =
    let builder = WebApplication.CreateBuilder args
    builder.Services.AddGiraffe().AddRunaSession(builder.Configuration) |> ignore

    let app = builder.Build()
    app.UseGiraffe webApp
    app

[<EntryPoint>]
let main args =
    (build args).Run()
    0
