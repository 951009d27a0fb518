/// An owner of very many sessions: bounded by calls of the store, since seconds depend on the machine.
module internal Runa.Session.Conformance.ManyTests

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Records
open Runa.Session.Conformance.OwnerLists
open Runa.Session.Conformance.Sites

/// Generous: only what grows with the square of the sessions takes so long.
let private limit = TimeSpan.FromMinutes 2.

/// The calls of one driver.
[<Sealed>]
type private Counted(driver: SessionDriver) =
    let lists, deletes, others = ref 0, ref 0, ref 0

    member _.Reset() =
        for counter in [ lists; deletes; others ] do
            counter.Value <- 0

    /// As many as twice the pages, and a few.
    member _.AreFew (what: string) (sessions: int) =
        let most = 2 * (sessions / 100 + 1) + 10

        for name, counter in [ "List", lists; "Delete and DeleteMany", deletes; "other calls", others ] do
            if counter.Value > most then
                failtest $"{what}: {counter.Value} of {name} for {sessions} sessions, at most {most} are needed"

    member _.Driver: SessionDriver =
        let count (counter: int ref) = Interlocked.Increment &counter.contents |> ignore
        let index = driver.Owners.Value

        { driver with
            Load =
                fun key token ->
                    count others
                    driver.Load key token
            Replace =
                fun key version record token ->
                    count others
                    driver.Replace key version record token
            Touch =
                fun key idleExpiresAt token ->
                    count others
                    driver.Touch key idleExpiresAt token
            Delete =
                fun key token ->
                    count deletes
                    driver.Delete key token
            DeleteMany =
                fun keys token ->
                    count deletes
                    driver.DeleteMany keys token
            Owners =
                ValueSome
                    { index with
                        List =
                            fun scope owner from token ->
                                count lists
                                index.List scope owner from token } }

let private timed (what: string) (work: unit -> Task<'T>) : Task<'T> =
    task {
        let watch = Stopwatch.StartNew()
        let! result = work ()

        if watch.Elapsed > limit then
            failtest $"{what} took {watch.Elapsed}"

        return result
    }

let tests (under: DriverUnderTest) : Test =
    let many = under.OwnedMany
    let test = Bench.test under [ Need.Owners ]

    testList
        "many"
        [ test $"promise 27: {many} records of an owner are listed in full pages, each once, and deleted by the page"
          <| fun bench ->
              task {
                  let scope = newScope ()
                  let keys = Array.init many (fun _ -> newKey ())
                  do! createAll bench keys (fun _ -> owned scope "alice" bench)
                  let! bobs = Ask.store bench.Driver (owned scope "bob" bench)
                  let! pages = timed "listing" (fun () -> pages bench.Owners scope "alice" None)
                  let found = pages |> List.map (fun page -> page.Items |> List.map _.Key)
                  let texts (keys: StoreKey seq) = keys |> Seq.map StoreKey.toText |> Set.ofSeq
                  found |> List.sumBy List.length |> Expect.equal "as many as there are" many
                  (texts (List.concat found) = texts keys) |> Expect.isTrue "each once"
                  (found.Length, 2 * (many / 100 + 1)) |> Expect.isLessThanOrEqual "pages are full"

                  let! deleted =
                      timed "deleting" (fun () ->
                          task {
                              let mutable deleted = 0

                              for keys in found do
                                  let! page = Ask.deleteMany bench.Driver keys
                                  deleted <- deleted + page.Length

                              return deleted
                          })

                  deleted |> Expect.equal "all" many
                  do! lists bench "none is left" scope "alice" []
                  do! lists bench "but bob's" scope "bob" [ bobs ]
              }

          test $"promise 27: an owner of {many} sessions lists them, ends all others, and all, by the page"
          <| fun bench ->
              task {
                  let counted = Counted bench.Driver
                  use site = new Site(counted.Driver, bench.Clock, Site.NewApplication(), Site.Secrets, settings bench)
                  let! browser = signedIn site "alice"
                  let! key = site.KeyOf browser
                  let! record = Ask.load bench.Driver key
                  let scope = record.Value.Scope
                  let keys = Array.init many (fun _ -> newKey ())
                  do! createAll bench keys (fun _ -> owned scope "alice" bench)
                  counted.Reset()
                  let! found = timed "the list" (fun () -> site.ForOwner "alice")
                  found |> Expect.hasLength "listed" (many + 1)
                  counted.AreFew "the list" many
                  let! mine = site.Load browser
                  counted.Reset()

                  let! ended =
                      timed "ending all others" (fun () ->
                          SessionRegistry.revokeOthers mine CancellationToken.None site.Registry)

                  ended |> Expect.equal "all others" many
                  counted.AreFew "ending all others" many
                  let! alive = isAlive site browser
                  alive |> Expect.isTrue "its own"
                  do! createAll bench keys (fun _ -> owned scope "alice" bench)
                  counted.Reset()
                  let! ended = timed "ending all" (fun () -> site.RevokeOwner "alice")
                  ended |> Expect.equal "all" (many + 1)
                  counted.AreFew "ending all" many
                  let! alive = isAlive site browser
                  alive |> Expect.isFalse "its own, too"
                  do! createAll bench keys (fun _ -> owned scope "alice" bench)
                  let! ended =
                      timed "ending everybody's" (fun () ->
                          (bench.Owners.DeleteAll scope CancellationToken.None).AsTask())
                  ended |> Expect.equal "everybody's" many
              } ]
