module Runa.Session.Tests.SettingReadersTests

open System
open System.Collections.Generic
open Expecto
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.Configuration
open Runa.Session

let private web = SessionSettings.defaults "web"

/// What the section "web" of these values makes of other settings.
let private readInto (before: SessionSettings) (values: (string * string) list) : SessionSettings * string list =
    let pairs =
        values |> List.map (fun (key, value) -> KeyValuePair<string, string | null>("web:" + key, value))
    let configuration = ConfigurationBuilder().AddInMemoryCollection(pairs).Build()
    SettingReaders.read (configuration.GetSection "web") before

/// What it makes of the defaults.
let private read (values: (string * string) list) = readInto web values

[<Tests>]
let tests =
    testList
        "SettingReaders"
        [ test "every key of the design is read" {
              let settings, errors =
                  read
                      [ "driver", "redis"
                        "cookie_name", "shop"
                        "cookie_domain", "example.com"
                        "cookie_path", "/shop"
                        "secure", "same_as_request"
                        "same_site", "strict"
                        "partitioned", "true"
                        "persistent", "false"
                        "ttl", "1h30m"
                        "max_ttl", "60d"
                        "idle_timeout", "00:20:00"
                        "shared", "True"
                        "sealed", "true"
                        "max_bytes", "1000"
                        "on_unreadable", "error"
                        "max_sessions", "5"
                        "when_full", "refuse"
                        "rotate", "15m"
                        "on_theft", "ignore"
                        "device_bound", "Require"
                        "profile", "NIST-aal3"
                        "clear_site_data:0", "cookies"
                        "clear_site_data:1", "executioncontexts"
                        "meta:team", "checkout"
                        "meta:tier", "1" ]

              Expect.equal errors [] "no mistake"

              let expected =
                  { web with
                      Driver = "redis"
                      CookieName = "shop"
                      CookieDomain = Some "example.com"
                      CookiePath = "/shop"
                      Secure = CookieSecure.SameAsRequest
                      SameSite = SameSite.Strict
                      Partitioned = true
                      Persistent = false
                      Ttl = TimeSpan.FromMinutes 90.
                      MaxTtl = TimeSpan.FromDays 60.
                      IdleTimeout = Some(TimeSpan.FromMinutes 20.)
                      Shared = true
                      Sealed = true
                      MaxBytes = 1000
                      OnUnreadable = OnUnreadable.Error
                      MaxSessions = Some 5
                      WhenFull = WhenFull.Refuse
                      Rotate = Some(TimeSpan.FromMinutes 15.)
                      OnTheft = OnTheft.Ignore
                      DeviceBound = DeviceBound.Require
                      Profile = Some SessionProfile.NistAal3
                      ClearSiteData = [ SiteData.Cookies; SiteData.ExecutionContexts ]
                      Meta = Map [ "team", "checkout"; "tier", "1" ] }

              Expect.equal settings expected "all of them"
          }

          for written, expected in
              [ [ "clear_site_data", "storage" ], [ SiteData.Storage ]
                [ "clear_site_data:0", "*" ], [ SiteData.All ]
                [ "clear_site_data", "" ], []
                [ "clear_site_data:0", "cache"; "clear_site_data:1", "Cache" ], [ SiteData.Cache ] ] do
              test $"clear_site_data is a list, or a single value, and replaces what was there: %A{written}" {
                  let was = { web with ClearSiteData = [ SiteData.Cookies ] }
                  let settings, errors = readInto was written
                  Expect.equal errors [] "no mistake"
                  Expect.equal settings.ClearSiteData expected "read"
              }

          test "an entry of clear_site_data that is no kind of data is a mistake" {
              match read [ "clear_site_data:0", "cookies"; "clear_site_data:1", "cookeis" ] with
              | settings, [ sentence ] ->
                  Expect.equal settings.ClearSiteData [ SiteData.Cookies ] "the rest is read"

                  Expect.stringContains
                      sentence
                      "web:clear_site_data:1 = \"cookeis\": expected cookies, storage, cache, executionContexts, *"
                      "the sentence"
              | _, errors -> failtest $"%A{errors}"
          }

          test "rotate can be turned off again" {
              let rotating = { web with Rotate = Some(TimeSpan.FromMinutes 15.) }
              let off, _ = readInto rotating [ "rotate", "Off" ]
              Expect.equal off.Rotate None "off"
              let _, mistakes = readInto rotating [ "rotate", "never" ]
              Expect.stringContains (List.exactlyOne mistakes) "or off" "what is allowed"
          }

          test "keys and choices are read whatever their case" {
              let settings, errors = read [ "TTL", "1h"; "Same_Site", "NONE"; "secure", "Always" ]
              Expect.equal errors [] "no mistake"
              Expect.equal settings { web with Ttl = TimeSpan.FromHours 1.; SameSite = SameSite.None } "read"
          }

          for written, expected in
              [ "off", DeviceBound.Off; "offer", DeviceBound.Offer; "require", DeviceBound.Require ] do
              test $"device_bound = {written} replaces what was there" {
                  for before in [ DeviceBound.Off; DeviceBound.Offer; DeviceBound.Require ] do
                      let settings, errors = readInto { web with DeviceBound = before } [ "device_bound", written ]
                      Expect.equal errors [] "no mistake"
                      Expect.equal settings { web with DeviceBound = expected } $"over %A{before}"
              }

          for key, value, allowed in
              [ "ttl", "two hours", "2h, 30m, 1h30m"
                "device_bound", "true", "off, offer, require"
                "ttl", "0s", "2h"
                "max_ttl", "", "2h"
                "idle_timeout", "-1h", "2h"
                "secure", "sometimes", "always, same_as_request, never"
                "same_site", "loose", "lax, strict, none, unspecified"
                "partitioned", "yes", "true or false"
                "persistent", "1", "true or false"
                "shared", "on", "true or false"
                "max_bytes", "64k", "a whole number from 1"
                "max_bytes", "0", "a whole number from 1"
                "max_bytes", "-5", "a whole number from 1"
                "max_bytes", "99999999999", "a whole number from 1" ] do
              test $"a mistake has its key, its value and what is allowed: {key} = %A{value}" {
                  match read [ key, value ] with
                  | settings, [ sentence ] ->
                      Expect.equal settings web "nothing is changed"

                      for part in [ $"web:{key} = \"{value}\""; allowed ] do
                          Expect.stringContains sentence part "the sentence"
                  | _, errors -> failtest $"%A{errors}"
              }

          for wrong, nearest in
              [ "tll", Some "ttl"
                "cookie_nam", Some "cookie_name"
                "samesite", Some "same_site"
                "colour", None ] do
              test $"an unknown key is told with the nearest known one: {wrong}" {
                  match read [ wrong, "x" ] with
                  | _, [ sentence ] ->
                      Expect.stringContains sentence $"web:{wrong}: unknown key." "the key"
                      Expect.stringContains sentence "Known: clear_site_data, cookie_domain" "the known ones"

                      match nearest with
                      | Some key -> Expect.stringContains sentence $"Did you mean \"{key}\"?" "the nearest"
                      | None -> Expect.isFalse (sentence.Contains "Did you mean") "none is near"
                  | _, errors -> failtest $"%A{errors}"
              }

          test "the value of an unknown key is not shown: it may be a secret" {
              let _, errors = read [ "secret", "hunter2hunter2" ]
              Expect.hasLength errors 1 "told"
              Expect.isFalse (errors[0].Contains "hunter2") "not shown"
          }

          test "promise 23: all mistakes are told, and what is right is read" {
              let settings, errors =
                  read [ "ttl", "x"; "max_bytes", "y"; "driver", "redis"; "colour", "z"; "shared:0", "true" ]
              Expect.hasLength errors 4 "four"
              Expect.equal settings { web with Driver = "redis" } "the driver"
          }

          test "promise 23: a value where a section should be, or an empty list where a value should be, is told" {
              let mistakes (pairs: seq<KeyValuePair<string, string | null>>) =
                  try
                      use _ =
                          SessionSetup.empty
                          |> SessionSetup.secrets [ "0123456789abcdefghijklmnopqrstuvwxyz" ]
                          |> SessionSetup.configuration (ConfigurationBuilder().AddInMemoryCollection(pairs).Build())
                          |> SessionRegistry.create

                      []
                  with :? SessionConfigurationException as e ->
                      List.ofSeq e.Errors

              for text, path in
                  [ "sessions = 5", "session:sessions: must be a section"
                    "[sessions]\nweb = 'hunter2'", "session:sessions:web: must be a section"
                    "[sessions.web]\nttl = []", "session:sessions:web:ttl = \"\"" ] do
                  match mistakes (SessionToml.parse "session.toml" text) with
                  | [ error ] ->
                      Expect.stringStarts error path text
                      Expect.isFalse (error.Contains "hunter2") "not shown"
                  | errors -> failtest $"{text}: %A{errors}"

              for text in [ "[sessions]"; "[sessions.web]"; "[sessions.web]\nmeta = []" ] do
                  Expect.isEmpty (mistakes (SessionToml.parse "session.toml" text)) text
          }

          test "meta is a section of texts" {
              let _, errors = read [ "meta", "x" ]
              Expect.hasLength errors 1 "a text"
              let settings, errors = read [ "meta:a", "1"; "meta:b:c", "2" ]
              Expect.hasLength errors 1 "a section in it"
              Expect.equal settings.Meta (Map [ "a", "1" ]) "the rest is read"
          } ]
