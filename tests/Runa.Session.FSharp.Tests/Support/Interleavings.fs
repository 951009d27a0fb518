/// Requests of one browser, and revocations from outside, over a store whose calls a scheduler orders.
module internal Runa.Session.Tests.Interleavings

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Primitives
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Deeds
open Runa.Session.Tests.Scheduler

let private template =
    let registry =
        setup (clock ()) (memory (clock ()))
        |> SessionSetup.session "web" (fun o -> { o with IdleTimeout = Some(TimeSpan.FromMinutes 20.) })
        |> SessionRegistry.create

    Engine.definition registry "web"

/// One execution: a store, and a session in it whose token the browser holds. `definition`: of that session.
type World(inner: TimeProvider -> SessionDriver, owner: string option, choose: Choose, ?definition: SessionDefinition) =
    let clock = clock ()
    let queues = CommitQueues()
    let scheduler = Scheduler(fun () -> queues.Behind)
    let mutable keys: StoreKey list = []
    // Every living state that stood under a key.
    let mutable history: (StoreKey * SessionState) list = []

    let remember key (record: SessionRecord) =
        keys <- key :: keys

        if not (SessionRecord.isTombstone record) then
            history <- (key, record.State) :: history

    // Which came first, a look at the session or a revocation, is told by the order of the calls: by a clock it would depend
    // on how fast this machine is, and a sign-in asks once more where it cannot tell.
    let mutable calls = 0
    let mutable looks: Map<int, int> = Map.empty
    // By owner; under "" those of everybody.
    let mutable revocations: Map<string, int> = Map.empty

    let next () =
        calls <- calls + 1
        calls

    /// An actor's look is its first one. What nobody runs as an actor looks anew each time.
    let look () =
        if scheduler.Actor = 0 || not (looks.ContainsKey scheduler.Actor) then
            looks <- looks.Add(scheduler.Actor, next ())

    let hasRevocationSinceLook (owner: string) =
        let look = defaultArg (looks.TryFind scheduler.Actor) 0
        [ owner; "" ] |> List.exists (fun owner -> defaultArg (revocations.TryFind owner) 0 > look)

    /// Keys are random, and so is their order in a listing: here it is one more choice.
    let ordered (index: OwnerIndex) : OwnerIndex =
        { index with
            List =
                fun scope owner from token ->
                    let page = (index.List scope owner from token).Result
                    let age (item: OwnedRecord) = keys |> List.findIndex (fun key -> key = item.Key)
                    let items = page.Items |> List.sortBy age
                    let isReversed = items.Length > 1 && choose 2 = 1
                    ValueTask<OwnedPage> { page with Items = (if isReversed then List.rev items else items) }
            Epoch =
                fun scope owner token ->
                    let epoch = (index.Epoch scope owner token).Result
                    let age = if hasRevocationSinceLook owner then TimeSpan.Zero else TimeSpan.MaxValue
                    ValueTask<OwnerEpoch> { epoch with Age = age }
            Advance =
                fun scope owner token ->
                    revocations <- revocations.Add(owner, next ())
                    index.Advance scope owner token
            DeleteAll =
                fun scope token ->
                    revocations <- revocations.Add("", next ())
                    index.DeleteAll scope token }

    let driver =
        let inner = inner clock

        scheduler.Driver
            { inner with
                Load =
                    fun key token ->
                        look ()
                        inner.Load key token
                Create =
                    fun key record token ->
                        remember key record
                        inner.Create key record token
                Replace =
                    fun key version record token ->
                        remember key record
                        inner.Replace key version record token
                Owners = inner.Owners |> ValueOption.map ordered }

    let named = { defaultArg definition template with Driver = driver; Clock = clock; Queues = queues }

    let first =
        let step (session: Session) =
            let session = session |> Session.set mark "before" |> Session.flash notice "hello"
            struct (Option.fold (fun session owner -> Session.signIn owner session) session owner, ())

        let stepped = Engine.run named null (Snapshot.none named) null WhenGone.StepAgain step
        stepped.AsTask().GetAwaiter().GetResult()

    let token = first.Snapshot.Place.Token.Text
    // So that touches are due.
    do clock.Advance(TimeSpan.FromMinutes 3.)

    let header (token: string) = StringValues $"{named.Settings.CookieName}={token}"

    member _.Named = named
    member _.Clock = clock
    member _.Scheduler = scheduler
    member _.Token = token

    /// What a request with this token finds.
    member _.Find(token: string) : Snapshot = (Engine.load named (header token)).AsTask().GetAwaiter().GetResult()

    /// Living records that none of the tokens leads to.
    member world.Orphans(tokens: string list) : int =
        let reached = tokens |> List.map (fun token -> (world.Find token).Place.Key)

        keys
        |> List.distinct
        |> List.except reached
        |> List.filter (fun key ->
            match (driver.Load key CancellationToken.None).AsTask().GetAwaiter().GetResult() with
            | ValueSome record -> not (SessionRecord.isTombstone record)
            | ValueNone -> false)
        |> List.length

    /// Whether that state once stood under the key of the token.
    member world.WasUnder(token: string, state: SessionState) =
        let key = (world.Find token).Place.Key
        history |> List.exists (fun (k, before) -> k = key && SessionState.same before state)

    /// A request with this token, in this process or in one of its own, by this clock or one that is off by so much. Never
    /// fails itself.
    member _.Do(deed: Deed, token: string, answer: Response -> unit, ?isApart: bool, ?skew: TimeSpan) : Task =
        let named = if isApart = Some true then { named with Queues = CommitQueues() } else named

        let named =
            match skew with
            | Some skew -> { named with Clock = SkewedClock(clock, skew) }
            | None -> named

        let mutable seen = []
        let mutable counted = false

        let see (session: Session) =
            seen <- session :: seen
            counted <- false
            session

        let stepping whenGone (step: Session -> Session) =
            task {
                let! loaded = Engine.load named (header token)
                let! stepped = Engine.run named null loaded null whenGone (fun s -> struct (step (see s), ()))
                return stepped.Cookie
            }


        let counting session =
            counted <- true
            increment session

        let work () =
            match tryStep counting deed, deed with
            | Some(whenGone, step), _ -> stepping whenGone step
            | None, Deed.Merge ->
                task {
                    let! loaded = Engine.load named (header token)
                    let wanted = Session.set note "merged" (see loaded.Session)

                    let! stepped =
                        Engine.run named null loaded wanted WhenGone.StepAgainUnlessOwned (fun s -> struct (s, ()))

                    counted <- stepped.IsWritten
                    return stepped.Cookie
                }
            | None, Deed.RevokeOwner ->
                task {
                    let! _ = OwnerSessions.revokeOwner named "alice" CancellationToken.None
                    return CookieChange.None
                }
            | None, _ ->
                task {
                    let! _ = OwnerSessions.revokeAll named CancellationToken.None
                    return CookieChange.None
                }

        task {
            let respond failure cookie =
                answer { Deed = deed; Failure = failure; Counted = counted; Seen = seen; Cookie = cookie }

            try
                let! cookie = work ()
                respond None cookie
            with e ->
                respond (Some e) CookieChange.None
        }

/// What one execution came to.
[<NoComparison; NoEquality>]
type Story =
    { World: World; Owner: string option; Responses: Response list; Trace: (int * StoreOperation) list }

let tokenOf (cookie: CookieChange) =
    match cookie with
    | CookieChange.Set(token, _, _) -> Some(string token)
    | _ -> None

/// Every token that was given out.
let tokens (story: Story) =
    story.World.Token :: (story.Responses |> List.choose (fun response -> tokenOf response.Cookie))

/// What the browser is left with, if the responses reach it in this order.
let jar (story: Story) (order: Response list) : string option =
    (Some story.World.Token, order)
    ||> List.fold (fun held response ->
        match response.Cookie with
        | CookieChange.None -> held
        | CookieChange.Expire _ -> None
        | CookieChange.Set(token, _, _) -> Some(string token))

/// Each request by the clock of a node of its own, which is off by so much (promise 28).
let runOn (skews: TimeSpan list) inner owner (deeds: Deed list) (choose: Choose) (behave: int -> Behaviour) : Story =
    let world = World(inner, owner, choose)
    // Two share a process and so a queue; more are processes of their own: who leaves a queue goes on on another thread.
    let isApart = deeds.Length > 2 || not skews.IsEmpty
    let responses = Array.create deeds.Length None

    let actors =
        deeds
        |> List.mapi (fun index deed ->
            fun () ->
                let answer response = responses[index] <- Some response
                world.Do(deed, world.Token, answer, isApart, ?skew = List.tryItem index skews))

    world.Scheduler.Run(actors, choose, behave)

    { World = world
      Owner = owner
      Responses = responses |> Array.map Option.get |> List.ofArray
      Trace = world.Scheduler.Trace }

/// All by one clock.
let run inner owner deeds choose behave : Story = runOn [] inner owner deeds choose behave

/// All living sessions that the tokens lead to.
let living (story: Story) : View list =
    tokens story
    |> List.distinct
    |> List.map story.World.Find
    |> List.filter (fun loaded -> loaded.Status = SessionStatus.Active)
    |> List.map (fun loaded -> view loaded.Session)
    |> List.sort

/// For the message of a failure.
let describe (story: Story) =
    let responses =
        story.Responses
        |> List.map (fun r ->
            let how = r.Failure |> Option.map _.Message |> Option.defaultValue "done"
            $"{r.Deed}: {how}")

    $"%A{responses}, living %A{living story}, trace %A{story.Trace}"
