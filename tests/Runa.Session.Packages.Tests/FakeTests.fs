module Runa.Session.Packages.Tests.FakeTests

open System.IO
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Packages.Tests.Commands

let private runTarget (folder: string) (environment: (string * string) list) (arguments: string list) : Outcome =
    let environment = Consumer.scripting folder @ environment
    run "dotnet" folder environment ([ "fsi"; "build.fsx"; "-t" ] @ arguments)

[<Tests>]
let tests =
    testList
        "samples/Fake"
        [ test
              "a deployment script checks settings, creates the schema, counts, lists, ends and purges, with honest exit codes" {
              Consumer.inFolder (fun folder ->
                  for name in [ "build.fsx"; "session.toml" ] do
                      File.WriteAllText(Path.Combine(folder, name), Repository.read $"samples/Fake/{name}")

                  let database = Path.Combine(folder, "shop.db")
                  let environment = [ "SHOP_DATABASE", database; "RUNA_SECRET", SessionSecret.create () ]
                  let target = runTarget folder environment

                  let answers (expected: string) (outcome: Outcome) =
                      Expect.equal outcome.ExitCode 0 $"the exit code: {outcome.Text}"
                      Expect.stringContains outcome.Output expected "the answer"

                  let fails (expected: string) (outcome: Outcome) =
                      Expect.equal outcome.ExitCode 1 $"the exit code: {outcome.Text}"
                      Expect.stringContains outcome.Text expected "what is wrong"

                  target [ "Count" ] |> fails "unable to open database file"
                  let deployed = target [ "Deploy" ]
                  deployed |> answers "session.toml is right."
                  deployed |> answers "The table of the sessions is there."
                  let empty = target [ "Count" ]
                  empty |> answers "0 sessions, 0 of them signed in."
                  Expect.stringContains empty.Text "The application \"Shop\" has no sessions" "a warning"

                  Shop.fill database
                  target [ "Count" ] |> answers "4 sessions, 3 of them signed in."
                  target [ "Devices"; "user-1" ] |> answers "Laptop, last seen"
                  target [ "Logout"; "user-1" ] |> answers "2 sessions of user-1 were ended."
                  target [ "Logout"; "user-1" ] |> answers "0 sessions of user-1 were ended."
                  target [ "Logout" ] |> fails "needs one owner"
                  target [ "Purge" ] |> answers "expired sessions were deleted."

                  Consumer.write folder "session.toml" "[sessions.web]\nttl = '2 hours'\n"
                  target [ "Check" ] |> fails "2 hours"
                  Consumer.write folder "session.toml" "[sessions.wbe]\nttl = '2h'\n"
                  target [ "Check" ] |> fails "Did you mean \"web\"?"
                  Consumer.write folder "session.toml" "[sessions.web]\ndriver = 'sql'\n"
                  runTarget folder [ "SHOP_DATABASE", database ] [ "Count" ] |> fails "No secret is set")
          } ]
