module Runa.Session.Tests.CookieConformanceTests

open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.Conformance

/// What the sealed cookie itself holds is tested in Runa.Session.FSharp.Tests (SealedCookie, CookiePieces,
/// CookieHome, CookieSearch, cookie sessions).
[<Tests>]
let tests =
    Conformance.tests (DriverUnderTest.create "cookie" (fun _ -> Task.FromResult(CookieDriver.create ())))
