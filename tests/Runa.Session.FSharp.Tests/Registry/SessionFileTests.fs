module Runa.Session.Tests.SessionFileTests

open System
open System.IO
open System.Text
open Expecto
open Runa.Session

let private mistakes (toml: string) : string list =
    let path = Path.GetTempFileName()

    try
        File.WriteAllText(path, toml)
        SessionFile.mistakes path |> List.map _.Replace(path, "session.toml")
    finally
        File.Delete path

[<Tests>]
let tests =
    testList
        "SessionFile"
        [ test "promise 23: a file is right without a secret, and with drivers and sessions of the application" {
              let toml =
                  "[sessions.web]\nttl = '2h'\ndriver = 'vault'\n[sessions.shop]\ndriver = 'redis'\nsealed = true\n"
              Expect.isEmpty (mistakes toml) "no mistakes"
              Expect.isEmpty (mistakes "") "an empty file"
          }
          test "promise 23: all mistakes of a file are found at once" {
              let found =
                  mistakes
                      "[sessions.web]\nttl = '2 hours'\ntll = '1h'\nidle_timeout = '500h'\n[sessions.shop]\ncookie_name = '__Host-runa_session'\ndriver = 'memry'\n[sessions.hint]\ndriver = 'cookie'\nidle_timeout = '5m'\n[sessions.'a b']\nttl = '1h'\n"

              for expected in
                  [ "session:sessions:web:ttl = \"2 hours\": expected a duration"
                    "session:sessions:web:tll: unknown key. Did you mean \"ttl\"?"
                    "session \"web\": idle_timeout = "
                    "sessions \"shop\" and \"web\": cookie_name = \"__Host-runa_session\""
                    "session \"shop\": driver = \"memry\": there is no such driver. Did you mean \"memory\"?"
                    "session \"hint\": idle_timeout: a session in its cookie"
                    "session \"a b\": a session's name is"
                    "session \"a b\": cookie_name = \"__Host-runa_a b_session\"" ] do
                  let isFound = found |> List.exists _.StartsWith(expected, StringComparison.Ordinal)
                  Expect.isTrue isFound $"{expected} is among {found}"

              Expect.hasLength found 8 "nothing else is a mistake"
          }
          test "promise 23: clear_site_data is a list, and an entry that is no kind of data is told with its line" {
              for right in [ "['cookies', 'storage', 'cache', 'executionContexts', '*']"; "[]"; "'*'" ] do
                  Expect.isEmpty (mistakes $"[sessions.web]\nclear_site_data = {right}\n") right

              match mistakes "[sessions.web]\nttl = '1h'\nclear_site_data = ['cookies',\n  'cookeis']\n" with
              | [ sentence ] ->
                  Expect.stringStarts
                      sentence
                      "session:sessions:web:clear_site_data:1 = \"cookeis\": expected cookies, storage"
                      "which entry"

                  Expect.stringEnds sentence " It stands in session.toml, line 4." "where"
              | found -> failtest $"%A{found}"
          }
          test "promise 23: device_bound is read, and what is wrong with it is told, with the library's drivers too" {
              for right in [ "off"; "offer"; "require" ] do
                  Expect.isEmpty (mistakes $"[sessions.web]\ndevice_bound = '{right}'\ndriver = 'redis'\n") right

              for toml, expected in
                  [ "ttl = '1h'\ndevice_bound = true",
                    "session:sessions:web:device_bound = \"true\": expected off, offer, require. It stands in session.toml, line 3."
                    "device_bound = 'offer'\npartitioned = true",
                    "session \"web\": device_bound = offer: browsers refuse"
                    "device_bound = 'require'\ndriver = 'cookie'",
                    "session \"web\": device_bound = require: the driver \"cookie\" keeps"
                    "device_bound = 'require'\ndriver = 'cache:orders'",
                    "session \"web\": device_bound = require: the driver \"cache:orders\" cannot compare and swap" ] do
                  match mistakes $"[sessions.web]\n{toml}\n" with
                  | [ sentence ] -> Expect.stringStarts sentence expected toml
                  | found -> failtest $"%A{found}"
          }
          test "promise 29: rotate on a driver of the library that cannot compare and swap is told" {
              Expect.isEmpty (mistakes "[sessions.web]\nrotate = '15m'\ndriver = 'sql'\n") "sql"

              for driver in [ "cookie"; "cache"; "cache:orders" ] do
                  match mistakes $"[sessions.web]\nrotate = '15m'\ndriver = '{driver}'\n" with
                  | [ sentence ] ->
                      Expect.stringStarts
                          sentence
                          $"session \"web\": rotate = 15m: the driver \"{driver}\" cannot compare and swap"
                          driver
                  | found -> failtest $"%A{found}"
          }
          test "a file that clashes with a default session is told so" {
              let found = mistakes "[sessions.shop]\ncookie_name = '__Host-runa_session'\n"
              Expect.hasLength found 1 "one mistake"
              Expect.stringContains found[0] "cookie_name" "names the setting"
          }
          test "promise 23: deviations from a profile are told, those of the library's drivers too" {
              let found =
                  mistakes
                      "[sessions.web]\nprofile = 'asvs-l2'\ndriver = 'cache:orders'\nidle_timeout = '30m'\n[sessions.admin]\nprofile = 'asvs-l3'\n"

              let expected =
                  [ "session:sessions:admin:profile = \"asvs-l3\": expected asvs-l2, nist-aal2, nist-aal3."
                    "session \"web\": profile = \"asvs-l2\": driver = \"cache:orders\": ASVS 7.4.2" ]
              Expect.hasLength found 2 "two mistakes"
              for mistake in expected do
                  Expect.isTrue
                      (found |> List.exists _.StartsWith(mistake, StringComparison.Ordinal))
                      $"{mistake}: {found}"
          }
          test "a value where sections are expected is a mistake" {
              Expect.hasLength (mistakes "sessions = 5\n") 1 "of all sessions"
              Expect.hasLength (mistakes "[sessions]\nweb = '2h'\n") 1 "of one"
          }
          test "promise 23: a session that the application does not register is a mistake, once its sessions are known" {
              let path = Path.GetTempFileName()

              try
                  File.WriteAllText(
                      path,
                      "[sessions.admn]\nttl = '2h'\n[sessions.shop]\nttl = '2h'\n[sessions.Web]\nttl = '2h'\n"
                  )
                  Expect.isEmpty (SessionFile.mistakes path) "every session counts as registered"
                  let found = SessionFile.mistakesFor [ "shop" ] path
                  Expect.hasLength found 1 "shop is registered, and web is so always"
                  Expect.equal
                      found[0]
                      $"session:sessions:admn: there is no session \"admn\". Did you mean \"admin\"? Known: admin, api, shop, web. Register it with SessionSetup.session (in C#: AddSession). It stands in {path}, line 1."
                      "the misspelt one"
                  Expect.hasLength (SessionFile.mistakesFor [] path) 2 "none is registered"
              finally
                  File.Delete path
          }
          test "promise 23: a mistake is told with the file and the line" {
              let found =
                  mistakes
                      "# comment\n[sessions.web]\nttl = '2 hours'\n\n[sessions.\"shop\"]\ncookie_path = '/'\n'tll' = '1h'\nmeta = { team = ['a'] }\n[sessions]\nhint.max_bytes = 0\n"

              for start, place in
                  [ "session:sessions:web:ttl = ", "session.toml, line 3."
                    "session:sessions:shop:tll: ", "session.toml, line 7."
                    "session:sessions:shop:meta:team: ", "session.toml, line 8."
                    "session:sessions:hint:max_bytes = ", "session.toml, line 10." ] do
                  match found |> List.filter _.StartsWith(start, StringComparison.Ordinal) with
                  | [ mistake ] -> Expect.stringEnds mistake $" It stands in {place}" start
                  | _ -> failtest $"{start}: %A{found}"
          }
          test "promise 23: a table without sessions, and JSON in the place of TOML, are told with what is meant" {
              Expect.stringContains
                  (List.exactlyOne (mistakes "[web]\nttl = '2h'\n"))
                  "session.toml: unknown key \"web\". Did you mean [sessions.web]?"
                  "the session"
              Expect.isFalse
                  ((List.exactlyOne (mistakes "[logging]\nlevel = 'x'\n")).Contains "Did you mean")
                  "no table of settings"

              let path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid()}.json")

              try
                  File.WriteAllText(path, "{ \"session\": { \"sessions\": {} } }")
                  Expect.stringStarts
                      (List.exactlyOne (SessionFile.mistakes path))
                      $"{path}: a TOML file is expected, not JSON."
                      "nothing about tokens"
              finally
                  File.Delete path
          }
          test "a file that is missing or no TOML is a mistake with its path" {
              let missing = SessionFile.mistakes "no-such-folder/session.toml"
              Expect.hasLength missing 1 "one mistake"
              Expect.stringStarts
                  missing[0]
                  "The session configuration file \"no-such-folder/session.toml\" was not found: looked for /"
                  "the path as it was given, and the full one"
              Expect.isNonEmpty (mistakes "[sessions.web\n") "no TOML"
              Expect.throwsT<ArgumentException> (fun () -> SessionFile.mistakes " " |> ignore) "no path"
          }
          test "promise 24: a made secret is accepted, and no two are the same" {
              let secrets = List.init 100 (fun _ -> SessionSecret.create ())
              Expect.hasLength (List.distinct secrets) 100 "all differ"

              for secret in secrets do
                  Expect.hasLength (Convert.FromBase64String secret) 32 "32 bytes"
                  Expect.isEmpty (Secrets.check [ "app:secret", secret ]) "accepted"
                  Expect.isLessThan (Encoding.UTF8.GetByteCount secret) 45 "44 characters"
          } ]
