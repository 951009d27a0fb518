module Runa.Session.Tests.SqlTableTests

open System
open Expecto
open Runa.Session

let private refused dialect name (says: string) =
    let e = Expect.throwsC (fun () -> SqlTable.parse dialect name |> ignore) id
    Expect.isTrue (e :? ArgumentException) "its type"
    Expect.stringContains e.Message $"Table = \"{name}\"" "names the option and its value"
    Expect.stringContains e.Message says "says what is allowed"

[<Tests>]
let tests =
    testList
        "SqlTable"
        [ test "a name is quoted, so that no word is reserved and upper case is kept" {
              Expect.equal (SqlTable.parse SqlDialect.Sqlite "Order").Quoted "\"Order\"" "quoted"
              Expect.equal (SqlTable.parse SqlDialect.PostgreSql "runa_sessions").Quoted "\"runa_sessions\"" "quoted"
          }
          test "the name of a PostgreSQL table may have a schema" {
              Expect.equal (SqlTable.parse SqlDialect.PostgreSql "web.sessions").Quoted "\"web\".\"sessions\"" "quoted"
          }
          test "the name of a SQLite table may not have a schema" {
              refused SqlDialect.Sqlite "web.sessions" "SQLite has no schemas"
          }
          test "SQLite keeps some names for itself" { refused SqlDialect.Sqlite "SQLite_sessions" "sqlite_" }
          test "what is no name is refused, so nothing else gets into the SQL" {
              for name in
                  [ ""
                    "1st"
                    "a b"
                    "a\"; DROP TABLE users; --"
                    "a;b"
                    "sessiøns"
                    "a-b"
                    ".a"
                    "a."
                    "a.b.c"
                    String('a', 51) ] do
                  refused SqlDialect.PostgreSql name "A-Z, a-z, 0-9 and _"
          } ]
