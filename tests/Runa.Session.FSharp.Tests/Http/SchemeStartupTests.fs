module Runa.Session.Tests.SchemeStartupTests

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Authentication.Cookies
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Hosting
open Microsoft.Extensions.Options
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private withSessions (services: IServiceCollection) =
    services.AddRunaSession(SessionSetup.secrets [ secret ]) |> ignore

/// What keeps the host from starting.
let private refusal (sessions: IServiceCollection -> unit) (add: AuthenticationBuilder -> unit) : Task<exn> =
    task {
        let register (services: IServiceCollection) =
            sessions services
            add (services.AddAuthentication())

        let app, _ = build (host skip) register
        use _ = app :> IDisposable

        let! raised =
            task {
                try
                    do! app.StartAsync()
                    return None
                with e ->
                    return Some e
            }

        let lifetime = app.Services.GetRequiredService<IHostApplicationLifetime>()
        Expect.isFalse lifetime.ApplicationStarted.IsCancellationRequested "the host has not started"

        return
            match raised with
            | Some e -> e
            | None -> failtest "the host started"
    }

let private rows: (string * (IServiceCollection -> unit) * (AuthenticationBuilder -> unit) * string list) list =
    [ "a scheme of an unknown session",
      withSessions,
      (fun schemes -> schemes.AddRunaSession "wbe" |> ignore),
      [ "\"wbe\""; "Did you mean \"web\"?"; "admin, api, web" ]
      "a scheme of a session that its options name",
      withSessions,
      (fun schemes -> schemes.AddRunaSession("web", (fun o -> o.SessionName <- "shop")) |> ignore),
      [ "scheme \"web\""; "no session \"shop\"" ]
      "a scheme without AddRunaSession on the services",
      ignore,
      (fun schemes -> schemes.AddRunaSession() |> ignore),
      [ "services.AddRunaSession" ]
      "tickets in an unknown session",
      withSessions,
      (fun schemes -> schemes.AddCookie().AddRunaTicketStore("tickets") |> ignore),
      [ "\"Cookies\""; "no session \"tickets\""; "admin, api, web" ]
      "tickets without AddRunaSession on the services",
      ignore,
      (fun schemes -> schemes.AddCookie().AddRunaTicketStore("web") |> ignore),
      [ "services.AddRunaSession" ]
      "tickets of an unknown scheme",
      withSessions,
      (fun schemes -> schemes.AddCookie("cookies").AddRunaTicketStore("web") |> ignore),
      [ "\"Cookies\""; "Did you mean \"cookies\"?" ]
      "tickets on the driver cookie",
      (fun services ->
          services.AddRunaSession(
              SessionSetup.secrets [ secret ]
              >> SessionSetup.session "web" (fun o -> { o with Driver = "cookie" })
          )
          |> ignore),
      (fun schemes -> schemes.AddCookie().AddRunaTicketStore("web") |> ignore),
      [ "\"web\""; "driver \"cookie\"" ]
      "tickets with tokens that are to be rotated",
      (fun services ->
          services.AddRunaSession(
              SessionSetup.secrets [ secret ]
              >> SessionSetup.session "web" (fun o -> { o with Rotate = Some(TimeSpan.FromMinutes 15.) })
          )
          |> ignore),
      (fun schemes -> schemes.AddCookie().AddRunaTicketStore("web") |> ignore),
      [ "\"web\""; "rotate"; "Leave rotate out" ]
      for bound in [ DeviceBound.Offer; DeviceBound.Require ] do
          $"tickets of a session that is to be bound to devices (%A{bound})",
          (fun services ->
              services.AddRunaSession(
                  SessionSetup.secrets [ secret ]
                  >> SessionSetup.session "web" (fun o -> { o with DeviceBound = bound })
              )
              |> ignore),
          (fun schemes -> schemes.AddCookie().AddRunaTicketStore("web") |> ignore),
          [ "\"web\""; "device_bound"; "Set device_bound = off" ]
      "tickets with a cookie manager that is set too late",
      withSessions,
      (fun schemes ->
          schemes.AddCookie().AddRunaTicketStore("web") |> ignore

          schemes.Services.PostConfigure<CookieAuthenticationOptions>(
              CookieAuthenticationDefaults.AuthenticationScheme,
              fun (o: CookieAuthenticationOptions) -> o.CookieManager <- ChunkingCookieManager()
          )
          |> ignore),
      [ "\"Cookies\""; "CookieManager was replaced after AddRunaTicketStore" ] ]

let private refused =
    [ for name, sessions, add, parts in rows do
          testCaseTask $"promise 23: {name} keeps the application from starting" (fun () ->
              task {
                  let! e = refusal sessions add
                  Expect.isTrue (e :? OptionsValidationException) $"which error: {e}"

                  for part in parts do
                      Expect.stringContains e.Message part "is named"
              }) ]

let private all =
    testList
        "at startup"
        [ testCaseTask "promise 23: two schemes that are wrong are named at once" (fun () ->
              task {
                  let! e =
                      refusal withSessions (fun schemes ->
                          schemes.AddRunaSession("one").AddRunaSession("two") |> ignore)

                  let text = string e

                  for part in [ "\"one\""; "\"two\"" ] do
                      Expect.stringContains text part "is named"
              })

          testCaseTask "promise 23: what is wrong with the sessions themselves is still told" (fun () ->
              task {
                  let! e =
                      refusal
                          (fun services -> services.AddRunaSession(SessionSetup.secrets [ "short" ]) |> ignore)
                          (fun schemes -> schemes.AddRunaSession() |> ignore)

                  Expect.isTrue (e :? SessionConfigurationException) $"which error: {e}"
              })

          test "arguments that are missing are refused where they are given" {
              let schemes = AuthenticationBuilder(ServiceCollection())

              for call in
                  [ fun () -> schemes.AddRunaSession "" |> ignore
                    fun () -> schemes.AddRunaSession("", "web", null) |> ignore
                    fun () -> schemes.AddRunaTicketStore "" |> ignore
                    fun () -> schemes.AddRunaTicketStore("", "web") |> ignore ] do
                  Expect.throwsT<ArgumentException> call "named"
          } ]

[<Tests>]
let tests = testList "SchemeStartup" (all :: refused)
