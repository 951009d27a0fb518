/// Calls that are cancelled, and the rest of the record of functions.
module internal Runa.Session.Conformance.CancellationTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Records

/// None: it was cancelled.
let private outcome (call: unit -> ValueTask<'T>) : Task<'T voption> =
    task {
        try
            let! answer = call ()
            return ValueSome answer
        with :? OperationCanceledException ->
            return ValueNone
    }

let private isOneOf (what: string) (allowed: SessionRecord list) (actual: SessionRecord voption) =
    match actual, allowed with
    | ValueNone, [] -> ()
    | ValueSome actual, _ when List.contains actual allowed -> ()
    | ValueSome actual, first :: _ -> actual |> shouldBe what first
    | ValueSome _, [] -> failtest $"{what}: something is there"
    | ValueNone, _ -> failtest $"{what}: nothing is there"

/// Each function with this token, against records of its own: a call that says it was done was done, and one that was
/// cancelled was done whole or not at all.
let private each (bench: Bench) (newToken: unit -> CancellationToken) =
    task {
        let driver = bench.Driver
        let scope = newScope ()
        let record () = live scope bench.Now |> withIdle (bench.Now + TimeSpan.FromMinutes 20.)

        let created, key = record (), newKey ()
        let token = newToken ()
        let! answer = outcome (fun () -> driver.Create key created token)
        let! loaded = Ask.load driver key

        match answer, loaded with
        | ValueSome true, loaded -> loaded |> shouldBeThere "created" created
        | ValueSome false, _ -> failtest "Create says of a fresh key that it exists"
        | ValueNone, ValueNone -> ()
        | ValueNone, loaded -> loaded |> shouldBeThere "created though cancelled" created

        let first = record ()
        let! key = Ask.store driver first
        let token = newToken ()
        let! answer = outcome (fun () -> driver.Load key token)
        answer |> ValueOption.iter (shouldBeThere "loaded" first)

        let second = first |> again |> withValue "visits" "2"
        let token = newToken ()
        let! answer = outcome (fun () -> driver.Replace key first.Version second token)
        let! loaded = Ask.load driver key

        match answer with
        | ValueSome answer ->
            answer |> Ask.isReplaced "replaced"
            loaded |> shouldBeThere "replaced" second
        | ValueNone -> loaded |> isOneOf "replaced or not" [ first; second ]

        let later = bench.Now + TimeSpan.FromMinutes 30.
        let before = loaded.Value
        let touched = SessionRecord.touch later before
        let token = newToken ()
        let! answer = outcome (fun () -> driver.Touch key later token)
        let! loaded = Ask.load driver key

        match answer with
        | ValueSome answer ->
            answer |> Expect.isTrue "touched"
            loaded |> shouldBeThere "touched" touched
        | ValueNone -> loaded |> isOneOf "touched or not" [ before; touched ]

        let before = loaded.Value
        let token = newToken ()
        let! answer = outcome (fun () -> driver.Delete key token)
        let! loaded = Ask.load driver key

        match answer with
        | ValueSome removed ->
            removed |> shouldBeThere "removed" before
            loaded |> shouldBeGone "removed"
        | ValueNone when loaded.IsSome -> loaded |> shouldBeThere "not removed" before
        | ValueNone -> ()
    }

let tests (under: DriverUnderTest) : Test =
    let test = Bench.test under

    testList
        "cancellation"
        [ test [ Need.Store ] "promise 15: a call that is cancelled before it begins is done whole or not at all"
          <| fun bench -> each bench (fun () -> CancellationToken true)

          test [ Need.Store ] "promise 15: a call that is cancelled while it runs is done whole or not at all"
          <| fun bench ->
              task {
                  for round in 1..40 do
                      let sources = ResizeArray<CancellationTokenSource>()

                      let soon () =
                          let source = new CancellationTokenSource()
                          sources.Add source

                          Task.Run(fun () ->
                              Thread.SpinWait(round * 100)
                              source.Cancel())
                          |> ignore

                          source.Token

                      do! each bench soon
              }

          test [ Need.Store ] "a store that is there answers a ping"
          <| fun bench -> task { do! bench.Driver.Ping CancellationToken.None }

          test [ Need.Store ] "promise 25: what was stored outlives the driver that stored it"
          <| fun bench ->
              task {
                  let! other = bench.OpenAnother()
                  let record = live (newScope ()) bench.Now
                  let! key = Ask.store other record
                  do! other.Dispose()
                  let! third = bench.OpenAnother()
                  let! loaded = Ask.load third key
                  loaded |> shouldBeThere "by another driver" record
                  let! loaded = Ask.load bench.Driver key
                  loaded |> shouldBeThere "and by the one that was open" record
              } ]
