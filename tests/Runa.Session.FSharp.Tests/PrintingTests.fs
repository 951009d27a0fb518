/// Promise 5: what is printed, by accident or in a log, has no value, owner, id, token or secret in it.
module Runa.Session.Tests.PrintingTests

open System
open System.Threading
open Expecto
open Microsoft.Extensions.Logging
open Runa.Session

let private secret = "S3CRET-0123456789abcdefghijklmnopqrstuvwxyz"
let private value = "V4LUE-card-number"
let private owner = "0WNER-alice"
let private label = "L4BEL-firefox"
let private agent = "4GENT-mozilla"
let private key = SessionKey.create<string> "note"

let private session =
    Session.empty "web"
    |> Session.signInWith owner (Map [ "role", [ value ] ])
    |> Session.withLabel label
    |> Session.withClient (Some "4DDRESS") (Some agent)
    |> Session.set key value
    |> Session.flash key value

let private setup =
    SessionSetup.empty |> SessionSetup.application "shop" |> SessionSetup.secrets [ secret ]

let private record: SessionRecord =
    { Version = RecordVersion.RecordVersion 1L
      Scope = "shop/web"
      State = session.State
      IdleExpiresAt = ValueNone
      Kind = RecordKind.Live }

/// Every way in which .NET and F# make text of a value.
let private printed (thing: objnull) : string list =
    let structured = ResizeArray<string>()

    let log =
        { new ILogger with
            member _.IsEnabled _ = true
            member _.BeginScope _ = null
            member _.Log(_, _, state, error, formatter) = structured.Add(formatter.Invoke(state, error)) }

    log.LogInformation("{Thing} {@Thing}", thing, thing)

    [ string thing
      $"{thing}"
      $"%A{thing}"
      $"%O{thing}"
      sprintf "%+A" thing
      $"%A{[ thing ]}"
      $"%A{Some thing}"
      $"%A{(1, thing)}"
      String.Format("{0}", thing)
      yield! structured ]

let private tells (hidden: string list) (name: string) (thing: objnull) =
    for text in printed thing do
        for secret in hidden do
            Expect.isFalse (text.Contains(secret, StringComparison.OrdinalIgnoreCase)) $"{name} printed {text}"

[<Tests>]
let tests =
    testList
        "Printing"
        [ test "promise 5: sessions, states, records, flashes and errors print no value, owner, label, client or claim" {
              let undecodable =
                  match Session.decode (SessionKey.create<Map<string, int>> "note") session with
                  | Error error -> error
                  | Ok _ -> failtest "it was decoded"

              let refused: DecodeError = { Key = "note"; Type = "Int32"; Reason = value }
              let storeKey = StoreKey.ofBytes (ReadOnlySpan(Array.zeroCreate 16))

              for name, thing in
                  [ "Session", box session
                    "SessionState", box session.State
                    "SessionRecord", box record
                    "RecordKind", box (RecordKind.Moved storeKey)
                    "OwnedRecord", box ({ Key = storeKey; Record = record }: OwnedRecord)
                    "OwnedPage",
                    box (
                        { Items = [ { Key = storeKey; Record = record } ]
                          Unreadable = [ storeKey ]
                          Next = Some owner }
                        : OwnedPage
                    )
                    "ReplaceResult", box (ReplaceResult.Conflict record)
                    "Flash", box session.State.Flashes.Head
                    "DecodeError", box undecodable
                    "DecodeError", box refused
                    "Committed", box ({ Session = session; Cookies = [ $"a={value}" ] }: Committed)
                    "Codec", box Codec.json<string>
                    "SessionKey", box key
                    "SessionClient", box (Session.client session) ] do
                  tells [ value; owner; label; "4DDRESS"; agent; "AAAAAAAA" ] name thing
          }

          test "promise 5: a session prints its name and status" {
              Expect.equal (string session) "Session \"web\" (New)" "ToString"
              Expect.equal $"%A{session}" "Session \"web\" (New)" "%%A"
          }

          test "promise 5: store keys, tokens, places and handles print none of their characters" {
              use registry = SessionRegistry.create setup
              let web = Engine.definition registry "web"
              let made = web.Token.Create()
              let token, storeKey = made.Text, made.Key
              let hidden = [ token; StoreKey.toText storeKey; string storeKey.High; string storeKey.Low ]
              let hex = [ Convert.ToHexString(StoreKey.toBytes storeKey); $"{storeKey.High:x}" ]

              let owned: OwnedSession =
                  { Handle = StoreKey.toText storeKey
                    Label = Some label
                    Client = Some { Address = Some label; Agent = Some label }
                    Device = SessionDevice.Bound
                    CreatedAt = DateTimeOffset.UnixEpoch
                    SignedInAt = None
                    LastSeenAt = DateTimeOffset.UnixEpoch
                    EndsAt = DateTimeOffset.UnixEpoch }

              for name, thing in
                  [ "StoreKey", box storeKey
                    "TokenReading", box (TokenReading.Genuine made)
                    "GenuineToken", box made
                    "RecordKind", box (RecordKind.Moved storeKey)
                    "OwnedSession", box owned
                    "SessionToken", box web.Token
                    "Place", box ({ Token = made; Pieces = 0 }: Place)
                    "CookieChange", box (CookieChange.Set(token.AsMemory(), DateTimeOffset.UnixEpoch, 0))
                    "SessionDefinition", box web
                    "SessionRegistry", box registry ] do
                  tells (hidden @ hex) name thing
          }

          test "promise 24: setups, their parts, key rings and registries print no secret" {
              use registry = SessionRegistry.create setup
              let ring = KeyRing.ofSecrets [ secret ]
              let derived = [ for part in ring.Keys[0].Token[..3] -> string part ]

              for name, thing in
                  [ "SessionSetup", box setup
                    "SetupParts", box setup.Parts
                    "KeyRing", box ring
                    "SecretKey", box ring.Keys[0]
                    "SessionRegistry", box registry
                    "SessionInfo", box (SessionRegistry.info registry) ] do
                  tells [ secret; String.Join("uy; ", derived) ] name thing
          }

          test "promise 5: what commit answers prints no cookie" {
              use registry = SessionRegistry.create setup

              let committed =
                  task {
                      let! session = SessionRegistry.load "web" None CancellationToken.None registry
                      return! SessionRegistry.commit (Session.set key value session) CancellationToken.None registry
                  }

              let committed = committed.GetAwaiter().GetResult()
              Expect.hasLength committed.Cookies 1 "one cookie"
              let token = committed.Cookies[0].Split([| '='; ';' |])[1]
              Expect.equal token.Length 68 "a token"
              tells [ token; value ] "Committed" committed
          } ]
