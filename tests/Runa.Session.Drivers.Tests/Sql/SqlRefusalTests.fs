module Runa.Session.Tests.SqlRefusalTests

open System
open System.Data.Common
open System.IO
open System.Threading
open System.Threading.Tasks
open Expecto
open Npgsql
open Runa.Session
open Runa.Session.Tests.SqlUnderTest
open Runa.Session.Tests.SqlRegistry

let private states =
    /// As a provider would raise it.
    let raised (state: string | null) (message: string) : exn =
        { new DbException(message) with
            override _.SqlState = state }

    [ test "what PostgreSQL's states say: refused for certain, or not" {
          for state in
              [ "25006"
                "42P01"
                "42703"
                "42501"
                "53100"
                "53200"
                "53300"
                "57P03"
                "28P01"
                "28000"
                "3D000"
                "40001"
                "40P01"
                "55P03"
                "57014"
                "23505"
                "22001" ] do
              Expect.isTrue (SqlFault.isRefusal (raised state "x")) state

          for state in [ "57P01"; "57P02"; "57P05"; "08006"; "08P01"; "08007"; "40003"; "58030"; "XX000"; "P0"; "" ] do
              Expect.isFalse (SqlFault.isRefusal (raised state "x")) state
      }
      test "what SQLite's codes say" {
          for code in [ 1; 5; 6; 8; 11; 13; 14; 19; 26 ] do
              Expect.isTrue (SqlFault.isRefusal (raised null $"SQLite Error {code}: 'x'.")) $"{code}"
              let extended = code + 256 * 3
              Expect.isTrue (SqlFault.isRefusal (raised null $"SQLite Error {extended}: 'x'.")) $"{extended}"

          for code in [ 7; 10; 10 + 256 * 4; 21; 0 ] do
              Expect.isFalse (SqlFault.isRefusal (raised null $"SQLite Error {code}: 'x'.")) $"{code}"

          Expect.isFalse (SqlFault.isRefusal (raised null "Value says SQLite Error 8: 'x'.")) "not at the beginning"
      } ]

[<Tests>]
let tests = testList "Sql: refusals" [ testList "states" states ]
