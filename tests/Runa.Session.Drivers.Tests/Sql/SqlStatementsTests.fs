module Runa.Session.Tests.SqlStatementsTests

open System
open System.Text.RegularExpressions
open Expecto
open Runa.Session

let private statements dialect = SqlStatements.make dialect (SqlTable.parse dialect "runa_sessions")

let private queries (statements: SqlStatements) =
    [ statements.Load
      statements.Create
      statements.Replace
      statements.Touch
      statements.Delete
      statements.DeleteMany 3
      statements.List
      statements.Epoch
      statements.Advance
      statements.DeleteAll 10
      statements.Purge 10 ]

let private dialects = [ SqlDialect.Sqlite; SqlDialect.PostgreSql ]

[<Tests>]
let tests =
    testList
        "SqlStatements"
        [ test "each is one statement" {
              for dialect in dialects do
                  for sql in queries (statements dialect) do
                      Expect.isFalse (sql.Contains ';') sql
          }
          test "all values are parameters: the texts hold no quoted ones but the empty record of an epoch" {
              for dialect in dialects do
                  for sql in queries (statements dialect) do
                      let quoted = [ for found in Regex.Matches(sql, "'[^']*'") -> found.Value ]
                      Expect.all quoted (fun text -> text = "''") sql
          }
          test "a write asks for the version and for the end in its own condition" {
              for dialect in dialects do
                  Expect.stringContains
                      (statements dialect).Replace
                      "WHERE key = @key AND version = @expected AND ends_at > @now"
                      "replace"
          }
          test "a touch writes neither the version nor the document" {
              for dialect in dialects do
                  let touched = (statements dialect).Touch
                  Expect.isFalse (touched.Contains "version") "version"
                  Expect.isFalse (touched.Contains "record") "record"
          }
          test "the schema is printed for those who create it themselves" {
              let printed = SqlDriver.schema { SqlDriver.defaults with Dialect = Some SqlDialect.PostgreSql }

              Expect.stringContains printed "CREATE TABLE IF NOT EXISTS \"runa_sessions\"" "table"
              Expect.stringContains printed "ON \"runa_sessions\" (ends_at);" "index"
              Expect.stringContains printed "ON \"runa_sessions\" (scope, owner, key);" "index"
          }
          test "printing the schema needs the dialect" {
              let e = Expect.throwsC (fun () -> SqlDriver.schema SqlDriver.defaults |> ignore) id
              Expect.isTrue (e :? ArgumentException) "its type"
              Expect.stringContains e.Message "Dialect = None" "message"
          } ]
