/// What somebody finds who has read the whole store.
module internal Runa.Session.Conformance.DumpTests

open System
open System.Buffers.Text
open System.Text
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Sites

let private has (part: byte[]) (dump: byte[]) : bool =
    MemoryExtensions.IndexOf(ReadOnlySpan dump, ReadOnlySpan part) >= 0

/// The ways in which bytes could stand in a dump.
let private spellings (bytes: byte[]) : (string * byte[]) list =
    let ascii (text: string) = Encoding.ASCII.GetBytes text
    let hex = Convert.ToHexString bytes

    [ "raw", bytes
      "base64url", ascii (Base64Url.EncodeToString(ReadOnlySpan bytes))
      "base64", ascii (Convert.ToBase64String bytes)
      "hex", ascii hex
      "small hex", ascii (hex.ToLowerInvariant()) ]

let private textSpellings (text: string) : (string * byte[]) list =
    ("UTF-16", Encoding.Unicode.GetBytes text) :: spellings (Encoding.UTF8.GetBytes text)

/// A token is 51 bytes: version, 2 bytes of key id, 32 of the id, 16 of the tag.
let private ofToken (token: string) : (string * byte[]) list =
    let bytes = Base64Url.DecodeFromChars(token.AsSpan())
    bytes.Length |> Expect.equal "a token's bytes" 51

    [ for how, part in textSpellings token -> $"the token ({how})", part
      for how, part in spellings bytes -> $"the token's bytes ({how})", part
      // 30 of the 32, at a boundary of three where base64 is read: whatever stands around it.
      for how, part in spellings bytes[3..32] -> $"the id ({how})", part
      for how, part in spellings bytes[35..49] -> $"the tag ({how})", part ]

let private dump (bench: Bench) : Task<byte[]> = bench.Under.Dump.Value()

let private holds (what: string) (text: string) (dump: byte[]) =
    textSpellings text
    |> List.exists (fun (_, part) -> has part dump)
    |> Expect.isTrue $"{what} stands in the dump, or it is no dump"

let private holdsNot (parts: (string * byte[]) list) (dump: byte[]) =
    for what, part in parts do
        if has part dump then
            failtest $"the store holds {what}"

let private newMarker () = $"marker{Guid.NewGuid():N}"

let tests (under: DriverUnderTest) : Test =
    let test name = Bench.test under [ Need.Store; Need.Dump ] name

    testList
        "dump"
        [ test "promise 1: no token and no id is in a dump of the store"
          <| fun bench ->
              task {
                  use site = start bench
                  let browser, marker, owner = Browser(), newMarker (), Records.newOwner ()
                  let mutable tokens = []

                  for step in
                      [ Session.set text marker
                        Session.signIn owner
                        increment
                        Session.regenerate
                        Session.flash notice "hello" ] do
                      let! _ = site.Step browser step
                      tokens <- browser.Values @ tokens

                  let! found = dump bench
                  found |> holds "a value" marker
                  found |> holds "the owner" owner

                  for token in List.distinct tokens do
                      found |> holdsNot (ofToken token)
              }

          test "sealed: no value is in a dump of the store, and the cookie opens it"
          <| fun bench ->
              task {
                  let application = Site.NewApplication()

                  let start () =
                      new Site(
                          bench.Driver,
                          bench.Clock,
                          application,
                          Site.Secrets,
                          fun o -> { settings bench o with Sealed = true }
                      )

                  use site = start ()
                  use other = start ()
                  let browser, owner = Browser(), Records.newOwner ()
                  let value, flash, key, claim = newMarker (), newMarker (), newMarker (), newMarker ()
                  let marked = SessionKey.create<string> key

                  let! _ =
                      site.Step
                          browser
                          (Session.signInWith owner (Map [ "claim", [ claim ] ])
                           >> Session.set marked value
                           >> Session.flash notice flash)

                  let reads (site: Site) =
                      task {
                          let! session = site.Load browser
                          Session.tryGet marked session |> Expect.equal "opened" (Some value)
                          Session.takeFlashes notice session |> fst |> Expect.equal "flash" [ flash ]
                          Session.owner session |> Expect.equal "owner" (Some owner)
                      }

                  do! reads site
                  do! reads other
                  let! _ = other.Step browser (increment >> Session.regenerate)
                  do! reads site
                  let! found = dump bench
                  found |> holds "the owner" owner

                  for what, marker in [ "a value", value; "a flash", flash; "the name of a key", key ] do
                      found |> holdsNot [ for how, part in textSpellings marker -> $"{what} ({how})", part ]

                  for token in browser.Values do
                      found |> holdsNot (ofToken token)
              }

          test "promise 8: a visitor for whom nothing is stored has no record"
          <| fun bench ->
              task {
                  let writes = ref 0

                  let watched =
                      { bench.Driver with
                          Create =
                              fun key record token ->
                                  Interlocked.Increment writes |> ignore
                                  bench.Driver.Create key record token }

                  use site = new Site(watched, bench.Clock, Site.NewApplication(), Site.Secrets, settings bench)
                  let browser, marker = Browser(), newMarker ()
                  let! _ = site.Step browser id
                  let! _ = site.Step browser (Session.set text marker >> Session.flash notice marker >> Session.clear)
                  writes.Value |> Expect.equal "the driver was asked for none" 0
                  let! found = dump bench
                  found |> holdsNot [ for how, part in textSpellings marker -> $"a value ({how})", part ]
              }

          test "promise 9: no value of an ended session is left in the store"
          <| fun bench ->
              task {
                  use site = start bench
                  let browser, marker = Browser(), newMarker ()
                  let! _ = site.Step browser (Session.set text marker)
                  let! _ = site.Step browser Session.regenerate
                  let! _ = site.Step browser Session.destroy
                  let! found = dump bench
                  found |> holdsNot [ for how, part in textSpellings marker -> $"a value ({how})", part ]
              } ]
