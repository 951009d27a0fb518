/// docs/understand/compliance.md names tests.
module Runa.Session.Tests.ComplianceTests

open System.IO
open System.Text.RegularExpressions
open Expecto
open Runa.Session.TestSupport

[<Tests>]
let tests =
    test "docs/understand/compliance.md names test files that exist" {
        let page = File.ReadAllText(Path.Combine(Repository.root, "docs/understand/compliance.md"))

        let existing =
            Directory.GetFiles(Path.Combine(Repository.root, "tests"), "*Tests.?s", SearchOption.AllDirectories)
            |> Seq.map Path.GetFileName
            |> Set

        let named: Set<string | null> =
            Regex.Matches(page, @"\b\w+Tests\.(fs|cs)\b") |> Seq.map (fun m -> m.Value: string | null) |> Set
        Expect.isGreaterThan named.Count 20 "they are found on the page"
        Expect.equal (Set.difference named existing) Set.empty "all exist"
    }
