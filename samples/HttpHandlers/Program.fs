/// Visits, and a user who signs in, with handlers that are plain functions.
module Sample.Program

open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Runa.Session
open Sample.Sessions

let private visits = SessionKey.create<int> "visits"
let private notice = SessionKey.create<string> "notice"

let private text (lines: string list) : Handler = fun context -> context.Response.WriteAsync(String.concat "\n" lines)

let private redirect (address: string) : Handler = fun context -> Results.Redirect(address).ExecuteAsync context

/// Each notice is shown once, to whoever takes it first.
let home: Handler =
    withSession "web" (fun session ->
        let notices, session = Session.takeFlashes notice session
        let count = 1 + Session.getOr visits 0 session
        Session.set visits count session, text (notices @ [ $"Visits: {count}" ]))

/// A form with a name and a password; yours compares the password's hash.
let login: Handler =
    fun context ->
        task {
            let! form = context.Request.ReadFormAsync()

            let next =
                if form["name"].ToString() = "ada" && form["password"].ToString() = "demo" then
                    redirect "/"
                    |> updateSession "web" (Session.signIn "user-1" >> Session.flash notice "Welcome back!")
                else
                    fun context -> Results.Unauthorized().ExecuteAsync context

            return! next context
        }

let account: Handler =
    let signIn: Handler =
        fun context -> Results.Text("Sign in first.", statusCode = 401).ExecuteAsync context
    withOwner "web" signIn (fun owner session -> session, text [ $"You are {owner}." ])

let build (args: string[]) : WebApplication =
    let builder = WebApplication.CreateBuilder args
    builder.Services.AddRunaSession(builder.Configuration) |> ignore

    let app = builder.Build()
    app.MapGet("/", RequestDelegate home) |> ignore
    app.MapPost("/login", RequestDelegate login) |> ignore
    app.MapGet("/account", RequestDelegate account) |> ignore
    app

[<EntryPoint>]
let main args =
    (build args).Run()
    0
