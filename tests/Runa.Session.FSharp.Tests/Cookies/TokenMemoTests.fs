/// Promises 1, 2, 6, 9 and 24 with a memory of verified tokens: only genuine tokens enter it, and the store is still asked.
module Runa.Session.Tests.TokenMemoTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.TestSupport

let private first = "0123456789abcdefghijklmnopqrstuvwxyz-first"
let private second = "0123456789abcdefghijklmnopqrstuvwxyz-second"
let private tokens secrets name = SessionToken(KeyRing.ofSecrets secrets, Some "shop", name)

let private make (tokens: SessionToken) : struct (string * StoreKey) =
    let token = tokens.Create()
    struct (token.Text, token.Key)

let private read (tokens: SessionToken) (text: string) : StoreKey option =
    match tokens.Read(text.AsSpan()) with
    | TokenReading.Genuine token -> Some token.Key
    | TokenReading.Foreign
    | TokenReading.Malformed -> None

/// Creates tokens and reads each once.
let private warm (tokens: SessionToken) (count: int) : struct (string * StoreKey)[] =
    let made = Array.init count (fun _ -> make tokens)

    for struct (text, key) in made do
        Expect.equal (read tokens text) (Some key) "genuine"

    made

let private whatEnters =
    testList
        "what enters it"
        [ test "a token enters when it was verified, once" {
              let web = tokens [ first ] "web"
              let struct (text, key) = make web
              Expect.equal web.Memo.Count 0 "not when it is made"

              for _ in 1..3 do
                  Expect.equal (read web text) (Some key) "the same key each time"

              Expect.equal web.Memo.Count 1 "once"
          }

          test "promise 6: forged and foreign tokens never enter" {
              let web = tokens [ first ] "web"
              let others = [ tokens [ second ] "web"; tokens [ first ] "admin" ]

              for other in others do
                  for struct (text, _) in warm other 100 do
                      Expect.isNone (read web text) "not ours"

              for text in [ ""; "x"; String('A', 68); String('_', 68) ] do
                  Expect.isNone (read web text) "no token"

              Expect.equal web.Memo.Count 0 "nothing entered"
          }

          test "promise 6: 100,000 mutated cookies are refused with a warm memo, and leave it as it was" {
              let web = tokens [ first ] "web"
              let made = warm web 200
              let known = web.Memo.Count
              let random = Random 7
              let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
              let mutable accepted = 0

              for round in 1..100_000 do
                  let struct (text, _) = made[round % made.Length]
                  let letters = text.ToCharArray()
                  let at = random.Next letters.Length
                  letters[at] <- alphabet[(alphabet.IndexOf letters[at] + 1 + random.Next 63) % 64]

                  if (read web (String letters)).IsSome then
                      accepted <- accepted + 1

              Expect.equal accepted 0 "accepted"
              Expect.equal web.Memo.Count known "known"

              for struct (text, key) in made do
                  Expect.equal (read web text) (Some key) "the genuine ones are as good as before"
          }

          test "promise 24: each key ring has its own, so a token of a removed secret is foreign" {
              let both = tokens [ first; second ] "web"
              let old = tokens [ second ] "web"
              let struct (text, _) = (warm old 1)[0]
              Expect.isSome (read both text) "while the secret is there"
              Expect.isNone (read (tokens [ first ] "web") text) "when it is gone"
          } ]

let private capacity =
    testList
        "how much it holds"
        [ test "it grows with the visitors" {
              let web = tokens [ first ] "web"
              Expect.isLessThan web.Memo.Capacity 1_000 "small at first"
              let made = warm web 10_000
              // Some are displaced before it has grown; a second round brings them back.
              for struct (text, key) in made do
                  Expect.equal (read web text) (Some key) "genuine"

              Expect.isGreaterThan web.Memo.Count 9_000 "it knows most of them"
          }

          test "it is bounded" {
              let memo = TokenMemo()
              let random = Random 11

              for number in 1..600_000 do
                  let mutable words = TokenWords()
                  random.NextBytes(TokenWords.Bytes &words)
                  memo.Add(GenuineToken(words, StoreKey(uint64 number, 0UL)))

              Expect.equal memo.Capacity 262_144 "places"
              Expect.isLessThanOrEqual memo.Count 262_144 "tokens"
          } ]

let private races =
    testTask "readers and writers at once get the right key each time" {
        let web = tokens [ first ] "web"
        let made = Array.init 5_000 (fun _ -> make web)
        let mutable wrong = 0

        let reading (seed: int) =
            Task.Run(fun () ->
                let random = Random seed

                for _ in 1..20_000 do
                    let struct (text, key) = made[random.Next made.Length]

                    if read web text <> Some key then
                        Interlocked.Increment &wrong |> ignore)

        do! Task.WhenAll [ for seed in 1..4 -> reading seed ]
        Expect.equal wrong 0 "wrong keys"
    }

/// Tokens that share a set and a mark, so that each displaces another one.
let private alike: GenuineToken[] =
    Array.init 16 (fun number ->
        let mutable words = TokenWords()
        (TokenWords.Bytes &words)[50] <- byte number
        GenuineToken(words, StoreKey(0UL, uint64 number)))

let private displacing =
    testTask "promise 2: who asks while tokens displace each other finds the same token or none" {
        let memo = TokenMemo()
        let mutable wrong = 0
        let mutable isAdding = true

        let adding =
            Task.Run(fun () ->
                for _ in 1..200_000 do
                    alike |> Array.iter memo.Add

                Volatile.Write(&isAdding, false))

        let reading =
            Task.Run(fun () ->
                while Volatile.Read &isAdding do
                    for token in alike do
                        let words = token.Words

                        match memo.TryFind &words with
                        | null -> ()
                        | found when found.Key = token.Key -> ()
                        | _ -> wrong <- wrong + 1)

        do! Task.WhenAll [ adding; reading ]
        Expect.equal wrong 0 "another visitor's token"
    }

let private store =
    testTask "promise 9: the store is asked for each request, so a revoked session is gone at once" {
        let clock = clock ()
        let driver = TestDriver.Counting(memory clock)
        use registry = registry clock driver.Driver
        let signIn = Session.signIn "alice"
        let! (signedIn: Committed) = SessionRegistry.update "web" None signIn CancellationToken.None registry
        let header = cookieHeader signedIn.Cookies
        driver.Forget()

        for _ in 1..3 do
            let! (session: Session) = SessionRegistry.load "web" header CancellationToken.None registry
            Expect.equal (Session.status session) SessionStatus.Active "there"

        Expect.equal (driver.Count StoreOperation.Load) 3 "asked each time"
        let! (ended: int) = SessionRegistry.revokeOwner "web" "alice" CancellationToken.None registry
        Expect.equal ended 1 "ended"
        let! (session: Session) = SessionRegistry.load "web" header CancellationToken.None registry
        Expect.equal (Session.status session) SessionStatus.Expired "gone"
    }

[<Tests>]
let tests = testList "TokenMemo" [ whatEnters; capacity; races; displacing; store ]
