/// docs/use/csharp.md says of each call what its token ends.
module Runa.Session.Tests.CancellationTableTests

open System.Text.RegularExpressions
open Expecto
open Runa.Session.TestSupport

let private api = lazy (Repository.read "src/Runa.Session.CSharpInterop/PublicAPI.Unshipped.txt")

[<Tests>]
let tests =
    testList
        "Cancellation in the documentation"
        [ test "docs/use/csharp.md lists every async call of RunaSessions under Cancellation" {
              let page = Repository.read "docs/use/csharp.md"
              let section =
                  Regex.Match(page, "^## Cancellation$.*?^## ", RegexOptions.Multiline ||| RegexOptions.Singleline)

              let calls =
                  [ for call in
                        Regex.Matches(
                            api.Value,
                            @"^Runa\.RunaSessions\.(\w+Async)\(.*CancellationToken",
                            RegexOptions.Multiline
                        ) -> call.Groups[1].Value ]
                  |> List.distinct

              Expect.isGreaterThan calls.Length 8 "the public API"
              let missing = calls |> List.filter (fun call -> not (section.Value.Contains $"`{call}`"))
              Expect.equal missing [] "not listed"
          } ]
