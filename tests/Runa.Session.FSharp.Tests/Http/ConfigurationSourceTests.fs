/// Where AddRunaSession reads settings from.
module Runa.Session.Tests.ConfigurationSourceTests

open System
open System.Collections.Generic
open System.IO
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Configuration
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.ConfiguredHosts
open Runa.Session.Tests.Handlers

let private cookieOf (app: App) =
    task {
        let! answer = app.NewBrowser().Get "/"
        Expect.equal (List.length answer.SetCookies) 1 "one cookie"
        return answer.SetCookies.Head
    }

let private toml =
    """
[sessions.web]
cookie_name = "shop"
ttl = "1h30m"
same_site = "strict"
persistent = true
secure = "same_as_request"

[sessions.web.meta]
team = "shop"
"""

let private inFolder (files: (string * string) list) (body: string -> Task<unit>) =
    task {
        let folder = Directory.CreateTempSubdirectory "runa-session-"

        try
            for name, content in files do
                File.WriteAllText(Path.Combine(folder.FullName, name), content)

            do! body folder.FullName
        finally
            folder.Delete true
    }

[<Tests>]
let tests =
    testList
        "AddRunaSession with a configuration"
        [ testCaseTask "reads settings and secret from memory, and what code sets wins" (fun () ->
              task {
                  let configuration =
                      inMemory
                          [ "app:secret", secret
                            "session:sessions:web:cookie_name", "from_configuration"
                            "session:sessions:web:ttl", "30m" ]

                  let setup = SessionSetup.session "web" (fun o -> { o with CookieName = "from_code" })
                  use! app = configured configuration setup (host counting)
                  let! cookie = cookieOf app
                  Expect.stringStarts cookie "from_code=" "code wins"
                  Expect.contains (attributes cookie) "Max-Age=1800" "the rest is the configuration's"
              })

          testCaseTask "reads them from the environment" (fun () ->
              task {
                  // A prefix of this test's own: the environment belongs to the whole process.
                  let prefix = "RUNATEST" + Guid.NewGuid().ToString("N").ToUpperInvariant() + "_"

                  let pairs =
                      [ "app__secret", secret
                        "session__sessions__web__cookie_name", "from_environment"
                        "session__sessions__web__ttl", "00:45:00" ]

                  for name, value in pairs do
                      Environment.SetEnvironmentVariable(prefix + name, value)

                  try
                      let configuration = ConfigurationBuilder().AddEnvironmentVariables(prefix).Build()
                      use! app = configured configuration id (host counting)
                      let! cookie = cookieOf app
                      Expect.stringStarts cookie "from_environment=" "its name"
                      Expect.contains (attributes cookie) "Max-Age=2700" "its lifetime"
                  finally
                      for name, _ in pairs do
                          Environment.SetEnvironmentVariable(prefix + name, null)
              })

          testCaseTask "reads them from a TOML file" (fun () ->
              inFolder [ "session.toml", toml ] (fun folder ->
                  task {
                      let configuration =
                          ConfigurationBuilder()
                              .SetBasePath(folder)
                              .AddSessionToml("session.toml")
                              .AddSessionToml("absent.toml", true)
                              .AddInMemoryCollection([ KeyValuePair<string, string | null>("app:secret", secret) ])
                              .Build()

                      use! app = configured configuration id (host counting)
                      let! cookie = cookieOf app
                      Expect.stringStarts cookie "shop=" "its name"

                      Expect.equal
                          (List.sort (attributes cookie))
                          [ "HttpOnly"; "Max-Age=5400"; "Path=/"; "SameSite=Strict" ]
                          "its attributes, over plain http"

                      let info = SessionRegistry.info app.Registry |> List.find (fun info -> info.Name = "web")
                      Expect.equal info.Meta (Map [ "team", "shop" ]) "its notes"
                  }))

          testCaseTask "promise 23: a TOML file that is missing or wrong keeps the application from starting" (fun () ->
              inFolder [ "wrong.toml", "[sessions.web]\nttl = \n" ] (fun folder ->
                  task {
                      let load (file: string) () =
                          ConfigurationBuilder().SetBasePath(folder).AddSessionToml(file).Build() |> ignore

                      Expect.throwsC (load "absent.toml") (fun e ->
                          Expect.stringContains e.Message "\"absent.toml\" was not found" "its name")

                      Expect.throwsC (load "wrong.toml") (fun e ->
                          Expect.isTrue (e :? SessionConfigurationException) $"which one: {e.GetType().Name}"
                          Expect.stringContains e.Message "wrong.toml(2," "file and line")
                  }))

          testCaseTask "the registry is one, and works outside a request" (fun () ->
              task {
                  use! app = start (host counting)
                  let! session = app.Registry |> SessionRegistry.load "web" None CancellationToken.None

                  let! committed =
                      app.Registry |> SessionRegistry.commit (Session.set visits 5 session) CancellationToken.None

                  let pair = committed.Cookies.Head.Split(';')[0]
                  let browser = app.NewBrowser()
                  browser.SetCookie(pair.Substring(0, pair.IndexOf '='), pair.Substring(pair.IndexOf '=' + 1))
                  let! answer = browser.Get "/"
                  Expect.equal answer.Body "6" "the same store, keys and settings"
              }) ]
