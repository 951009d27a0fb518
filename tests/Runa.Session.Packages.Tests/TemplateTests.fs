module Runa.Session.Packages.Tests.TemplateTests

open System
open System.IO
open System.Net.Http
open System.Threading.Tasks
open Expecto
open Runa.Session.TestSupport

/// Templates in a place of their own: those of the machine stay as they are.
let private make (folder: string) (template: string) : string =
    let hive = [ "--debug:custom-hive"; Path.Combine(folder, "hive") ]
    Consumer.dotnet folder ([ "new"; "install"; Packed.file "Runa.Session.Templates" ] @ hive) |> ignore
    Consumer.dotnet folder ([ "new"; template; "-o"; "My.Shop"; "--no-restore" ] @ hive) |> ignore
    Path.Combine(folder, "My.Shop")

/// Runs the application and visits it.
let private visit (folder: string) (program: string) (test: Browser -> Task<unit>) : unit =
    (task {
        use! app = WebProcess.Start(folder, program, [])
        do! test (Browser(Client.over app.Address))
    })
        .GetAwaiter()
        .GetResult()

let private signsInAndOut (browser: Browser) : Task<unit> =
    task {
        let! first = browser.Get "/"
        let! second = browser.Get "/"
        Expect.stringContains first.Body "been here 1 times" "the first visit"
        Expect.stringContains second.Body "been here 2 times" "the second visit"

        let! refused = browser.Get "/account"
        Expect.stringContains (refused.Header "Location") "/login" "a stranger is asked to sign in"

        let! _ = browser.Post("/login", [ "name", "ada"; "password", "wrong" ])
        let! wrong = browser.Get "/login"
        Expect.stringContains wrong.Body "Wrong name or password." "a wrong password is told"

        let json = new StringContent("{}", Text.Encoding.UTF8, "application/json")
        let! unsupported =
            browser.SendRaw(new HttpRequestMessage(HttpMethod.Post, Uri("/login", UriKind.Relative), Content = json))
        Expect.equal unsupported.Status 415 "a body that is no form"

        let! signedIn = browser.Post("/login", [ "name", "ada"; "password", "demo" ])
        Expect.equal (signedIn.Header "Location") "/account" "after signing in"
        let! account = browser.Get "/account"
        Expect.stringContains account.Body "Welcome back!" "the notice"
        Expect.stringContains account.Body "You are user-1" "the owner"
        let! again = browser.Get "/account"
        Expect.isFalse (again.Body.Contains("Welcome back!", StringComparison.Ordinal)) "the notice is shown once"

        let! wide = browser.Post("/login?ReturnUrl=%2Fcaf%C3%A9", [ "name", "ada"; "password", "demo" ])
        Expect.equal (wide.Header "Location") "/caf%C3%A9" "a return URL that is not ASCII"

        let copy = browser.Copy()
        let! _ = browser.Post("/logout", [])
        let! gone = copy.Get "/account"
        Expect.stringContains
            (gone.Header "Location")
            "/login"
            "promise 4: a copy of the cookie is worthless after signing out"
    }

let private languages (folder: string) =
    [ for inner in Directory.GetDirectories folder do
          if Directory.GetFiles(inner, "FSharp.Core.resources.dll").Length > 0 then
              Path.GetFileName inner ]

[<Tests>]
let tests =
    testList
        "templates"
        [ test "runa-web makes an F# application that builds, counts visits, and signs in and out" {
              Consumer.inFolder (fun folder ->
                  let shop = make folder "runa-web"
                  Consumer.dotnet shop [ "build"; "-c"; "Release"; "-v"; "quiet" ] |> ignore
                  visit shop "bin/Release/net10.0/My.Shop.dll" signsInAndOut)
          }
          test "runa-minimal makes a C# application that is published without FSharp.Core's languages, and works" {
              Consumer.inFolder (fun folder ->
                  let shop = make folder "runa-minimal"
                  Consumer.dotnet shop [ "publish"; "-c"; "Release"; "-o"; "out"; "-v"; "quiet" ] |> ignore
                  let out = Path.Combine(shop, "out")
                  Expect.isEmpty (languages out) "folders of languages"
                  visit out "My.Shop.dll" signsInAndOut)
          }
          test "runa-giraffe makes the application of samples/GiraffeStart, which Giraffe.slnx builds and tests" {
              Consumer.inFolder (fun folder ->
                  let shop = make folder "runa-giraffe"
                  let made = File.ReadAllText(Path.Combine(shop, "Program.fs")).ReplaceLineEndings "\n"
                  let sample = Repository.read "samples/GiraffeStart/Program.fs"
                  let code (text: string) = text.Substring(text.IndexOf("\n\n", StringComparison.Ordinal))
                  Expect.stringStarts made "module My.Shop.Program\n" "the module has the application's name"
                  Expect.equal (code made) (code sample) "the same code"
                  let project = File.ReadAllText(Path.Combine(shop, "My.Shop.fsproj"))
                  Expect.stringContains project $"\"Runa.Session.FSharp\" Version=\"{Packed.version}\"" "this version")
          } ]
